package bridge_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/BlockRunAI/clawrouter-codex/backend/bridge"
)

// A ClawRouter that pays from another wallet than the user's is not asked to pay:
// Codex shows why, and does not repeat the turn.
func TestPaidTurnsAreRefusedWhileTheWalletIsAnotherOne(t *testing.T) {
	u, got := asked(t)
	why := ""
	url := bridgeFor(t, u, func(c *bridge.Config) {
		c.RefusePaid = func() string { return why }
		c.Selected = func() string { return "vendor/one" }
	})
	const mismatch = "The running ClawRouter pays from 0xTheirs, but your wallet is 0xOurs."
	for _, c := range []struct {
		name, model, why string
		refused          bool
	}{
		{"the same wallet", "vendor/one", "", false},
		{"a paid model", "vendor/one", mismatch, true},
		{"the menu bar choice", "clawrouter/selected", mismatch, true},
		{"a routing profile costs what it routes to", "blockrun/auto", mismatch, true},
		{"a free model", "free/gpt-oss-120b", mismatch, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			why = c.why
			resp := post(t, t.Context(), url, `{"model":"`+c.model+`","stream":true,"input":"`+c.name+`"}`)
			body, err := io.ReadAll(resp.Body)
			if err != nil {
				t.Fatal(err)
			}
			if !c.refused {
				if model := (<-got)["model"]; resp.StatusCode != http.StatusOK || model == "" {
					t.Errorf("answered %d: %s", resp.StatusCode, body)
				}
				return
			}
			told := string(body)
			if !strings.Contains(told, "0xTheirs") || !strings.Contains(told, "0xOurs") || !strings.Contains(told, `"invalid_prompt"`) {
				t.Errorf("answered %d: %s", resp.StatusCode, body)
			}
			select {
			case req := <-got:
				t.Errorf("upstream was asked all the same: %v", req["model"])
			default:
			}
		})
	}
}

func TestControlAnswersBelowLinkOnly(t *testing.T) {
	u, _ := asked(t)
	for name, c := range map[string]struct {
		control http.Handler
		want    int
	}{
		"with one":    {http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }), http.StatusTeapot},
		"without one": {nil, http.StatusNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			url := bridgeFor(t, u, func(cfg *bridge.Config) { cfg.Control = c.control })
			for path, want := range map[string]int{"/link/state": c.want, "/links": http.StatusNotFound} {
				resp, err := http.Get(url + path)
				if err != nil {
					t.Fatal(err)
				}
				_ = resp.Body.Close()
				if resp.StatusCode != want {
					t.Errorf("%s answers %d, want %d", path, resp.StatusCode, want)
				}
			}
		})
	}
}

func TestTheModelThatAnsweredIsTold(t *testing.T) {
	u, got := asked(t)
	told := make(chan bridge.Answer, 1)
	url := bridgeFor(t, u, func(c *bridge.Config) {
		c.Answered = func(a bridge.Answer) { told <- a }
		c.Selected = func() string { return "vendor/one" }
	})
	resp := post(t, t.Context(), url, `{"model":"clawrouter/selected","stream":true,"input":"hi"}`)
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		t.Fatal(err)
	}
	<-got
	if a := <-told; a != (bridge.Answer{Asked: "vendor/one"}) {
		t.Errorf("told %+v", a)
	}
}
