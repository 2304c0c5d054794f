package link

import (
	"context"
	"sync"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/backend/codex"
)

// subscriber is one reader of states. Its channel holds the newest only.
type subscriber struct {
	ch     chan State
	closed bool
}

// send replaces what the reader has not taken yet. One goroutine sends at a time.
func (s *subscriber) send(state State) {
	if s.closed {
		return
	}
	select {
	case <-s.ch:
	default:
	}
	s.ch <- state
}

func (s *subscriber) close() {
	if !s.closed {
		s.closed = true
		close(s.ch)
	}
}

// Subscribe implements Link.
func (l *Local) Subscribe(ctx context.Context) (<-chan State, error) {
	sub := &subscriber{ch: make(chan State, 1)}
	l.order.Lock()
	defer l.order.Unlock()
	state := l.state(ctx)
	l.mu.Lock()
	defer l.mu.Unlock()
	sub.send(state)
	if l.closed {
		sub.close()
		return sub.ch, nil
	}
	l.subs[sub] = struct{}{}
	signal(l.turns) // who begins to look should see the balance of now
	context.AfterFunc(ctx, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.subs, sub)
		sub.close()
	})
	return sub.ch, nil
}

// Run publishes what becomes of the upstream, of the ledger and of the files until
// ctx ends; then it closes all subscriptions.
func (l *Local) Run(ctx context.Context) {
	l.Settle()
	var asking sync.WaitGroup
	asking.Go(func() { l.keepBalance(ctx) })
	asking.Go(func() { l.watchFiles(ctx) })
	if l.o.DesktopApp != nil {
		asking.Go(func() { l.watchDesktopApp(ctx) })
	}
	defer asking.Wait()
	defer l.closeAll()
	ready := l.o.Supervisor == nil
	spent, unsubscribe := l.spending()
	defer unsubscribe()
	for {
		changed := l.changed()
		if l.o.Supervisor != nil {
			now := l.o.Supervisor.State().Ready()
			if now && !ready {
				signal(l.turns)
			}
			ready = now
		}
		l.lookAtDesktopApp()
		l.publish()
		select {
		case <-changed:
		case <-spent:
			signal(l.booked)
		case <-l.kick:
		case <-ctx.Done():
			return
		}
		gather(ctx)
	}
}

// gatherTime is how long a change waits for others, to be one state with them: 64
// turns that begin and end at once must not have the files read 128 times.
const gatherTime = 50 * time.Millisecond

func gather(ctx context.Context) {
	timer := time.NewTimer(gatherTime)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// spending fires when the ledger has something new, and never without one.
func (l *Local) spending() (<-chan struct{}, func()) {
	if l.o.Book == nil {
		return nil, func() {}
	}
	sub := l.o.Book.Subscribe()
	return sub.C, sub.Close
}

// changed never fires where nothing is supervised.
func (l *Local) changed() <-chan struct{} {
	if l.o.Supervisor == nil {
		return nil
	}
	return l.o.Supervisor.Changed()
}

func (l *Local) closeAll() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	for sub := range l.subs {
		sub.close()
	}
	clear(l.subs)
}

// catalogMemory keeps what was read of the catalog, which holds the instructions
// of every model and is large, until the file is another one.
type catalogMemory struct {
	mu     sync.Mutex // guards the rest
	stamp  fileStamp
	list   []codex.PickerModel
	window int
}

func (c *catalogMemory) read(home codex.Home) (list []codex.PickerModel, selectedWindow int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if stamp := stampOf(home.Catalog()); stamp != c.stamp || stamp == (fileStamp{}) {
		c.stamp = stamp
		c.list, c.window = home.Picker()
	}
	return c.list, c.window
}
