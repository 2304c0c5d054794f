//go:build e2e

package attacks

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/e2e/stage"
)

// TestOtherUserCannotSpend: a turn of another user of this machine is refused in the
// words that Codex shows, and reaches nobody.
func TestOtherUserCannotSpend(t *testing.T) {
	link := stage.StartLink(t)
	key, err := os.ReadFile(filepath.Join(link.State, "key"))
	if err != nil {
		t.Fatal(err)
	}
	for _, host := range []string{"127.0.0.1", "::1"} {
		for name, c := range map[string]struct {
			key   string
			spent int
		}{"without the key": {"", 0}, "with a wrong key": {strings.Repeat("0", 64), 0}, "with the key": {strings.TrimSpace(string(key)), 1}} {
			before := link.Record(t).Requests
			lines := []string{"Content-Type: application/json"}
			if c.key != "" {
				lines = append(lines, "X-Clawrouter-Key: "+c.key)
			}
			cmd := asNobody(t, askVariable, net.JoinHostPort(host, fmt.Sprint(link.Port)))
			cmd.Stdin = strings.NewReader(post(link.Port, lines...))
			out, err := cmd.Output()
			if err != nil {
				t.Fatal(err)
			}
			if refused := strings.HasPrefix(string(out), "HTTP/1.1 400") && strings.Contains(string(out), `"invalid_prompt"`) && strings.Contains(string(out), "clawrouter-codex setup"); refused != (c.spent == 0) {
				t.Errorf("%s, %s: %s", host, name, out)
			}
			if spent := link.Record(t).Requests - before; spent != c.spent {
				t.Errorf("%s, %s: %d requests reached ClawRouter", host, name, spent)
			}
		}
	}
}

// squatter is another user's server that looks like a ClawRouter.
func squatter(t *testing.T, address string) (seen *strings.Builder, end func()) {
	t.Helper()
	cmd := asNobody(t, squatVariable, address)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	if first, err := lines.ReadString('\n'); first != "listens\n" {
		t.Fatalf("%s: %q %v", address, first, err)
	}
	seen = &strings.Builder{}
	read := make(chan struct{})
	go func() { defer close(read); _, _ = io.Copy(seen, lines) }()
	end = func() { _ = cmd.Process.Kill(); <-read; _ = cmd.Wait() }
	return seen, end
}

func environment(link *stage.Link, more ...string) []string {
	var env []string
	for _, line := range link.Env() {
		if !strings.HasPrefix(line, "CLAWROUTER_PROXY_URL=") {
			env = append(env, line)
		}
	}
	return append(env, more...)
}

// TestASquatterOnTheBridgesPort: another user who holds one of the two addresses
// would receive what Codex sends. The program does not start, and says who it is.
func TestASquatterOnTheBridgesPort(t *testing.T) {
	for _, host := range []string{"127.0.0.1", "::1"} {
		t.Run(host, func(t *testing.T) {
			folder := stage.Folder(t)
			link := &stage.Link{Folder: folder, CodexHome: filepath.Join(folder, "codex"), State: filepath.Join(folder, "state"), Port: stage.FreePort(t), SimURL: "http://127.0.0.1:9"}
			seen, end := squatter(t, net.JoinHostPort(host, fmt.Sprint(link.Port)))
			stdout, stderr, exit := stage.Run(t, time.Minute, stage.Command{Path: stage.Program(), Args: []string{"bridge"}, Env: link.Env(), Folder: folder})
			end()
			if exit != 4 || !strings.Contains(stderr, fmt.Sprintf("port %d", link.Port)) || !strings.Contains(stderr, "user nobody") || !strings.Contains(stderr, "setup --rotate-key") {
				t.Errorf("ended with %d: %s%s", exit, stdout, stderr)
			}
			if seen.Len() > 0 {
				t.Errorf("the squatter was sent %s", seen)
			}
		})
	}
}

// TestASquatterOnTheProxysPort: a ClawRouter of another user's is not used, however
// well it answers, and sees neither a prompt nor a key.
func TestASquatterOnTheProxysPort(t *testing.T) {
	folder := stage.Folder(t)
	link := &stage.Link{Folder: folder, CodexHome: filepath.Join(folder, "codex"), State: filepath.Join(folder, "state"), Port: stage.FreePort(t)}
	proxy := stage.FreePort(t)
	seen, end := squatter(t, fmt.Sprintf("127.0.0.1:%d", proxy))
	const walletKey = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80" // everybody knows it
	stdout, stderr, exit := stage.Run(t, time.Minute, stage.Command{
		Path: stage.Program(), Args: []string{"start"}, Folder: folder,
		Env: environment(link, fmt.Sprintf("PROXY_PORT=%d", proxy), "CLAWROUTER_CMD="+stage.Program()+" sim", "BLOCKRUN_WALLET_KEY="+walletKey, "BLOCKRUN_MODEL_CATALOG_URL=off"),
	})
	end()
	if exit != 4 || !strings.Contains(stderr, "belongs to another user") || !strings.Contains(stderr, "user nobody") {
		t.Errorf("ended with %d: %s%s", exit, stdout, stderr)
	}
	for line := range strings.Lines(seen.String()) {
		if !strings.HasPrefix(line, "GET /health ") || strings.Contains(line, walletKey[2:]) {
			t.Errorf("the squatter was sent %s", line)
		}
	}
}

// TestASquatterIsSentNothing: the bridge alone starts no ClawRouter, and sends nothing
// to one that is another user's; nor does a supervised one's bridge in the moment in
// which its ClawRouter is away.
func TestASquatterIsSentNothing(t *testing.T) {
	folder := stage.Folder(t)
	link := &stage.Link{Folder: folder, CodexHome: filepath.Join(folder, "codex"), State: filepath.Join(folder, "state"), Port: stage.FreePort(t)}
	proxy := stage.FreePort(t)
	for proxy == link.Port {
		proxy = stage.FreePort(t)
	}
	seen, end := squatter(t, fmt.Sprintf("127.0.0.1:%d", proxy))
	bridge := stage.Start(t, stage.Command{
		Path: stage.Program(), Args: []string{"bridge"}, Folder: folder,
		Env: environment(link, fmt.Sprintf("PROXY_PORT=%d", proxy), "BLOCKRUN_MODEL_CATALOG_URL=off"),
	})
	address := fmt.Sprintf("127.0.0.1:%d", link.Port)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if err := stage.Eventually(ctx, func() error {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			return err
		}
		return conn.Close()
	}); err != nil {
		t.Fatalf("%v\n%s", err, bridge.Output())
	}
	_, _, body := exchange(t, address, post(link.Port, "Content-Type: application/json", "Originator: codex_exec"))
	if !strings.Contains(body, "response.failed") || !strings.Contains(body, "user nobody") {
		t.Errorf("a turn: %s", body)
	}
	end()
	if seen.Len() > 0 {
		t.Errorf("the squatter was sent %s", seen)
	}
}
