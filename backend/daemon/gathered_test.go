package daemon

import (
	"errors"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// gathering gathers letters, and keeps what each write was given.
type gathering struct {
	gathered[byte]
	mu     sync.Mutex
	writes []string
}

const gatherDelay = 40 * time.Millisecond

func newGathering(most int) *gathering {
	g := &gathering{}
	g.delay, g.most, g.write = gatherDelay, most, func(b []byte) error {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.writes = append(g.writes, string(b))
		return nil
	}
	return g
}

func (g *gathering) written() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.writes)
}

func (g *gathering) want(t *testing.T, when string, writes ...string) {
	t.Helper()
	synctest.Wait()
	if diff := cmp.Diff(writes, g.written()); diff != "" {
		t.Errorf("%s: %s", when, diff)
	}
}

func TestWhatWaitsIsWrittenTogetherWhenTheFirstHasWaited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGathering(100)
		g.add('a')
		time.Sleep(gatherDelay / 2)
		g.add('b', 'c')
		time.Sleep(gatherDelay/2 - time.Nanosecond)
		g.want(t, "a nanosecond before")
		time.Sleep(time.Nanosecond)
		g.want(t, "then", "abc")
		time.Sleep(time.Hour)
		g.add('d')
		time.Sleep(gatherDelay - time.Nanosecond)
		g.want(t, "the next one waits anew", "abc")
		time.Sleep(time.Nanosecond)
		g.want(t, "then", "abc", "d")
		if err := g.close(); err != nil {
			t.Error(err)
		}
	})
}

func TestWhatIsFlushedWaitsNoLonger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGathering(100)
		g.add('a')
		g.add('b')
		if err := g.flush(); err != nil {
			t.Error(err)
		}
		g.want(t, "at once", "ab")
		g.add('c')
		time.Sleep(gatherDelay)
		g.want(t, "what comes after waits no longer than anything", "ab", "c")
		if err := g.close(); err != nil {
			t.Error(err)
		}
	})
}

func TestMoreThanMayWaitIsDue(t *testing.T) {
	g := newGathering(3)
	g.add('a', 'b')
	if g.due() {
		t.Error("two of three are due")
	}
	g.add('c')
	if !g.due() {
		t.Error("three of three wait")
	}
	if err := g.close(); err != nil {
		t.Error(err)
	}
}

// What is closed leaves nothing behind: no letter, and no timer.
func TestCloseWritesWhatWaitsAndEndsTheTimer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGathering(100)
		g.add('a')
		if err := g.close(); err != nil {
			t.Error(err)
		}
		g.want(t, "at once", "a")
		g.add('b')
		if !g.due() {
			t.Error("what comes later may wait")
		}
		time.Sleep(time.Hour)
		g.want(t, "by no timer", "a")
		if err := g.flush(); err != nil {
			t.Error(err)
		}
		g.want(t, "by who is told that it is due", "a", "b")
		if err := g.close(); err != nil { // a second time
			t.Error(err)
		}
	})
}

func TestAWriteThatFailsLosesNothingLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGathering(100)
		write, full := g.write, errors.New("disk full")
		g.write = func([]byte) error { return full }
		g.add('a')
		time.Sleep(gatherDelay)
		synctest.Wait()
		g.add('b')
		if err := g.flush(); !errors.Is(err, full) {
			t.Errorf("got %v", err)
		}
		g.write = write
		g.add('c')
		time.Sleep(gatherDelay)
		g.want(t, "once there is room", "c")
		g.write = func([]byte) error { return full }
		g.add('d')
		if err := g.close(); !errors.Is(err, full) {
			t.Errorf("close says %v", err)
		}
	})
}

// A terminal that was stopped holds a write for as long as its user likes: one
// goroutine waits for it and not one for each time at which there is something to
// write, and what comes meanwhile is written after it.
func TestAWriteThatHangsIsWaitedForOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGathering(100)
		write, goOn := g.write, make(chan struct{})
		g.write = func(b []byte) error {
			<-goOn
			return write(b)
		}
		for letter := range byte(20) {
			g.add('a' + letter)
			time.Sleep(gatherDelay)
			synctest.Wait()
		}
		stacks := make([]byte, 1<<20)
		if n := strings.Count(string(stacks[:runtime.Stack(stacks, true)]), "]).waited("); n != 1 {
			t.Errorf("%d goroutines wait", n)
		}
		closed := make(chan error, 1)
		go func() { closed <- g.close() }()
		synctest.Wait()
		if len(closed) > 0 {
			t.Error("close does not wait for the write")
		}
		close(goOn)
		if err := <-closed; err != nil {
			t.Error(err)
		}
		g.want(t, "then", "a", "bcdefghijklmnopqrst")
	})
}

// A huge thing does not hold its room for ever; usual ones take theirs again and again.
func TestRoomIsKeptForWhatIsUsual(t *testing.T) {
	g := newGathering(100)
	g.add(make([]byte, 1000)...)
	if err := g.flush(); err != nil {
		t.Error(err)
	}
	if cap(g.spare) > 0 || cap(g.waiting) > 0 {
		t.Errorf("%d and %d bytes are held", cap(g.spare), cap(g.waiting))
	}
	g.write = func([]byte) error { return nil }
	if n := testing.AllocsPerRun(100, func() {
		g.add('a', 'b', 'c')
		_ = g.flush()
	}); n > 0 {
		t.Errorf("%.0f allocations", n)
	}
	if err := g.close(); err != nil {
		t.Error(err)
	}
}

// Whoever gives, flushes and closes, and whenever: each thing is written once, behind
// those that the same goroutine gave before.
func TestEachIsWrittenOnceAndInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		plans := rapid.SliceOfN(rapid.SliceOfN(rapid.IntRange(0, 3), 1, 40), 1, 5).Draw(t, "plans")
		g := newGathering(8)
		var all sync.WaitGroup
		for who, plan := range plans {
			all.Go(func() {
				for i, what := range plan {
					g.add(byte(who), byte(i))
					if what == 0 || g.due() {
						_ = g.flush()
					}
				}
			})
		}
		all.Wait()
		if err := g.close(); err != nil {
			t.Fatal(err)
		}
		next := make([]byte, len(plans))
		text := strings.Join(g.written(), "")
		for i := 0; i < len(text); i += 2 {
			if who := text[i]; text[i+1] != next[who] {
				t.Fatalf("%d of %d stands where its %d should", text[i+1], who, next[who])
			}
			next[text[i]]++
		}
		for who, plan := range plans {
			if int(next[who]) != len(plan) {
				t.Fatalf("%d of %d that %d gave", next[who], len(plan), who)
			}
		}
	})
}
