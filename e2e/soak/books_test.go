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

// books are both sides of what was asked of ClawRouter, by turn. What it then does
// with a request, such as asking a second model where the first one fails, is its
// own; the ledger has an entry for each request.
type books struct {
	asked  map[string]int // requests that reached the stand-in
	booked map[string]int // entries of the ledger
	ok     map[string]int // those among them that had an answer
	ids    map[string]int // of entries
	err    error
}

// compare reads the stand-in's books and the ledger.
func (w *world) compare() books {
	b := books{asked: map[string]int{}, booked: map[string]int{}, ok: map[string]int{}, ids: map[string]int{}}
	b.err = eachLine(w.books, func(line []byte) error {
		var call struct{ Prompt string }
		err := json.Unmarshal(line, &call)
		name, _, _ := strings.Cut(call.Prompt, " ")
		b.asked[name]++
		return err
	})
	days, err := filepath.Glob(filepath.Join(w.state, "spend", "????-??-??.jsonl"))
	b.err = errors.Join(b.err, err)
	for _, day := range days {
		b.err = errors.Join(b.err, eachLine(day, func(line []byte) error {
			var e struct {
				ID, Kind, Thread, Outcome string
			}
			if err := json.Unmarshal(line, &e); err != nil || e.Kind != "" {
				return err
			}
			b.ids[e.ID]++
			b.booked[e.Thread]++
			if e.Outcome == "ok" {
				b.ok[e.Thread]++
			}
			return nil
		}))
	}
	return b
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
	for _, name := range slices.Sorted(maps.Keys(b.asked)) {
		if b.asked[name] > b.booked[name] {
			return fmt.Errorf("%s was asked %d times and booked %d times", name, b.asked[name], b.booked[name])
		}
	}
	return nil
}

// check: nothing is lost, and nothing that was answered is booked more often than
// it was asked. A call that broke may have arrived, and is booked as such.
func (b books) check(t *testing.T) {
	t.Helper()
	if err := b.lost(); err != nil {
		t.Errorf("lost: %v", err)
	}
	for name, times := range b.ok {
		if times > b.asked[name] {
			t.Errorf("booked twice: %s was answered %d times by the ledger, and asked %d times", name, times, b.asked[name])
		}
	}
	for id, times := range b.ids {
		if times > 1 {
			t.Errorf("entry %s is in the ledger %d times", id, times)
		}
	}
}

// more counts what a has more of than b.
func (books) more(a, b map[string]int) (n int) {
	for name := range a {
		n += max(0, a[name]-b[name])
	}
	return n
}

func sum(m map[string]int) (n int) {
	for _, v := range m {
		n += v
	}
	return n
}

// table is what a soak found, for bench/README.md.
type table struct {
	length        time.Duration
	results       *tally
	trouble       map[string]int
	books         books
	before, after rest
	goroutines    [2]int
}

func (t table) String() string {
	var b strings.Builder
	row := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "| %s | %s |\n", name, fmt.Sprintf(format, args...))
	}
	r := t.results
	b.WriteString("| soak | |\n|---|---|\n")
	row("time, sessions", "%v, %d", t.length, sessions)
	row("turns", "%d: %d answered, %d failed in words, %d given up by the client", r.turns, r.ok, sum(r.failures), r.left)
	row("failures without a readable cause", "%d", len(r.unreadable))
	row("answers that broke off", "%d", len(r.lost))
	for _, name := range slices.Sorted(maps.Keys(t.trouble)) {
		row(name, "%d times", t.trouble[name])
	}
	row("requests, by the stand-in's books", "%d", sum(t.books.asked))
	row("requests, by the ledger", "%d: %d answered, %d not", sum(t.books.booked), sum(t.books.ok), sum(t.books.booked)-sum(t.books.ok))
	row("lost, booked twice", "%d, %d", t.books.more(t.books.asked, t.books.booked), t.books.more(t.books.ok, t.books.asked))
	row("memory at rest, before and after", "%.0f MB, %.0f MB", t.before.memory, t.after.memory)
	row("descriptors at rest, before and after", "%d, %d", t.before.files, t.after.files)
	row("goroutines at rest, before and after", "%d, %d", t.goroutines[0], t.goroutines[1])
	for _, name := range slices.SortedFunc(maps.Keys(r.failures), func(x, y string) int { return r.failures[y] - r.failures[x] }) {
		row("failure: "+strings.ReplaceAll(name, "|", "/"), "%d", r.failures[name])
	}
	return b.String()
}
