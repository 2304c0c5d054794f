package loopback

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"syscall"
	"time"
)

const (
	// waitBuffer is what a connection waits with, in bytes: room for several of the
	// chunks that a model sends.
	waitBuffer = 2 << 10
	// maxHead is the largest head of an answer, in bytes, with that of each 1xx before it.
	maxHead = 1 << 20
)

var errHead = errors.New("the answer's headers are larger than 1 MB")

// conn is a connection, used by one request at a time.
type conn struct {
	net.Conn
	of   *Client
	wire *wire
	in   *bufio.Reader // of conn itself
	idle time.Time     // since when nobody uses it

	// The rest is of the request under way.
	head  int           // bytes that the head of the answer may still have, < 0 for no bound
	sent  bool          // some of the request went out
	heard bool          // some of the answer came
	wrote chan struct{} // closed when the rest of the request is written, nil where there is none
	// failed is why the rest of the request is not written to its end. It is to be read
	// once wrote is closed.
	failed error
}

func newConn(of *Client, nc net.Conn) (*conn, error) {
	system, ok := nc.(syscall.Conn)
	if !ok {
		_ = nc.Close()
		return nil, fmt.Errorf("a connection of type %T is none of the system's", nc)
	}
	raw, err := system.SyscallConn()
	if err != nil {
		_ = nc.Close()
		return nil, err
	}
	w, err := newWire(raw, of.crowd)
	if err != nil {
		_ = nc.Close()
		return nil, err
	}
	c := &conn{Conn: nc, of: of, wire: w}
	c.in = bufio.NewReaderSize(c, waitBuffer)
	return c, nil
}

// Read implements io.Reader for the buffer.
func (c *conn) Read(p []byte) (int, error) {
	if c.head == 0 {
		return 0, errHead
	}
	if c.head > 0 {
		p = p[:min(len(p), c.head)]
	}
	n, err := c.wire.Read(p)
	c.heard = c.heard || n > 0
	if c.head > 0 {
		c.head -= n
	}
	return n, err
}

// Close implements net.Conn. Who counts the connections that the server ended, or that
// broke, counts what the connection's own Read fails with, which is not what this
// package reads with: it is called for it.
func (c *conn) Close() error {
	if c.wire.over {
		_ = c.SetReadDeadline(past) // it has nothing to wait for
		_, _ = c.Conn.Read(make([]byte, 1))
	}
	return c.Conn.Close()
}

// exchange sends a request and reads the head of its answer. After an error the
// connection is closed.
func (c *conn) exchange(req *http.Request, body []byte) (*http.Response, error) {
	c.head, c.sent, c.heard, c.wrote, c.failed = maxHead, false, false, nil, nil
	c.of.inFlight.Add(1)
	b := &Body{conn: c, ctx: req.Context()}
	b.unhook = context.AfterFunc(b.ctx, c.interrupt)
	resp, err := c.roundTrip(req, body)
	b.wrote = c.wrote
	if err != nil {
		b.end(err)
		return nil, b.ended
	}
	c.head = -1
	b.from, b.keep = resp.Body, !resp.Close && resp.StatusCode >= 200
	resp.Body = b
	if b.from == http.NoBody {
		b.end(io.EOF)
	}
	return resp, nil
}

// past is a deadline that is over.
var past = time.Unix(1, 0)

// interrupt ends reads and writes.
func (c *conn) interrupt() { _ = c.SetDeadline(past) }

func (c *conn) roundTrip(req *http.Request, body []byte) (*http.Response, error) {
	if err := c.write(req, body); err != nil {
		return nil, err
	}
	// A request of its own, because the answer holds the one that it is given.
	asked := &http.Request{Method: req.Method}
	for {
		resp, err := http.ReadResponse(c.in, asked)
		if err != nil && c.head == 0 {
			err = errHead // ReadResponse may know of a line only that it was cut
		}
		if err != nil || resp.StatusCode/100 != 1 || resp.StatusCode == http.StatusSwitchingProtocols {
			return resp, err
		}
	}
}

// write sends as much of the request as the system takes at once, and has the rest
// written beside the reading of the answer.
func (c *conn) write(req *http.Request, body []byte) error {
	head := heads.Get().(*bytes.Buffer)
	head.Reset()
	writeHead(head, req, body)
	n, err := c.wire.Writev(head.Bytes(), body)
	c.sent = n > 0
	switch {
	case err != nil:
		return err
	case n == head.Len()+len(body):
		heads.Put(head)
		return nil
	}
	rest := net.Buffers{head.Bytes(), body}
	for len(rest) > 0 && n >= len(rest[0]) {
		n -= len(rest[0])
		rest = rest[1:]
	}
	rest[0] = rest[0][n:]
	c.sent = true // it will be in a moment
	c.wrote = make(chan struct{})
	go c.writeRest(rest)
	return nil
}

// writeRest ends with wrote.
func (c *conn) writeRest(rest net.Buffers) {
	defer close(c.wrote)
	_, c.failed = rest.WriteTo(c.Conn)
	switch {
	case c.failed == nil, errors.Is(c.failed, syscall.EPIPE), errors.Is(c.failed, syscall.ECONNRESET):
		// The reader meets the end of the connection, too, and the answer may have come
		// before it, to a request that was not read to its end.
	default:
		_ = c.SetReadDeadline(past) // the server waits for what does not come
	}
}
