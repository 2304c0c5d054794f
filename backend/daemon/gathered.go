package daemon

import (
	"sync"
	"time"
)

// gathered writes things several at a time, so that who gives them waits for no disk
// and no terminal. It has no goroutine of its own: the first thing that waits starts a
// timer, and close ends it.
type gathered[T any] struct {
	delay time.Duration   // how long what is first waits for others
	most  int             // how many wait at most, as far as due is asked
	write func([]T) error // called by one goroutine at a time; keeps nothing of the slice

	// writing is held from when things are taken until they are written: they are
	// written in the order in which they came. It is taken before mu.
	writing sync.Mutex

	mu      sync.Mutex // guards the rest
	waiting []T
	spare   []T // the room of what was written last
	timer   *time.Timer
	armed   bool           // the timer runs, or what it calls
	ending  sync.WaitGroup // for the same
	closed  bool           // nothing waits any more
}

// add gives things to be written, at most delay later. Who goes on giving where
// nothing may wait any more, which due tells, has to flush.
func (g *gathered[T]) add(things ...T) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.waiting = append(g.waiting, things...)
	if !g.armed && len(g.waiting) > 0 {
		g.arm()
	}
}

// due reports whether what waits is to be written at once.
func (g *gathered[T]) due() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.closed || len(g.waiting) >= g.most
}

// arm starts the timer. Callers hold mu.
func (g *gathered[T]) arm() {
	if g.closed {
		return
	}
	g.armed = true
	g.ending.Add(1)
	if g.timer == nil {
		g.timer = time.AfterFunc(g.delay, g.waited)
		return
	}
	g.timer.Reset(g.delay)
}

// waited is what the timer calls. While a write hangs it is not started anew: each
// would hang as well.
func (g *gathered[T]) waited() {
	defer g.ending.Done()
	_ = g.flush() // nobody is there to hear of it; what comes later is tried again
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.armed = false; len(g.waiting) > 0 {
		g.arm()
	}
}

// flush writes what waits. What the write refuses is lost.
func (g *gathered[T]) flush() error {
	g.writing.Lock()
	defer g.writing.Unlock()
	g.mu.Lock()
	things := g.waiting
	g.waiting, g.spare = g.spare[:0], nil
	g.mu.Unlock()
	if len(things) == 0 {
		return nil
	}
	err := g.write(things)
	if clear(things); cap(things) <= 2*g.most { // a huge one is not kept for ever
		g.mu.Lock()
		g.spare = things
		g.mu.Unlock()
	}
	return err
}

// close writes what waits, and ends the timer. What comes later is due at once.
func (g *gathered[T]) close() error {
	g.mu.Lock()
	g.closed = true
	if g.armed && g.timer.Stop() {
		g.armed = false
		g.ending.Done()
	}
	g.mu.Unlock()
	g.ending.Wait()
	return g.flush()
}
