package loopback

import (
	"context"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Client sends requests to the server at Addr. It is safe for concurrent use, and has
// no goroutine of its own but for what Do says.
type Client struct {
	Addr string // host:port
	// Dial opens a connection. It must be one of the system's, or implement
	// syscall.Conn.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
	// IdleFor is how long a connection is kept for the next request. It must be shorter
	// than the server's own time, or a request is sent to where nobody reads it.
	IdleFor time.Duration
	// MaxIdle is how many connections are kept.
	MaxIdle int

	moment time.Duration // in tests: how long a whole answer waits for its request

	inFlight atomic.Int64 // exchanges

	mu      sync.Mutex // protects the rest
	idle    []*conn    // the one used last at the end
	timer   *time.Timer
	looks   lookout
	leaving bool // CloseIdle was called since the last Do
}

// crowded is how many exchanges at a time make a crowd: there, the processors have
// enough to do, and an answer that is read a little later comes in fewer pieces. With
// 256 streams, whose upstream writes each chunk apart, there are 1.09 × the answers.
const crowded = 12

func (c *Client) crowd() bool { return c.inFlight.Load() >= crowded }

// Error says that no answer came.
type Error struct {
	// Sent tells whether any of the request may have reached the server.
	Sent bool
	Err  error
}

func (e *Error) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Do sends a request with body, which may be nil, and returns the answer as soon as
// its headers are there. Of req it takes method, URL, headers and context; the
// context ends the reading of the answer, too. The answer's body is a *Body. An error
// is an *Error; what the context ends fails with its cause.
//
// What the system does not take of body at once is written by a goroutine that ends
// with the answer: a server may answer without reading everything.
//
// A request is sent again only where none of it went out, or where it is a GET and a
// connection that was used before broke without a word.
func (c *Client) Do(req *http.Request, body []byte) (*http.Response, error) {
	ctx := req.Context()
	if err := sendable(req); err != nil {
		return nil, &Error{Err: err}
	}
	for {
		cn, used, err := c.take(ctx)
		if err != nil {
			return nil, &Error{Err: cause(ctx, err)}
		}
		resp, err := cn.exchange(req, body)
		if err == nil {
			return resp, nil
		}
		if used && ctx.Err() == nil && (!cn.sent || !cn.heard && body == nil && req.Method == http.MethodGet) {
			continue
		}
		return nil, &Error{Sent: cn.sent, Err: cause(ctx, err)}
	}
}

// take returns a connection, and whether it was used before.
func (c *Client) take(ctx context.Context) (cn *conn, used bool, err error) {
	if err := ctx.Err(); err != nil {
		return nil, false, context.Cause(ctx)
	}
	c.mu.Lock()
	c.leaving = false
	c.drop()
	if last := len(c.idle) - 1; last >= 0 {
		cn = c.idle[last]
		c.idle[last] = nil
		c.idle = c.idle[:last]
	}
	c.mu.Unlock()
	if cn != nil {
		return cn, true, nil
	}
	nc, err := c.Dial(ctx, "tcp", c.Addr)
	if err != nil {
		return nil, false, err
	}
	cn, err = newConn(c, nc)
	return cn, false, err
}

// Look closes the connections that the server has ended while nobody used them, so that
// who counts them learns of it. That the one which the next request would take is alive
// does not tell of the others: the request after it takes one of them, or a new
// connection, which may be another server's.
func (c *Client) Look() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.looks.allQuiet(c.idle) {
		return
	}
	c.idle = slices.DeleteFunc(c.idle, func(cn *conn) bool {
		quiet := cn.wire.quiet()
		if !quiet {
			_ = cn.Close()
		}
		return !quiet
	})
}

// drop closes idle connections from the end, until one is alive and young; c.mu is held.
func (c *Client) drop() {
	for last := len(c.idle) - 1; last >= 0; last-- {
		cn := c.idle[last]
		if cn.wire.quiet() && time.Since(cn.idle) < c.IdleFor {
			return
		}
		_ = cn.Close()
		c.idle[last] = nil
		c.idle = c.idle[:last]
	}
}

// put keeps a connection for the next request.
func (c *Client) put(cn *conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.leaving || len(c.idle) >= c.MaxIdle {
		_ = cn.Close()
		return
	}
	cn.idle = time.Now()
	c.idle = append(c.idle, cn)
	if c.timer == nil {
		c.timer = time.AfterFunc(c.IdleFor, c.expire)
	}
}

// expire closes the connections that were idle for too long.
func (c *Client) expire() {
	c.mu.Lock()
	defer c.mu.Unlock()
	old := 0
	for old < len(c.idle) && time.Since(c.idle[old].idle) >= c.IdleFor {
		_ = c.idle[old].wire.quiet() // for who counts the connections that the server ended
		_ = c.idle[old].Close()
		old++
	}
	c.idle = slices.Delete(c.idle, 0, old)
	c.timer = nil
	if len(c.idle) > 0 {
		c.timer = time.AfterFunc(c.IdleFor-time.Since(c.idle[0].idle), c.expire)
	}
}

// CloseIdle closes the connections that nobody uses, and has those in use closed when
// they are not, unless there is another Do.
func (c *Client) CloseIdle() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, cn := range c.idle {
		_ = cn.Close()
	}
	c.idle, c.leaving = nil, true
	if c.timer != nil {
		c.timer.Stop()
		c.timer = nil
	}
}
