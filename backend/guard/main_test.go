package guard_test

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/BlockRunAI/clawrouter-codex/backend/guard"
)

// askVariable makes the test program a client of another user's: it connects to
// the address in it, sends its standard input and prints the answer.
const askVariable = "GUARD_TEST_ASK"

// newKey is the text of a new key.
func newKey() string {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails
	return hex.EncodeToString(key)
}

func TestMain(m *testing.M) {
	if address := os.Getenv(askVariable); address != "" {
		if err := ask(address); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(m)
}

func ask(address string) error {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := io.Copy(conn, os.Stdin); err != nil {
		return err
	}
	_, err = io.Copy(os.Stdout, conn)
	return err
}

// target is a server behind guards, and what came through to it.
type target struct {
	t       *testing.T
	address string
	port    string
	reached []string // method, path and body of each request
	header  http.Header
}

func refuse(w http.ResponseWriter, status int, code, message string) {
	w.WriteHeader(status)
	fmt.Fprintf(w, "%s: %s", code, message)
}

// listen starts a server on an address, "127.0.0.1:0" or "[::1]:0".
func listen(t *testing.T, at string, guards ...guard.Guard) *target {
	t.Helper()
	l, err := net.Listen("tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	x := &target{t: t, address: l.Addr().String(), port: fmt.Sprint(l.Addr().(*net.TCPAddr).Port)}
	server := &httptest.Server{Listener: l, Config: &http.Server{
		Handler: guard.Chain(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			x.reached = append(x.reached, strings.TrimSpace(r.Method+" "+r.URL.Path+" "+string(body)))
			x.header = r.Header
			io.WriteString(w, "secret")
		}), guards...),
		ConnContext:                  guard.ConnContext,
		DisableGeneralOptionsHandler: true,
	}}
	server.Start()
	t.Cleanup(server.Close)
	return x
}

func everywhere(t *testing.T) *target {
	return listen(t, "127.0.0.1:0", guard.Everywhere(refuse, nil)...)
}

// send writes a request as it stands, PORT replaced, and returns the status of
// every answer that comes before the server closes the connection.
func (x *target) send(request string) (statuses []int) {
	x.t.Helper()
	x.reached = nil
	conn, err := net.Dial("tcp", x.address)
	if err != nil {
		x.t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, strings.ReplaceAll(strings.ReplaceAll(request, "PORT", x.port), "\n", "\r\n")); err != nil {
		x.t.Fatal(err)
	}
	// The end of what we send is the end of the connection, once all is answered.
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		x.t.Fatal(err)
	}
	answers := bufio.NewReader(conn)
	for {
		resp, err := http.ReadResponse(answers, nil)
		if err != nil {
			return statuses
		}
		body, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err != nil {
			return statuses
		}
		statuses = append(statuses, resp.StatusCode)
		for name := range resp.Header {
			if strings.HasPrefix(name, "Access-Control-") {
				x.t.Errorf("a CORS header was sent: %s", name)
			}
		}
		if resp.StatusCode != http.StatusOK && strings.Contains(string(body), "secret") {
			x.t.Errorf("%d tells what it guards: %s", resp.StatusCode, body)
		}
	}
}

// stopped holds that a request is answered once, with status, and reaches nothing.
func (x *target) stopped(name, request string, status int) {
	x.t.Helper()
	got := x.send(request)
	if len(got) != 1 || got[0] != status {
		x.t.Errorf("%s: answered %v, want %d", name, got, status)
	}
	if len(x.reached) > 0 {
		x.t.Errorf("%s: came through: %q", name, x.reached)
	}
}

// passes holds that a request comes through.
func (x *target) passes(name, request string) {
	x.t.Helper()
	if got := x.send(request); len(got) != 1 || got[0] != http.StatusOK || len(x.reached) != 1 {
		x.t.Errorf("%s: answered %v, came through %q", name, got, x.reached)
	}
}

// get and post are requests with these header lines; a Host among them replaces
// ours.
func get(lines ...string) string { return "GET /v1/models HTTP/1.1\n" + head(lines) + "\n" }

func post(lines ...string) string {
	return "POST /v1/responses HTTP/1.1\n" + head(lines) + "Content-Length: 2\n\n{}"
}

func head(lines []string) string {
	text := strings.Join(append(lines, ""), "\n")
	if !strings.Contains(text, "Host:") {
		text = "Host: localhost:PORT\n" + text
	}
	return text
}

const json = "Content-Type: application/json"

// inContext is a request without a connection.
func inContext(ctx context.Context) *http.Request {
	return httptest.NewRequest(http.MethodGet, "/v1/models", nil).WithContext(ctx)
}
