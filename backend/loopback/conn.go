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
	"strconv"
	"sync"
	"syscall"
	"time"
)

const (
	// waitBuffer is what a connection waits with, in bytes: room for several of the
	// chunks that a model sends.
	waitBuffer = 2 << 10
	// maxHead is the largest head of an answer, in bytes.
	maxHead = 1 << 20
	// maxInformed is how many 1xx answers may come before the answer itself.
	maxInformed = 5
)

var (
	errHead     = errors.New("the answer's headers are larger than 1 MB")
	errInformed = errors.New("the server sends 1xx answers and no other")
)

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
	c := &conn{Conn: nc, of: of, wire: newWire(raw)}
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
	if n == 0 && err == nil {
		// The end, or an error: read where who counts broken connections sees it.
		n, err = c.Conn.Read(p)
	}
	c.heard = c.heard || n > 0
	if c.head > 0 {
		c.head -= n
	}
	return n, err
}

// quiet reports whether the server has said nothing since the last answer: neither
// that it ends the connection, nor what nobody asked for.
func (c *conn) quiet() bool {
	if c.wire.quiet() {
		return true
	}
	_, _ = c.Conn.Read(make([]byte, 1)) // see Read
	return false
}

// exchange sends a request and reads the head of its answer. After an error the
// connection is closed.
func (c *conn) exchange(req *http.Request, body []byte) (*http.Response, error) {
	c.head, c.sent, c.heard, c.wrote = maxHead, false, false, nil
	b := &Body{conn: c, ctx: req.Context()}
	b.unhook = context.AfterFunc(b.ctx, c.interrupt)
	resp, err := c.roundTrip(req, body)
	b.wrote = c.wrote
	if err != nil {
		b.end(err)
		return nil, err
	}
	c.head = -1
	b.from, b.keep = resp.Body, !resp.Close && resp.StatusCode >= 200
	resp.Body = b
	if b.from == http.NoBody {
		b.end(io.EOF)
	}
	return resp, nil
}

// interrupt ends reads and writes.
func (c *conn) interrupt() { _ = c.SetDeadline(time.Unix(1, 0)) }

func (c *conn) roundTrip(req *http.Request, body []byte) (*http.Response, error) {
	if err := c.write(req, body); err != nil {
		return nil, err
	}
	// A request of its own, because the answer holds the one that it is given.
	asked := &http.Request{Method: req.Method}
	for range maxInformed {
		resp, err := http.ReadResponse(c.in, asked)
		if err != nil {
			return nil, err
		}
		if resp.StatusCode >= 200 || resp.StatusCode == http.StatusSwitchingProtocols {
			return resp, nil
		}
	}
	return nil, errInformed
}

var heads = sync.Pool{New: func() any { return new(bytes.Buffer) }}

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
	go func(wrote chan<- struct{}) {
		defer close(wrote)
		// Its error is one of the connection, which the reader meets, too; and the
		// answer to a request that was not read to its end may have come before it.
		_, _ = rest.WriteTo(c.Conn)
	}(c.wrote)
	return nil
}

func writeHead(head *bytes.Buffer, req *http.Request, body []byte) {
	head.WriteString(req.Method + " " + req.URL.RequestURI() + " HTTP/1.1\r\nHost: " + req.URL.Host + "\r\n")
	if body != nil {
		head.WriteString("Content-Length: ")
		head.Write(strconv.AppendInt(head.AvailableBuffer(), int64(len(body)), 10))
		head.WriteString("\r\n")
	}
	_ = req.Header.Write(head) // to memory
	head.WriteString("\r\n")
}
