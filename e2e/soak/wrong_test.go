//go:build e2e

package soak

import (
	"strings"
	"testing"
	"time"
)

// The books of a turn: what fits, and what is found where they do not.
func TestBooksThatDoNotFit(t *testing.T) {
	at := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	good := &request{paid: true, from: "gateway", status: 200}
	booked := func(outcome, basis string) entry { return entry{Outcome: outcome, Basis: basis, At: at, MS: 1000} }
	ok, cut := booked("ok", "quote"), booked("hang_up", "quote")
	for _, c := range []struct {
		name   string
		turn   account
		killed bool
		want   string
	}{
		{"one of each", account{[]*request{good}, []entry{ok}}, false, ""},
		{"an entry is missing", account{[]*request{good, good}, []entry{ok}}, false, "lost: asked 2"},
		{"an entry too many", account{[]*request{good}, []entry{ok, ok}}, true, "booked twice"},
		{"a connection broke, and nobody was killed", account{[]*request{good}, []entry{cut, ok}}, false, "booked twice"},
		{"it broke at a kill", account{[]*request{good}, []entry{cut, ok}}, true, ""},
		{"an answer that nobody gave", account{[]*request{{paid: true, from: "gateway", status: 503}}, []entry{ok}}, false, "booked as answered"},
		{"a payment that was not booked", account{[]*request{good}, []entry{booked("ok", "free")}}, false, "lost: paid 1"},
		{"a payment that nobody took", account{[]*request{{from: "gateway", status: 200}}, []entry{ok}}, false, "booked as paid 1 times, and paid 0"},
		{"an answer from memory cannot be told from a paid one", account{[]*request{{from: "replay", status: 200}}, []entry{ok}}, false, ""},
		{"refused for want of money", account{[]*request{{from: "gateway", status: 402}}, []entry{booked("refused", "unpaid")}}, false, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := c.turn.sums(func(entry) bool { return c.killed }).wrong()
			if (c.want == "") != (got == "") || !strings.HasPrefix(got, c.want) {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

// An entry is dated by a clock that jumps; the kill is not.
func TestWhenAnEntryWasMade(t *testing.T) {
	begun := time.Now().Add(-time.Hour)
	c := &clock{sets: []setting{{begun, 0}, {begun.Add(time.Minute), 25 * time.Hour}, {begun.Add(2 * time.Minute), 0}}}
	for name, at := range map[string]struct{ shown, true time.Time }{
		"before":      {begun.Add(30 * time.Second), begun.Add(30 * time.Second)},
		"a day ahead": {begun.Add(90*time.Second + 25*time.Hour), begun.Add(90 * time.Second)},
		"after":       {begun.Add(150 * time.Second), begun.Add(150 * time.Second)},
	} {
		if got := c.true(at.shown); len(got) != 1 || !got[0].Equal(at.true) {
			t.Errorf("%s: %v, want %v", name, got, at.true)
		}
	}
	if got := c.true(begun.Add(90 * time.Second)); len(got) != 0 {
		t.Errorf("a moment that the clock never showed: %v", got)
	}
}
