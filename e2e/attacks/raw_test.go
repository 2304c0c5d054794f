//go:build e2e

package attacks

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/BlockRunAI/clawrouter-codex/e2e/stage"
)

// turn is a body that would cost money.
const turn = `{"model":"zai/glm-5.2","stream":true,"input":"spend"}`

// request is a request line and header lines with our Host, unless they have one.
func request(port int, line string, lines ...string) string {
	head := strings.Join(append(lines, ""), "\n")
	if !strings.Contains(head, "Host:") {
		head = fmt.Sprintf("Host: localhost:%d\n%s", port, head)
	}
	return crlf(line + "\n" + head)
}

// post is a turn.
func post(port int, lines ...string) string {
	return request(port, "POST /v1/responses HTTP/1.1", append(lines, fmt.Sprintf("Content-Length: %d", len(turn)), "Connection: close")...) + "\r\n" + turn
}

// exchange writes to a socket of one family and reads the first answer.
func exchange(t *testing.T, address, text string) (int, http.Header, string) {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
	// Our end stays open: one that is closed is a client that went away.
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return 0, nil, ""
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, resp.Header, string(body)
}

// TestRawSockets sends each attack to each family of the built program, whose own
// user it would be: nothing of it reaches ClawRouter.
func TestRawSockets(t *testing.T) {
	link := stage.StartLink(t)
	const json = "Content-Type: application/json"
	p := link.Port
	own := fmt.Sprintf("localhost:%d", p)
	attacks := map[string]struct {
		text   string
		status int
	}{
		"rebinding":                      {post(p, json, fmt.Sprintf("Host: evil.example:%d", p)), 403},
		"rebinding, same origin":         {post(p, json, fmt.Sprintf("Host: evil.example:%d", p), fmt.Sprintf("Origin: http://evil.example:%d", p), "Sec-Fetch-Site: same-origin"), 403},
		"0.0.0.0":                        {post(p, json, fmt.Sprintf("Host: 0.0.0.0:%d", p)), 403},
		"localhost with a dot":           {post(p, json, fmt.Sprintf("Host: localhost.:%d", p)), 403},
		"upper case":                     {post(p, json, fmt.Sprintf("Host: LOCALHOST:%d", p)), 403},
		"long IPv6":                      {post(p, json, fmt.Sprintf("Host: [0:0:0:0:0:0:0:1]:%d", p)), 403},
		"mapped IPv6":                    {post(p, json, fmt.Sprintf("Host: [::ffff:127.0.0.1]:%d", p)), 403},
		"no port":                        {post(p, json, "Host: localhost"), 403},
		"another port":                   {post(p, json, "Host: localhost:80"), 403},
		"empty Host":                     {post(p, json, "Host:"), 403},
		"HTTP/1.0 without Host":          {crlf("POST /v1/responses HTTP/1.0\n"+json+fmt.Sprintf("\nContent-Length: %d\n\n", len(turn))) + turn, 403},
		"HTTP/1.1 without Host":          {crlf("POST /v1/responses HTTP/1.1\n"+json+fmt.Sprintf("\nContent-Length: %d\n\n", len(turn))) + turn, 400},
		"two Hosts":                      {post(p, json, "Host: "+own, "Host: evil.example"), 400},
		"absolute form":                  {request(p, "POST http://"+own+"/v1/responses HTTP/1.1", json, "Content-Length: 0") + "\r\n", 400},
		"absolute form to elsewhere":     {request(p, "GET http://evil.example/ HTTP/1.1") + "\r\n", 400},
		"CONNECT":                        {request(p, "CONNECT evil.example:443 HTTP/1.1") + "\r\n", 400},
		"cross-site POST":                {post(p, json, "Origin: https://evil.example"), 403},
		"cross-site by Sec-Fetch-Site":   {post(p, json, "Sec-Fetch-Site: cross-site"), 403},
		"from another port":              {post(p, json, "Origin: http://localhost:3000", "Sec-Fetch-Site: same-site"), 403},
		"foreign referrer":               {post(p, json, "Referer: https://evil.example/"), 403},
		"a sandboxed frame":              {post(p, json, "Origin: null"), 403},
		"preflight":                      {request(p, "OPTIONS /v1/responses HTTP/1.1", "Origin: https://evil.example", "Access-Control-Request-Method: POST") + "\r\n", 403},
		"form POST":                      {post(p, "Content-Type: application/x-www-form-urlencoded"), 415},
		"text/plain":                     {post(p, "Content-Type: text/plain"), 415},
		"no type":                        {post(p), 415},
		"two types":                      {post(p, json, "Content-Type: text/plain"), 415},
		"two lengths":                    {post(p, json, "Content-Length: 3"), 400},
		"a page asks for the state":      {request(p, "GET /link/state HTTP/1.1", "Origin: https://evil.example") + "\r\n", 403},
		"the state without its key":      {request(p, "GET /link/state HTTP/1.1") + "\r\n", 403},
		"a page frames the panel":        {request(p, "GET /dashboard HTTP/1.1", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: iframe") + "\r\n", 403},
		"a page asks who is there":       {request(p, "GET /health HTTP/1.1", "Sec-Fetch-Site: cross-site") + "\r\n", 403},
		"a rebound name asks for models": {request(p, "GET /v1/models HTTP/1.1", "Host: evil.example") + "\r\n", 403},
	}
	for _, host := range []string{"127.0.0.1", "::1"} {
		address := net.JoinHostPort(host, fmt.Sprint(p))
		for name, attack := range attacks {
			status, header, body := exchange(t, address, attack.text)
			if status != attack.status {
				t.Errorf("%s, %s: answered %d, want %d: %s", host, name, status, attack.status, body)
			}
			for key := range header {
				if strings.HasPrefix(key, "Access-Control-") {
					t.Errorf("%s, %s: a CORS header: %s", host, name, key)
				}
			}
		}
	}
	if r := link.Record(t); r.Requests != 0 {
		t.Errorf("%d requests reached ClawRouter", r.Requests)
	}
	// The same socket, with nothing wrong with it.
	if status, _, body := exchange(t, net.JoinHostPort("::1", fmt.Sprint(p)), post(p, json)); status != 200 || !strings.Contains(body, "response.completed") {
		t.Errorf("a turn: %d %s", status, body)
	}
	if r := link.Record(t); r.Requests != 1 {
		t.Errorf("a turn is %d requests", r.Requests)
	}
}

// TestTheKeyGoesNowhere: not upstream, not into a log, not into arguments.
func TestTheKeyGoesNowhere(t *testing.T) {
	link := stage.StartLink(t)
	text, err := os.ReadFile(filepath.Join(link.State, "key"))
	if err != nil {
		t.Fatal(err)
	}
	key := strings.TrimSpace(string(text))
	status, _, body := exchange(t, fmt.Sprintf("127.0.0.1:%d", link.Port), post(link.Port, "Content-Type: application/json", "Originator: codex_exec", "X-Clawrouter-Key: "+key))
	if status != 200 {
		t.Fatalf("a turn with the key: %d %s", status, body)
	}
	resp, err := http.Get(link.SimURL + "/__sim/record")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	record, err := io.ReadAll(resp.Body)
	if err != nil || !strings.Contains(string(record), "zai/glm-5.2") {
		t.Fatalf("the record: %v %s", err, record)
	}
	arguments, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", link.Bridge.PID()))
	if err != nil {
		t.Fatal(err)
	}
	var log []byte
	if err := stage.Eventually(t.Context(), func() error { // a turn's line comes after its answer
		log, err = os.ReadFile(filepath.Join(link.State, "log", "clawrouter-codex.log"))
		if err != nil || !strings.Contains(string(log), `"msg":"turn"`) {
			return fmt.Errorf("the log: %v %s", err, log)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	for name, place := range map[string]string{"upstream": string(record), "arguments": string(arguments), "log": string(log), "terminal": link.Bridge.Output(), "answer": body} {
		if strings.Contains(strings.ToLower(place), key) || strings.Contains(strings.ToLower(place), "x-clawrouter-key") {
			t.Errorf("%s holds the key", name)
		}
	}
}
