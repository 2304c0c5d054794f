//go:build e2e

package attacks

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/BlockRunAI/clawrouter-codex/e2e/stage"
)

// The test program is the other user's program too, told what to do by a variable.
const (
	askVariable   = "ATTACK_ASK"   // send standard input to this address, print the answer
	squatVariable = "ATTACK_SQUAT" // be a ClawRouter on this address, print each request
)

func TestMain(m *testing.M) {
	var err error
	switch address := os.Getenv(askVariable); {
	case address != "":
		err = ask(address)
	case os.Getenv(squatVariable) != "":
		err = squat(os.Getenv(squatVariable))
	default:
		stage.Main(m)
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func ask(address string) error {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return err
	}
	_, sent := io.Copy(conn, os.Stdin)
	_, got := io.Copy(os.Stdout, conn)
	return errors.Join(sent, got, conn.Close())
}

// squat has the shape by which a ClawRouter is known.
func squat(address string) error {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	fmt.Println("listens")
	return http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Printf("%s %s %v %s\n", r.Method, r.URL.Path, r.Header, body)
		fmt.Fprint(w, `{"status":"ok","wallet":"0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266","paymentChain":"base","version":"0.12.268","balance":"$12.34","isLow":false,"isEmpty":false}`)
	}))
}

// nobody is another user on every Linux.
const nobody = 65534

// asNobody is this test program, run by another user of the machine.
func asNobody(t *testing.T, variable, value string) *exec.Cmd {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("NOT RUN: only root can be two users; run it as root, or in a container")
	}
	// It lies in a folder that the other user may not enter.
	cmd := exec.CommandContext(t.Context(), "/proc/self/exe")
	cmd.Env = append(os.Environ(), variable+"="+value, "GORACE=atexit_sleep_ms=0")
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	return cmd
}

// crlf makes a request that is written with plain line ends one of HTTP.
func crlf(text string) string { return strings.ReplaceAll(text, "\n", "\r\n") }
