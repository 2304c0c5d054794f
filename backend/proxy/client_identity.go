package proxy

import (
	"context"
	"errors"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

// Identity says who answers at a client's address.
type Identity struct {
	// ClawRouter is decided by the shape of GET /health and nothing else: not
	// by which setting named the address.
	ClawRouter bool
	// Health is what the ClawRouter said; zero for another server.
	Health Health
	// At is when it was asked.
	At time.Time
}

const (
	// identityTimeout bounds one look. ClawRouter answers /health in 1 ms.
	identityTimeout = 2500 * time.Millisecond
	// strangerAge is how long a server that is not ClawRouter is left alone
	// unless it showed a sign of restart: LiteLLM's /health, without a master
	// key, calls every model it knows. Where a ClawRouter is presumed none is.
	strangerAge = time.Minute
	// foreignAge bounds an identity whose connections cannot be watched.
	foreignAge = 10 * time.Second
)

// identityMemory keeps the last identity together with what would make it
// doubtful.
type identityMemory struct {
	flight singleflight.Group
	mu     sync.Mutex
	known  bool
	sure   bool // false: it did not answer in time, and what it is was guessed
	id     Identity
	broken int64  // connTracker.broken when id was taken
	doubts uint64 // calls of doubt so far
	seen   uint64 // doubts when id was taken
}

func (m *identityMemory) doubt() {
	m.mu.Lock()
	m.doubts++
	m.mu.Unlock()
}

// ClawRouter reports whether a ClawRouter answers. It costs nothing while a
// connection to the server that was identified is still open; after that, one
// GET /health. While nobody answers, the last known answer stands, and before the
// first one what is presumed.
func (c *Client) ClawRouter(ctx context.Context) bool {
	id, err := c.Identify(ctx)
	if err != nil {
		c.ident.mu.Lock()
		defer c.ident.mu.Unlock()
		if !c.ident.known {
			return c.presumed
		}
		return c.ident.id.ClawRouter
	}
	return id.ClawRouter
}

// Identify returns the remembered identity, or asks again when it may have
// changed: a connection to that server broke, a call failed, or no connection is
// left that proves it is still the same. Callers at the same time share one
// question. An error is a *SendError: nobody answered.
func (c *Client) Identify(ctx context.Context) (Identity, error) {
	if id, ok := c.remembered(); ok {
		return id, nil
	}
	ch := c.ident.flight.DoChan("", func() (any, error) {
		// Not the first caller's context: the others would fail with it.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), identityTimeout)
		defer cancel()
		return c.look(ctx)
	})
	select {
	case r := <-ch:
		if r.Err != nil {
			return Identity{}, r.Err
		}
		return r.Val.(Identity), nil
	case <-ctx.Done():
		return Identity{}, &SendError{Op: "GET /health", Sent: true, Err: ctx.Err()}
	}
}

func (c *Client) remembered() (Identity, bool) {
	c.carry.look()
	m := &c.ident
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.known || m.doubts != m.seen {
		return Identity{}, false
	}
	age := c.now().Sub(m.id.At)
	switch {
	case !m.sure:
		return m.id, age < strangerAge
	case c.conns == nil:
		return m.id, age < foreignAge
	case c.conns.broken.Load() != m.broken:
		return Identity{}, false
	case c.conns.open.Load() > 0:
		return m.id, true
	default:
		return m.id, !m.id.ClawRouter && age < strangerAge && !c.presumed
	}
}

func (c *Client) look(ctx context.Context) (Identity, error) {
	m := &c.ident
	m.mu.Lock()
	doubts := m.doubts
	m.mu.Unlock()
	var broken int64
	if c.conns != nil {
		broken = c.conns.broken.Load()
	}
	h, err := c.Health(ctx, false)
	var nobody *SendError
	if errors.As(err, &nobody) && !noAnswerInTime(err) {
		return Identity{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	id := Identity{ClawRouter: err == nil, Health: h, At: c.now()}
	m.sure = !noAnswerInTime(err)
	switch {
	case !m.sure && m.known:
		// ClawRouter answers in 1 ms, but not while it parses a 10 MB body:
		// busy is no reason to take it for another server.
		id.ClawRouter, id.Health = m.id.ClawRouter, m.id.Health
	case !m.sure:
		id.ClawRouter = c.presumed
	}
	m.known, m.id, m.broken, m.seen = true, id, broken, doubts
	return id, nil
}

func noAnswerInTime(err error) bool {
	var e *SendError
	return errors.As(err, &e) && e.Sent && errors.Is(err, context.DeadlineExceeded)
}
