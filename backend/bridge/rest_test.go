package bridge

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// Memory is given back once after the last turn, and not while one runs.
func TestRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var running, freed atomic.Int64
		r := newRest(func() bool { return running.Load() > 0 }, func() { freed.Add(1) })
		defer r.stop()
		wait := func(d time.Duration, want int64, when string) {
			t.Helper()
			time.Sleep(d)
			synctest.Wait()
			if got := freed.Load(); got != want {
				t.Errorf("%s: freed %d times, want %d", when, got, want)
			}
		}
		wait(2*restAfter, 0, "before any turn")
		running.Store(2)
		running.Add(-1)
		r.turnEnded()
		wait(2*restAfter, 0, "while a turn runs")
		running.Add(-1)
		r.turnEnded()
		wait(restAfter-1, 0, "right after the last turn")
		running.Add(1)
		wait(restAfter, 0, "while the next turn runs")
		running.Add(-1)
		r.turnEnded()
		wait(restAfter, 1, "at rest")
		wait(10*restAfter, 1, "long after")
	})
}
