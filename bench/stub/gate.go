package stub

import (
	"context"
	"sync"
)

// gate holds gated answers until it is opened from outside, so that a benchmark
// can look at a process while a known number of streams is in a known state.
// The zero gate is closed.
type gate struct {
	mu      sync.Mutex // guards all below
	waiting int
	changed chan struct{} // closed when waiting grows
	opened  chan struct{} // closed when the gate opens
}

// signals makes the channels; g.mu is held.
func (g *gate) signals() {
	if g.changed == nil {
		g.changed, g.opened = make(chan struct{}), make(chan struct{})
	}
}

// pass waits until the gate is opened the next time.
func (g *gate) pass(ctx context.Context) error {
	g.mu.Lock()
	g.signals()
	g.waiting++
	close(g.changed)
	g.changed = make(chan struct{})
	opened := g.opened
	g.mu.Unlock()
	select {
	case <-opened:
		return nil
	case <-ctx.Done():
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.opened == opened {
		g.waiting--
	}
	return ctx.Err()
}

// await returns when n answers wait at the gate.
func (g *gate) await(ctx context.Context, n int) error {
	for {
		g.mu.Lock()
		g.signals()
		enough, changed := g.waiting >= n, g.changed
		g.mu.Unlock()
		if enough {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// open lets all that wait go on.
func (g *gate) open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.signals()
	close(g.opened)
	g.opened, g.waiting = make(chan struct{}), 0
}
