//go:build e2e

package outages

import (
	"testing"

	"github.com/BlockRunAI/clawrouter-codex/e2e/stage"
)

// TestTheNetworkChanges between bridge and upstream: a turn that was under way ends with
// its answer, or with words where there is no network; the next turn finds the network
// that is there, and no connection of the one before.
func TestTheNetworkChanges(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*relay)
		// ends is what the turn under way ends with, and entries what the ledger has
		// of it.
		ends    []string
		entries []string
	}{
		{"connections are reset", (*relay).cut, []string{answered}, []string{"hang_up", "ok"}},
		{"it swallows everything, and is reset", func(r *relay) { r.hush(); r.cut(); r.speak() }, []string{answered}, []string{"hang_up", "ok"}},
		{"it is gone", (*relay).goAway, []string{"response.failed", "cannot be reached", "clawrouter-codex doctor"}, []string{"hang_up"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			network := newRelay(t)
			link := stage.StartLink(t, stage.Through(network.before))
			begin(t, link, "before", "hello").want(t, answered)
			under := begin(t, link, "under way", "[[slow 5]]")
			awaitRequests(t, link, 2)
			c.change(network)
			under.want(t, c.ends...)
			if !network.up() {
				network.restore()
			}
			begin(t, link, "after", "hello").want(t, answered)
			awaitEntries(t, link, map[string][]string{"before": {"ok"}, "under way": c.entries, "after": {"ok"}})
		})
	}
}

// TestIdleConnectionsDie: the turn after a change meets none of them.
func TestIdleConnectionsDie(t *testing.T) {
	network := newRelay(t)
	link := stage.StartLink(t, stage.Through(network.before))
	begin(t, link, "before", "hello").want(t, answered)
	network.goAway()
	network.restore()
	begin(t, link, "after", "hello").want(t, answered)
	awaitEntries(t, link, map[string][]string{"before": {"ok"}, "after": {"ok"}})
	if n := link.Record(t).Requests; n != 2 {
		t.Errorf("%d requests for two turns", n)
	}
}
