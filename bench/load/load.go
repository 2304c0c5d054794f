package load

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// requestTimeout bounds one request, however busy the machine.
const requestTimeout = 2 * time.Minute

// Generator hands out ids that no earlier request of this run had. The zero
// value is ready.
type Generator struct{ turns, threads atomic.Uint64 }

// Plan is how a target is loaded.
type Plan struct {
	Streams  int // connections, each with one request at a time
	Requests int // in all
	// FirstToken, if set, is called from the stream's goroutine when the first
	// token of an answer has come.
	FirstToken func()
}

// Result is what came of a Plan.
type Result struct {
	Samples []Sample
	Elapsed time.Duration // from the first request to the last answer's end
}

// Run loads t until the plan is done or a request fails. Connections are open
// before the clock starts.
func (g *Generator) Run(ctx context.Context, t Target, req *Request, plan Plan) (Result, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	conns := make([]*conn, plan.Streams)
	for i := range conns {
		c, err := dial(ctx, t)
		if err != nil {
			return Result{}, fmt.Errorf("%s: %w", t.Name, err)
		}
		defer c.close()
		c.thread = uuid(1, g.threads.Add(1))
		if plan.FirstToken != nil {
			c.firstToken = plan.FirstToken
		}
		conns[i] = c
	}
	samples := make([]Sample, plan.Requests)
	var next atomic.Int64
	var streams sync.WaitGroup
	start := time.Now()
	for _, c := range conns {
		streams.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(samples)) && ctx.Err() == nil; i = next.Add(1) - 1 {
				var err error
				if samples[i], err = c.do(req, uuid(2, g.turns.Add(1))); err != nil {
					cancel(fmt.Errorf("%s: request %d: %w", t.Name, i+1, err))
				}
			}
		})
	}
	streams.Wait()
	r := Result{Samples: samples, Elapsed: time.Since(start)}
	if ctx.Err() != nil {
		return Result{}, context.Cause(ctx)
	}
	return r, nil
}

// Fetch sends one request and returns the whole body of its answer.
func (g *Generator) Fetch(ctx context.Context, t Target, req *Request) ([]byte, error) {
	c, err := dial(ctx, t)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", t.Name, err)
	}
	defer c.close()
	c.thread = uuid(1, g.threads.Add(1))
	resp, err := c.send(req, uuid(2, g.turns.Add(1)))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", t.Name, err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, fmt.Errorf("%s: read the answer: %w", t.Name, err)
	}
	return b, nil
}

// conn is one connection with one request at a time.
type conn struct {
	net        net.Conn
	protocol   Protocol
	wire       *bufio.Reader
	lines      *bufio.Reader
	thread     []byte
	firstToken func()
	vec        net.Buffers
	release    func() bool
}

func dial(ctx context.Context, t Target) (*conn, error) {
	var d net.Dialer
	n, err := d.DialContext(ctx, "tcp", t.Addr)
	if err != nil {
		return nil, err
	}
	c := &conn{net: n, protocol: t.Protocol, firstToken: func() {},
		wire: bufio.NewReaderSize(n, 32<<10), lines: bufio.NewReaderSize(nil, 16<<10)}
	// Whoever stops the run must not wait for a target that has hung.
	c.release = context.AfterFunc(ctx, func() { n.Close() })
	return c, nil
}

func (c *conn) close() {
	c.release()
	c.net.Close()
}

// send writes req and reads the answer's header.
func (c *conn) send(req *Request, turn []byte) (*http.Response, error) {
	if err := c.net.SetDeadline(time.Now().Add(requestTimeout)); err != nil {
		return nil, err
	}
	c.vec = req.buffers(c.vec, c.thread, turn)
	// WriteTo consumes its receiver; vec keeps the slice for the next request.
	vec := c.vec
	if _, err := vec.WriteTo(c.net); err != nil {
		return nil, fmt.Errorf("write the request: %w", err)
	}
	resp, err := http.ReadResponse(c.wire, nil)
	if err != nil {
		return nil, fmt.Errorf("read the answer's header: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		b, _ := io.ReadAll(io.LimitReader(resp.Body, maxQuote))
		resp.Body.Close()
		return nil, fmt.Errorf("%s: %s", resp.Status, b)
	}
	return resp, nil
}

func (c *conn) do(req *Request, turn []byte) (Sample, error) {
	start := time.Now()
	resp, err := c.send(req, turn)
	if err != nil {
		return Sample{}, err
	}
	defer resp.Body.Close()
	c.lines.Reset(resp.Body)
	return c.protocol.read(c.lines, start, c.firstToken)
}
