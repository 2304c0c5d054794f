package guard_test

import (
	"bufio"
	"bytes"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/BlockRunAI/clawrouter-codex/backend/guard"
)

// nobody is another user on every Linux.
const nobody = 65534

// askAs sends a request as another user of the system and returns the answer.
func (x *target) askAs(uid uint32, request string) (*http.Response, string) {
	x.t.Helper()
	// The test program lies in a folder that the other user may not enter.
	cmd := exec.CommandContext(x.t.Context(), "/proc/self/exe")
	cmd.Env = append(os.Environ(), askVariable+"="+x.address, "GORACE=atexit_sleep_ms=0")
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
	cmd.Stdin = strings.NewReader(strings.ReplaceAll(strings.ReplaceAll(request, "PORT", x.port), "\n", "\r\n"))
	var out, failed bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &failed
	if err := cmd.Run(); err != nil {
		x.t.Fatalf("as user %d: %v %s", uid, err, &failed)
	}
	resp, err := http.ReadResponse(bufio.NewReader(&out), nil)
	if err != nil {
		x.t.Fatalf("as user %d: %v", uid, err)
	}
	defer resp.Body.Close()
	var body strings.Builder
	if _, err := bufio.NewReader(resp.Body).WriteTo(&body); err != nil {
		x.t.Fatal(err)
	}
	return resp, body.String()
}

// TestOtherUsers has a second user of the system ask, with and without the key.
func TestOtherUsers(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("NOT RUN: only root can be two users; run it as root, or in a container")
	}
	key := newKey()
	for _, at := range []string{"127.0.0.1:0", "[::1]:0"} {
		x := listen(t, at, append(guard.Everywhere(refuse, nil), guard.OtherUsers(refuse, func(k string) bool { return k == key }))...)
		closing := "Connection: close"
		for name, c := range map[string]struct {
			uid    uint32
			lines  []string
			passes bool
			told   string
		}{
			"this user without the key":          {0, nil, true, ""},
			"this user with another key":         {0, []string{"X-Clawrouter-Key: " + newKey()}, true, ""},
			"another user without the key":       {nobody, nil, false, "clawrouter-codex setup"},
			"another user with an empty key":     {nobody, []string{"X-Clawrouter-Key:"}, false, "clawrouter-codex setup"},
			"another user with another key":      {nobody, []string{"X-Clawrouter-Key: " + newKey()}, false, "not the one in force"},
			"a program of another user's rights": {nobody, []string{"X-Clawrouter-Key: " + key}, true, ""},
		} {
			x.reached = nil
			resp, body := x.askAs(c.uid, post(append(c.lines, json, closing)...))
			if passed := resp.StatusCode == http.StatusOK && len(x.reached) == 1; passed != c.passes {
				t.Errorf("%s, %s: answered %d %s", at, name, resp.StatusCode, body)
			}
			if c.passes {
				continue
			}
			// The one status and code that Codex shows as it is and does not repeat.
			if resp.StatusCode != http.StatusBadRequest || !strings.HasPrefix(body, "invalid_prompt: ") || !strings.Contains(body, c.told) {
				t.Errorf("%s, %s: answered %d %s", at, name, resp.StatusCode, body)
			}
			if len(x.reached) > 0 {
				t.Errorf("%s, %s: came through", at, name)
			}
		}
	}
}
