//go:build e2e

package soak

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// books are both sides of what was asked of ClawRouter, by turn, which has a thread
// of its own. What ClawRouter then does with a request, such as asking a second model
// where the first one fails, is its own; the ledger has an entry for each request.
type books struct {
	turns map[string]*account
	ids   map[string]int // of entries
	stops []span         // from an order to the stand-in to stop to the next one's start
	err   error
}

// account is one turn.
type account struct {
	requests []*request
	entries  []entry
}

// request is one that the stand-in read.
type request struct {
	paid   bool
	from   string // whence its answer came, "" where there was none
	status int
}

// fromMemory: it was the same as one before it, and nothing was paid.
func (r *request) fromMemory() bool {
	return !r.paid && (r.from == "replay" || r.from == "joined" || r.from == "cache")
}

// entry is a line of the ledger.
type entry struct {
	ID, Kind, Thread, Outcome, Basis string
	At                               time.Time
	MS                               int64
}

// claims that something was paid, or may have been.
func (e entry) claims() bool {
	return e.Basis != "unpaid" && e.Basis != "free" && e.Basis != "elsewhere"
}

// compare reads the stand-in's books and the ledger.
func (w *world) compare() books {
	b := books{turns: map[string]*account{}, ids: map[string]int{}}
	known := map[string]*request{}
	b.err = eachLine(w.books, func(line []byte) error {
		var l struct {
			ID, Prompt, From string
			Status           int
			Paid             int64 `json:"paid_micros"`
			At               time.Time
		}
		err := json.Unmarshal(line, &l)
		r := known[l.ID]
		switch {
		case err != nil:
			return err
		case l.From == "stop":
			b.stops = append(b.stops, span{from: l.At})
		case l.From == "start":
			if n := len(b.stops); n > 0 && b.stops[n-1].to.IsZero() {
				b.stops[n-1].to = l.At
			}
		case r == nil:
			r = &request{}
			known[l.ID] = r
			name, _, _ := strings.Cut(l.Prompt, " ")
			b.of(name).requests = append(b.of(name).requests, r)
		case l.Paid > 0:
			r.paid = true
		default:
			r.from, r.status = l.From, l.Status
		}
		return nil
	})
	days, err := filepath.Glob(filepath.Join(w.state, "spend", "????-??-??.jsonl"))
	b.err = errors.Join(b.err, err)
	for _, day := range days {
		b.err = errors.Join(b.err, eachLine(day, func(line []byte) error {
			var e entry
			if err := json.Unmarshal(line, &e); err != nil || e.Kind != "" {
				return err
			}
			b.ids[e.ID]++
			b.of(e.Thread).entries = append(b.of(e.Thread).entries, e)
			return nil
		}))
	}
	return b
}

func (b books) of(name string) *account {
	a := b.turns[name]
	if a == nil {
		a = &account{}
		b.turns[name] = a
	}
	return a
}

func eachLine(path string, read func([]byte) error) error {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if err := read(lines.Bytes()); err != nil {
			return fmt.Errorf("%s: %q: %w", path, lines.Text(), err)
		}
	}
	return lines.Err()
}

// lost is an error while something was asked that the ledger does not have.
func (b books) lost() error {
	if b.err != nil {
		return b.err
	}
	for _, name := range slices.Sorted(maps.Keys(b.turns)) {
		if a := b.turns[name]; len(a.requests) > len(a.entries) {
			return fmt.Errorf("%s was asked %d times and booked %d times", name, len(a.requests), len(a.entries))
		}
	}
	return nil
}

// sums of an account, or of all.
type sums struct {
	requests, entries int
	ok, answered      int // entries that had an answer, requests that were sent one
	claims, paid      int // entries that claim a payment, requests that were paid
	fromMemory        int // requests
	cut               int // entries of connections that broke while ClawRouter was killed
	unread            int // entries without a request
}

func (s *sums) add(o sums) {
	s.requests, s.entries = s.requests+o.requests, s.entries+o.entries
	s.ok, s.answered = s.ok+o.ok, s.answered+o.answered
	s.claims, s.paid = s.claims+o.claims, s.paid+o.paid
	s.fromMemory, s.cut, s.unread = s.fromMemory+o.fromMemory, s.cut+o.cut, s.unread+o.unread
}

func (a *account) sums(killed func(entry) bool) sums {
	s := sums{requests: len(a.requests), entries: len(a.entries), unread: len(a.entries) - len(a.requests)}
	for _, r := range a.requests {
		s.paid += one(r.paid)
		s.fromMemory += one(r.fromMemory())
		s.answered += one(r.status == 200)
	}
	for _, e := range a.entries {
		s.ok += one(e.Outcome == "ok")
		s.claims += one(e.claims())
		s.cut += one(e.Outcome == "hang_up" && killed(e))
	}
	return s
}

func one(so bool) int {
	if so {
		return 1
	}
	return 0
}

// wrong says what does not fit, "" where all does.
func (s sums) wrong() string {
	switch {
	case s.unread < 0:
		return fmt.Sprintf("lost: asked %d times and booked %d times", s.requests, s.entries)
	case s.unread > s.cut:
		return fmt.Sprintf("booked twice: asked %d times and booked %d times; %d broke at a kill", s.requests, s.entries, s.cut)
	case s.ok > s.answered:
		return fmt.Sprintf("booked as answered %d times, and answered %d times", s.ok, s.answered)
	case s.paid > s.claims:
		return fmt.Sprintf("lost: paid %d times and booked as paid %d times", s.paid, s.claims)
	case s.claims > s.paid+s.fromMemory+s.cut:
		return fmt.Sprintf("booked as paid %d times, and paid %d times; %d were answered from memory, %d broke at a kill", s.claims, s.paid, s.fromMemory, s.cut)
	}
	return ""
}

// check: each entry has its request and each request its entry, and each entry that
// claims a payment has one. It returns the sums of all.
func (b books) check(t *testing.T, killed func(entry) bool) (all sums) {
	t.Helper()
	if b.err != nil {
		t.Errorf("the books cannot be read: %v", b.err)
	}
	for _, name := range slices.Sorted(maps.Keys(b.turns)) {
		s := b.turns[name].sums(killed)
		if what := s.wrong(); what != "" {
			t.Errorf("%s: %s\n%+v", name, what, b.turns[name].entries)
		}
		all.add(s)
	}
	for id, times := range b.ids {
		if times > 1 {
			t.Errorf("entry %s is in the ledger %d times", id, times)
		}
	}
	return all
}

// killed reports whether ClawRouter was killed, or ended by the supervisor, while a call
// was under way.
func (w *world) killed(b books) func(entry) bool {
	ends := slices.Concat(b.stops, w.kills.all())
	return func(e entry) bool {
		return slices.ContainsFunc(w.clock.true(e.At), func(from time.Time) bool {
			to := from.Add(time.Duration(e.MS+1) * time.Millisecond)
			return slices.ContainsFunc(ends, func(s span) bool {
				return !s.from.After(to) && (s.to.IsZero() || !s.to.Before(from))
			})
		})
	}
}

// misdated counts the entries whose day is not one of the soak's.
func (b books) misdated(from, to time.Time) (n int) {
	for _, a := range b.turns {
		for _, e := range a.entries {
			n += one(e.At.Before(from.Add(-time.Hour)) || e.At.After(to.Add(time.Hour)))
		}
	}
	return n
}
