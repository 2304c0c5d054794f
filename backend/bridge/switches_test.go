package bridge_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/BlockRunAI/clawrouter-codex/backend/bridge"
	"github.com/BlockRunAI/clawrouter-codex/backend/clawsim"
)

// UPSTREAM_STREAM decides before who answers does; the client sees the same.
func TestTheFormOfAnAnswerCanBeChosen(t *testing.T) {
	yes, no := true, false
	for _, c := range []struct {
		name       string
		clawRouter bool
		form       *bool
		streams    bool
	}{
		{"ClawRouter", true, nil, false},
		{"another server", false, nil, true},
		{"ClawRouter, always", true, &yes, true},
		{"another server, never", false, &no, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			asked := false
			u := newUpstream(t, func(w http.ResponseWriter, r *http.Request) {
				var req struct{ Stream bool }
				if err := json.NewDecoder(r.Body).Decode(&req); err != nil {
					t.Error(err)
				}
				if asked = req.Stream; asked {
					hello()(w, r)
					return
				}
				w.Header().Set("Content-Type", "application/json")
				_, _ = w.Write([]byte(saidHello))
			})
			u.clawRouter = c.clawRouter
			url := bridgeFor(t, u, func(cfg *bridge.Config) { cfg.Stream = c.form })
			if got := deltas(events(t, post(t, t.Context(), url, threadTurn, codexHeaders...))); got != "Hello" {
				t.Errorf("text %q", got)
			}
			if asked != c.streams {
				t.Errorf("asked for a stream: %v", asked)
			}
		})
	}
}

// Each shield can be switched off, to see what ClawRouter does without it.
func TestShieldsCanBeSwitchedOff(t *testing.T) {
	for _, c := range []struct {
		shield string
		header string
		text   string
	}{
		{"cache", "Cache-Control", ""},
		{"session", "X-Session-Id", ""},
		{"commands", "", "/debug what"},
	} {
		t.Run(c.shield, func(t *testing.T) {
			for _, off := range []bool{false, true} {
				sim, client := clawRouter(t, clawsim.Options{})
				url := bridgeFor(t, client, func(cfg *bridge.Config) { cfg.Unshielded = map[string]bool{c.shield: off} })
				body := `{"model":"blockrun/auto","stream":true,"input":[{"role":"user","content":"` + c.text + `hi"}]}`
				events(t, post(t, t.Context(), url, body, codexHeaders...))
				calls := sim.Record().Calls
				shielded := len(calls) == 1 && (c.header == "" || calls[0].Header.Get(c.header) != "")
				if shielded == off {
					t.Errorf("off: %v, and %d calls: %v", off, len(calls), calls)
				}
			}
		})
	}
}
