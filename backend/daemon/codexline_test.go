package daemon

import (
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/backend/codex"
)

// A panel that shows half of the line would start Codex with the files of another
// home, which know nothing of the link.
func TestTheStateHasTheWholeLineThatStartsCodex(t *testing.T) {
	other, err := filepath.Abs("/srv/codex-1")
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct{ home, want string }{
		"Codex's own folder": {"", "codex --profile clawrouter"},
		"another folder":     {other, (codex.Home{Dir: other}).Command("/elsewhere", runtime.GOOS)},
	} {
		t.Run(name, func(t *testing.T) {
			s := load(t, map[string]string{"CLAWROUTER_PROXY_URL": clawRouter(t), "CODEX_HOME": tt.home})
			home := filepath.Dir(s.Paths.Root)
			r := run(t, Options{Settings: s, Command: "start", Home: home})
			up, err := r.waitReady().Local.State(t.Context())
			if err != nil || up.Codex.Command != tt.want {
				t.Errorf("while it runs %q, want %q (%v)", up.Codex.Command, tt.want, err)
			}
			r.stop()
			if err := r.wait(); err != nil {
				t.Fatal(err)
			}
			l, release, err := Connect(t.Context(), ConnectOptions{Settings: s, Home: home, Now: time.Now, Warn: func(string) {}})
			if err != nil {
				t.Fatal(err)
			}
			defer release()
			if down, err := l.State(t.Context()); err != nil || down.Codex.Command != tt.want {
				t.Errorf("while it does not %q, want %q (%v)", down.Codex.Command, tt.want, err)
			}
		})
	}
}
