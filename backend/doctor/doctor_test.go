package doctor

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestAllIsWell(t *testing.T) {
	w := newWorld(t)
	r := Run(t.Context(), w.env())
	var got []string
	for _, l := range r.Checks {
		got = append(got, l.ID+" "+w.shown(r, l.ID))
	}
	want := []string{
		"settings ok: folder ~/.clawrouter-codex",
		"first-start ok: made",
		"files ok: yours alone",
		"bridge ok: answers on http://localhost:8403, 1.2.3",
		"clawrouter ok: answers on http://127.0.0.1:8404, 0.12.268",
		"owner ok: yours: node (pid 12, user ann)",
		"wallet ok: ClawRouter pays from your wallet " + payerAddress + " from ~/.blockrun/.session",
		"balance ok: $12.34 (USDC on Base, " + payerAddress + ")",
		"cap ok: none is set",
		"node ok: 22.11.0 (/opt/node)",
		"codex ok: 0.169.0 (/opt/codex)",
		"profile ok: ~/.codex/clawrouter.config.toml, model blockrun/auto",
		"key ok: in ~/.codex/clawrouter.config.toml",
		"catalog ok: 2 models, accepted by Codex 0.169.0",
		"config ok: ~/.codex/config.toml",
		"legacy ok: none",
		"provider ok: runs on your subscription",
		"web-search ok: off; on with: clawrouter-codex websearch on",
		"backups ok: none yet: none of your files was changed",
		"login skip: not known in this build",
		"turn skip: not tried: clawrouter-codex doctor --deep sends one on a free model",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if !r.Well {
		t.Error("all is well, and the report says it is not")
	}
}

// With nothing installed and nothing running every check still ends, and says
// what to do.
func TestEverythingDown(t *testing.T) {
	w := newWorld(t)
	w.home = t.TempDir()
	w.down()
	w.codex = nil
	r := Run(t.Context(), w.env())
	if r.Well {
		t.Error("nothing runs, and all is said to be well")
	}
	for _, l := range r.Checks {
		if l.Text == "" || l.Status == Fail && l.Mend == "" {
			t.Errorf("%s says nothing of use: %s", l.ID, w.shown(r, l.ID))
		}
		if strings.Contains(l.Text+l.Mend, "\n") {
			t.Errorf("%s takes more than a line: %q", l.ID, l.Text+l.Mend)
		}
	}
	// What the first start brings does not fail beside it.
	var failed []string
	for _, l := range r.Checks {
		if l.Status == Fail {
			failed = append(failed, w.shown(r, l.ID))
		}
	}
	want := []string{
		"fail: not made yet: it starts the link, and tells Codex about it → clawrouter-codex up (fixable)",
		"fail: codex is not on PATH → npm install -g @openai/codex@latest",
	}
	if diff := cmp.Diff(want, failed); diff != "" {
		t.Error(diff)
	}
}

func TestWithoutSettingsNothingElseIsLookedAt(t *testing.T) {
	w := newWorld(t)
	w.vars["PORT"] = "http"
	r := Run(t.Context(), w.env())
	want := `fail: PORT="http": not a port between 1 and 65535 → correct the variable, or leave it out: unset PORT`
	if diff := cmp.Diff(want, w.shown(r, "settings")); diff != "" {
		t.Error(diff)
	}
	if r.Well || r.Count(Skip) != len(checks)-1 {
		t.Errorf("well: %v, %d skipped of %d", r.Well, r.Count(Skip), len(checks))
	}
}

func TestMend(t *testing.T) {
	const onClawRouter = "model_provider = \"clawrouter\"\n[model_providers.clawrouter]\nbase_url = \"http://localhost:8403/v1\"\nhttp_headers = { x-clawrouter-key = \"" + bridgeKey + "\" }\n"
	tests := []struct {
		name   string
		change func(*world)
		fixed  []string
		mended []string
		well   bool
	}{
		{"nothing to do", func(*world) {}, nil, nil, true},
		{
			"profile and model list by one setup",
			func(w *world) { w.remove(".codex/clawrouter.config.toml"); w.remove(".codex/clawrouter-models.json") },
			[]string{"setup for port 8403"}, []string{"profile and model list written anew"}, true,
		},
		{
			"the port of the settings",
			func(w *world) { w.down(); w.vars["PORT"] = "9403" },
			[]string{"setup for port 9403"}, []string{"profile and model list written anew"}, false,
		},
		{
			"a base config that points at a dead bridge",
			func(w *world) { w.down(); w.write(".codex/config.toml", onClawRouter) },
			[]string{"subscription"}, []string{"the base config is back on your own provider"}, false,
		},
		{
			"a base config that points at a living bridge stays",
			func(w *world) { w.write(".codex/config.toml", onClawRouter) },
			nil, nil, true,
		},
		{
			"a profile that is no TOML is left alone",
			func(w *world) { w.write(".codex/clawrouter.config.toml", "model = =\n") },
			nil, nil, false,
		},
		{
			"a fix that fails",
			func(w *world) { w.remove(".codex/clawrouter.config.toml"); w.setupErr = errors.New("disk full") },
			[]string{"setup for port 8403"}, nil, false,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			tt.change(w)
			r := Mend(t.Context(), w.env())
			if diff := cmp.Diff(tt.fixed, w.fixed); diff != "" {
				t.Error("asked to mend: " + diff)
			}
			if diff := cmp.Diff(tt.mended, r.Mended); diff != "" {
				t.Error("told as mended: " + diff)
			}
			if r.Well != tt.well {
				t.Errorf("well: %v, want %v", r.Well, tt.well)
			}
			if w.setupErr != nil && !strings.Contains(w.shown(r, "profile"), "it could not be mended: disk full") {
				t.Errorf("the failed fix is not told: %s", w.shown(r, "profile"))
			}
		})
	}
}

// A warning is not well either: scripts go by the exit code.
func TestAWarningIsNotWell(t *testing.T) {
	w := newWorld(t)
	w.servers[upstream] = health(`,"balance":"$0.42","isLow":true,"isEmpty":false`)
	r := Run(t.Context(), w.env())
	if r.Well || r.Count(Warn) != 1 || r.Count(Fail) != 0 {
		t.Errorf("well: %v, %d warnings, %d failures", r.Well, r.Count(Warn), r.Count(Fail))
	}
}

// Run changes nothing, whatever it finds.
func TestRunMendsNothing(t *testing.T) {
	w := newWorld(t)
	w.remove(".codex/clawrouter.config.toml")
	Run(t.Context(), w.env())
	if len(w.fixed) > 0 {
		t.Errorf("mended %v without being asked", w.fixed)
	}
}

// One check that hangs is cut off at its own deadline.
func TestPatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := check{id: "slow", patience: 3 * time.Second, run: func(ctx context.Context, _ *look) Result {
			<-ctx.Done()
			return Result{Status: Fail, Text: fmt.Sprint(ctx.Err())}
		}}
		begun := time.Now()
		w := newWorld(t)
		got := c.line(t.Context(), newLook(t.Context(), w.env()))
		if want := "no answer within 3s: context deadline exceeded"; got.Text != want {
			t.Errorf("says %q, want %q", got.Text, want)
		}
		if took := time.Since(begun); took != 3*time.Second {
			t.Errorf("took %v", took)
		}
	})
}
