//go:build e2e

package codex

import (
	"strings"
	"testing"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/e2e/stage"
)

// viaTap sends Codex through a counter before the bridge.
func viaTap(t *testing.T, c *codex) (tap *stage.Tap, flags []string) {
	tap = stage.NewTap(t, c.link.URL())
	return tap, []string{"-c", `model_providers.clawrouter.base_url="` + tap.URL + `/v1"`}
}

// What the wallet, the provider or the model says is told in words, and Codex
// makes no more requests than a repeat can be worth.
func TestUpstreamErrors(t *testing.T) {
	tests := []struct {
		name, script string
		requests     int    // that Codex made, at most
		calls        int    // that reached ClawRouter, at most
		words        string // that Codex printed
		survives     bool   // the turn completes all the same
	}{
		{"wallet empty", `[[402funds]]`, 1, 1, "Insufficient", false},
		{"request refused", `[[400]]`, 1, 1, "bad parameter", false},
		{"key refused", `[[401]]`, 1, 1, "Invalid authentication", false},
		{"model unknown", `[[404]]`, 1, 1, "Unknown model", false},
		{"context too long", `[[context]]`, 1, 1, "ran out of room", false},
		{"overloaded for good", `[[503]]`, 3, 3, "overloaded", false},
		{"overloaded once", `[[503 times=1]] [[say "Back again."]]`, 2, 2, "Back again.", true},
		{"provider fails for good", `[[500]]`, 3, 3, "Internal server error", false},
		{"forbidden", `[[403]]`, 1, 1, "Access denied", false},
		{"gone", `[[410]]`, 1, 1, "upstream failure", false},
		{"too large", `[[413]]`, 1, 1, "Request too large", false},
		{"rate limit for good", `[[429]]`, 1, 3, "Rate limit exceeded", false},
		{"rate limit once", `[[429 times=1]] [[say "Back again."]]`, 1, 2, "Back again.", true},
		{"bad gateway for good", `[[502]]`, 1, 3, "upstream failure", false},
		{"overloaded by its own number", `[[529]]`, 1, 3, "Overloaded", false},
		{"connection to the provider cut", `[[drop]]`, 1, 3, "fetch failed", false},
		{"provider says that it is overloaded, as text", `[[degraded]]`, 1, 3, "overloaded", false},
		{"no JSON", `[[badjson]]`, 1, 1, "not valid JSON", false},
		{"an error with status 200", `[[error200]]`, 1, 3, "error payload", false},
		{"nothing at all", `[[empty]]`, 1, 3, "empty turn", false},
		{"ClawRouter's own line breaks", `[[cut times=1]] [[say "Back again."]]`, 1, 2, "Back again.", true},
		{"half an answer", `[[half times=1]] [[say "Back again."]]`, 1, 2, "Back again.", true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := newCodex(t)
			tap, flags := viaTap(t, c)
			r := c.exec("Do it. "+test.script, flags...)
			if survived := r.exit == 0; survived != test.survives {
				t.Errorf("codex ended with %d", r.exit)
			}
			if got := tap.Posts(); got < 1 || got > test.requests {
				t.Errorf("codex made %d requests, want at most %d", got, test.requests)
			}
			if got := c.link.Record(t).Requests; got < 1 || got > test.calls {
				t.Errorf("%d requests reached ClawRouter, want at most %d", got, test.calls)
			}
			printed := strings.Join(r.errors(), "\n")
			if test.survives {
				printed = r.lastMessage()
			}
			if !strings.Contains(printed, test.words) {
				t.Errorf("codex printed %q, want %q in it", printed, test.words)
			}
		})
	}
}

// Codex gives up a stream that is silent for stream_idle_timeout_ms. Upstream
// says nothing for 20 s here, not even its headers; while the bridge sends none
// either, Codex would wait, but a person would see nothing happen.
func TestSilentUpstream(t *testing.T) {
	t.Parallel()
	c := newCodex(t)
	tap, flags := viaTap(t, c)
	flags = append(flags, "-c", "model_providers.clawrouter.stream_idle_timeout_ms=6000")
	r := c.exec(`[[slow 20]] [[say "It took a while."]]`, flags...).succeed()
	if got := r.lastMessage(); got != "It took a while." {
		t.Errorf("codex shows %q", got)
	}
	if got := tap.Posts(); got != 1 {
		t.Errorf("codex made %d requests, want 1", got)
	}
	if got := tap.Silence(); got > 5*time.Second {
		t.Errorf("codex heard nothing for %v", got)
	}
	if got := c.link.Record(t).PaidCalls; got != 1 {
		t.Errorf("%d calls were paid, want 1", got)
	}
}
