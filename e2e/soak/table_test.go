//go:build e2e

package soak

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// table is what a soak found, for bench/README.md.
type table struct {
	length        time.Duration
	results       *tally
	trouble       map[string]int
	ended         int // times that the supervisor ended the stand-in
	sums          sums
	misdated      int
	before, after rest
	goroutines    [2]int
}

func (t table) String() string {
	var b strings.Builder
	row := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "| %s | %s |\n", name, fmt.Sprintf(format, args...))
	}
	r, s := t.results, t.sums
	b.WriteString("| soak | |\n|---|---|\n")
	row("time, sessions", "%v, %d", t.length, sessions)
	row("turns", "%d: %d answered (%.0f %%), %d failed in words, %d given up by the client", r.turns, r.ok, 100*float64(r.ok)/float64(r.turns), sum(r.failures), r.left)
	row("failures without a readable cause", "%d", len(r.unreadable))
	row("answers that broke off", "%d", len(r.lost))
	for _, name := range slices.Sorted(maps.Keys(t.trouble)) {
		row(name, "%d times", t.trouble[name])
	}
	row("ClawRouter ended by the supervisor", "%d times", t.ended)
	row("requests that the stand-in read, entries of the ledger", "%d, %d", s.requests, s.entries)
	row("entries whose request a killed stand-in did not come to read", "%d", s.unread)
	row("requests that were sent an answer, entries with one", "%d, %d", s.answered, s.ok)
	row("requests that were paid, entries that claim a payment", "%d, %d", s.paid, s.claims)
	row("of these answered from ClawRouter's memory, broken off by a kill", "%d, %d", s.fromMemory, s.cut)
	row("entries dated by a clock that was wrong", "%d", t.misdated)
	row("memory at rest, before and after", "%.0f MB, %.0f MB", t.before.memory, t.after.memory)
	row("of it not pages of files, before and after", "%.0f MB, %.0f MB", t.before.own, t.after.own)
	row("descriptors at rest, before and after", "%d, %d", t.before.files, t.after.files)
	row("goroutines at rest, before and after", "%d, %d", t.goroutines[0], t.goroutines[1])
	for _, name := range slices.SortedFunc(maps.Keys(r.failures), func(x, y string) int { return r.failures[y] - r.failures[x] }) {
		row("failure: "+strings.ReplaceAll(name, "|", "/"), "%d", r.failures[name])
	}
	return b.String()
}

func sum(m map[string]int) (n int) {
	for _, v := range m {
		n += v
	}
	return n
}
