//go:build e2e

package codex

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/e2e/stage"
)

// Codex sends the key that setup wrote into its profile, so that the bridge need not
// ask the system whose the connection is; after --rotate-key it sends the new one.
func TestCodexSendsTheKey(t *testing.T) {
	c := newCodex(t)
	tap, flags := viaTap(t, c)
	for _, rotated := range []string{"the first key", "a new key"} {
		if rotated == "a new key" {
			stdout, stderr, exit := stage.Run(t, time.Minute, stage.Command{Path: stage.Program(), Args: []string{"setup", "--rotate-key"}, Env: c.link.Env(), Folder: c.link.Folder})
			if exit != 0 {
				t.Fatalf("ended with %d\n%s%s", exit, stdout, stderr)
			}
		}
		key, err := os.ReadFile(filepath.Join(c.link.State, "key"))
		if err != nil {
			t.Fatal(err)
		}
		c.exec(`[[say "Done."]]`, flags...).succeed()
		if got := tap.Header().Get("X-Clawrouter-Key"); got == "" || got != strings.TrimSpace(string(key)) {
			t.Errorf("%s: Codex sends %q", rotated, got)
		}
	}
}
