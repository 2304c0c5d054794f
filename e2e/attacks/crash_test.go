//go:build e2e

package attacks

import (
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/e2e/stage"
)

// TestACrashTellsNoSecret: what a program prints that dies with a turn under way holds
// no key, no prompt and nothing of its environment.
func TestACrashTellsNoSecret(t *testing.T) {
	const wallet = "4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318"
	link := stage.StartLink(t, stage.Supervised())
	link.Bridge.Stop(t)
	crash := stage.Start(t, stage.Command{
		Path: stage.Program(), Args: []string{"start"}, Folder: link.Folder,
		Env: append(link.Env(), "BLOCKRUN_WALLET_KEY=0x"+wallet, "GOTRACEBACK=all"),
	})
	if err := stage.Eventually(t.Context(), func() error { return healthy(t, link) }); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(link.State, "key"))
	if err != nil {
		t.Fatal(err)
	}
	key := strings.TrimSpace(string(text))
	body := strings.Replace(turn, "spend", "[[slow 60]] a quiet word", 1)
	conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", link.Port))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, request(link.Port, "POST /v1/responses HTTP/1.1", "Content-Type: application/json",
		"X-Clawrouter-Key: "+key, "Authorization: Bearer chatgpt-token", fmt.Sprintf("Content-Length: %d", len(body)))+"\r\n"+body); err != nil {
		t.Fatal(err)
	}
	if err := stage.Eventually(t.Context(), func() error {
		if n := link.Record(t).Requests; n == 0 {
			return fmt.Errorf("no request yet")
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	crash.Signal(syscall.SIGQUIT)
	if _, err := crash.ExitCode(20 * time.Second); err != nil {
		t.Fatal(err)
	}
	dump := crash.Output()
	if !strings.Contains(dump, "bridge.(*turn).run") {
		t.Errorf("no turn was under way: %s", dump)
	}
	for name, secret := range map[string]string{"the wallet's key": wallet, "the bridge's key": key, "ChatGPT's token": "chatgpt-token", "the prompt": "a quiet word"} {
		if strings.Contains(strings.ToLower(dump), secret) {
			t.Errorf("it holds %s", name)
		}
	}
}

func healthy(t *testing.T, link *stage.Link) error {
	for _, url := range []string{link.URL(), link.SimURL} {
		if _, err := stage.Get(t.Context(), url+"/health"); err != nil {
			return err
		}
	}
	return nil
}
