//go:build e2e

package outages

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/BlockRunAI/clawrouter-codex/e2e/stage"
)

// TestTurnsInFlightMayEnd: a turn that ends within ten seconds of the order to stop
// has its answer, one that does not is told why; either way the program ends well, the
// ledger has what was asked, and the next start finds everything as it was.
func TestTurnsInFlightMayEnd(t *testing.T) {
	for _, end := range []struct {
		name   string
		signal syscall.Signal
	}{
		{"the system shuts down", syscall.SIGTERM},
		{"Ctrl-C", syscall.SIGINT},
		{"log-out", syscall.SIGHUP},
	} {
		t.Run(end.name, func(t *testing.T) {
			t.Parallel() // most of it is the wait for ten seconds to pass
			link := stage.StartLink(t)
			program := link.Bridge
			endsWell(t, link, func() { program.Signal(end.signal) }, func() int {
				code, err := program.ExitCode(20 * time.Second)
				if err != nil {
					t.Fatal(err)
				}
				return code
			})
		})
	}
}

// endsWell has the running program end, by stop, with turns in flight; exit waits for
// its exit code.
func endsWell(t *testing.T, link *stage.Link, stop func(), exit func() int) {
	t.Helper()
	config := filepath.Join(link.CodexHome, "config.toml")
	const mine = "model = \"gpt-5.5\" # mine\n"
	if err := os.WriteFile(config, []byte(mine), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"setup"}, {"desktop", "on"}, {"cap", "5"}, {"websearch", "on"}} {
		run(t, link, args...)
	}
	before := remembered(t, link)
	soon, late := begin(t, link, "soon", "[[slow 3]]"), begin(t, link, "late", "[[slow 60]]")
	awaitRequests(t, link, 2)
	stop()
	soon.want(t, answered)
	late.want(t, "response.failed", "clawrouter-codex was stopped")
	if code := exit(); code != 0 {
		t.Errorf("ended with %d", code)
	}
	// The provider stays defined, for threads that name it.
	if text, err := os.ReadFile(config); err != nil || !strings.HasPrefix(string(text), mine) || strings.Contains(string(text), "model_provider =") {
		t.Errorf("Codex is left with %q, %v", text, err)
	}
	booked := map[string][]string{"soon": {"ok"}, "late": {"hang_up"}}
	if diff := cmp.Diff(booked, entries(t, link)); diff != "" {
		t.Errorf("the ledger: %s", diff)
	}

	link.Start(t)
	if err := eventually(t, func() error {
		if diff := cmp.Diff(before, remembered(t, link)); diff != "" {
			return changed(diff)
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
	begin(t, link, "after", "hello").want(t, answered)
	booked["after"] = []string{"ok"}
	awaitEntries(t, link, booked)
}

type changed string

func (c changed) Error() string { return "the next start found something else: " + string(c) }

// remembered are the files that a start finds, but for the ledger, and for what says
// who runs.
func remembered(t *testing.T, link *stage.Link) map[string]string {
	t.Helper()
	files := map[string]string{}
	for _, pattern := range []string{"codex/*.toml", "state/*.toml", "state/key", "state/secret", "state/spend/limits.json"} {
		paths, err := filepath.Glob(filepath.Join(link.Folder, pattern))
		if err != nil || len(paths) == 0 {
			t.Fatalf("%s: %v, %v", pattern, paths, err)
		}
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			files[strings.TrimPrefix(path, link.Folder)] = string(text)
		}
	}
	return files
}
