package clawsim

import (
	"sync"
	"time"
)

// handClock moves only when a test moves it.
type handClock struct {
	mu     sync.Mutex
	cond   *sync.Cond
	now    time.Time
	timers []handTimer
}

type handTimer struct {
	at time.Time
	c  chan time.Time
}

func newHandClock() *handClock {
	c := &handClock{now: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)}
	c.cond = sync.NewCond(&c.mu)
	return c
}

func (c *handClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *handClock) After(d time.Duration) <-chan time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := handTimer{c.now.Add(d), make(chan time.Time, 1)}
	c.timers = append(c.timers, t)
	c.cond.Broadcast()
	return t.c
}

// advance moves the clock and fires what is due.
func (c *handClock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	var left []handTimer
	for _, t := range c.timers {
		if t.at.After(c.now) {
			left = append(left, t)
			continue
		}
		t.c <- c.now
	}
	c.timers = left
}

// await blocks until n timers with just that long to go are running.
func (c *handClock) await(d time.Duration, n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		running := 0
		for _, t := range c.timers {
			if t.at.Sub(c.now) == d {
				running++
			}
		}
		if running >= n {
			return
		}
		c.cond.Wait()
	}
}
