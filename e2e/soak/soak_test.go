//go:build e2e

package soak

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"
)

// sessions is how many work at a time.
const sessions = 64

// TestSoak: whatever breaks around the program, no turn is lost or booked twice, no
// failure is without words, and afterwards nothing is held that was not held before.
func TestSoak(t *testing.T) {
	length := time.Minute
	if text := os.Getenv("SOAK_TIME"); text != "" {
		var err error
		if length, err = time.ParseDuration(text); err != nil {
			t.Fatalf("SOAK_TIME: %v", err)
		}
	}
	w := newWorld(t)
	goroutines := w.goroutinesAtRest()
	p := w.start()
	before := w.atRest(p)

	begun := time.Now()
	ctx, stop := context.WithTimeout(t.Context(), length)
	defer stop()
	var work sync.WaitGroup
	results := &tally{failures: map[string]int{}}
	for n := range sessions {
		work.Go(func() { w.session(ctx, n, results) })
	}
	killed, ended := 0, 0
	work.Go(func() { killed = w.killUpstream(ctx, results) })
	watched, unwatch := context.WithCancel(t.Context())
	defer unwatch()
	var watch sync.WaitGroup
	watch.Go(func() { ended = w.watchUpstream(watched) })
	trouble := w.breakThings(ctx, p)
	work.Wait()
	unwatch()
	watch.Wait()
	trouble["ClawRouter killed"] = killed

	w.await("the ledger has what was asked", 30*time.Second, func() error { return w.compare().lost() })
	after := w.settled(p, before)
	books := w.compare()
	left := w.goroutines(p)

	tally, misdated := books.check(t, w.killed(books)), books.misdated(begun, time.Now())
	fmt.Print(table{length, results, trouble, ended, tally, misdated, before, after, [2]int{goroutines, left}})
	results.check(t)
	if misdated == 0 {
		t.Error("no entry was dated by the clock that jumped")
	}
	if least := min(int(length/killEvery)-1, results.ok/(2*answersBetween)); killed < least {
		t.Errorf("ClawRouter was killed %d times in %v, want %d at least", killed, length, least)
	}
	if left > goroutines {
		t.Errorf("%d goroutines are left, of a program at rest it is %d", left, goroutines)
	}
	if after.files > before.files {
		t.Errorf("%d descriptors are open, at the start it was %d", after.files, before.files)
	}
	if !raced() && after.memory > before.memory*maxGrowth {
		t.Errorf("memory is %.0f MB, at the start it was %.0f", after.memory, before.memory)
	}
	for name, times := range trouble {
		if times == 0 {
			t.Errorf("never happened: %s", name)
		}
	}
}

// raced reports whether the program has the race detector in it, which remembers what
// it has seen: its memory tells nothing of the program's.
func raced() bool { return os.Getenv("CGO_ENABLED") != "0" }

// maxGrowth is what memory at rest may come to, of what it was at the start: the
// runtime gives pages back slowly.
const maxGrowth = 1.5
