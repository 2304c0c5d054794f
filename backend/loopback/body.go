package loopback

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"time"
)

// Body is the body of an answer. Its methods are called by one goroutine at a time.
type Body struct {
	conn   *conn // not to be touched once ended is set: another request may have it
	ctx    context.Context
	unhook func() bool
	from   io.ReadCloser
	wrote  <-chan struct{} // closed when the rest of the request is written, nil where there is none
	keep   bool            // the connection may be used again
	ended  error
}

var errClosed = errors.New("the answer's body was closed")

// OnWait has f called whenever a Read finds nothing, before it waits. f may take its
// time, and may not use the Body.
func (b *Body) OnWait(f func()) {
	if b.ended == nil {
		b.conn.wire.onWait = f
	}
}

// RequestRead reports whether the bytes of the request were read for the last time,
// so that they may be written over.
func (b *Body) RequestRead() bool {
	if b.wrote == nil {
		return true
	}
	select {
	case <-b.wrote:
		return true
	default:
		return false
	}
}

// Read implements io.Reader. What the context ends fails with its cause.
func (b *Body) Read(p []byte) (int, error) {
	if b.ended != nil {
		return 0, b.ended
	}
	n, err := b.from.Read(p)
	if err != nil {
		if !errors.Is(err, io.EOF) {
			err = cause(b.ctx, err)
		}
		b.end(err)
		err = b.ended
	}
	return n, err
}

// cause is why ctx ended, where it has: that another thing failed comes of it.
func cause(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// Close implements io.Closer. Before the end of the answer it ends the connection.
func (b *Body) Close() error {
	if b.ended == nil {
		b.end(errClosed)
	}
	return nil
}

// end is called once, when the connection is needed no more.
func (b *Body) end(err error) {
	b.ended = err
	c := b.conn
	c.of.inFlight.Add(-1)
	c.wire.onWait = nil
	whole := b.keep && errors.Is(err, io.EOF) && c.in.Buffered() == 0 && len(c.wire.left) == 0 && b.written()
	if b.unhook() && whole {
		c.of.put(c)
		return
	}
	_ = c.Close()
	if b.wrote != nil {
		<-b.wrote
		b.blame()
	}
	c.wire.drop()
}

// written reports whether the whole request was written. It waits a moment for that: a
// server that answers at once does so before who wrote the rest has come to say so.
func (b *Body) written() bool {
	if !b.RequestRead() {
		moment := time.NewTimer(cmp.Or(b.conn.of.moment, 50*time.Millisecond))
		defer moment.Stop()
		select {
		case <-b.wrote:
		case <-moment.C:
			return false
		}
	}
	return b.conn.failed == nil
}

// blame has the answer end with what went wrong with the request, where the answer's
// own end comes of it. The system tells of a reset once: where it told who was writing,
// the reader met an end, which may be taken for that of an answer without a length.
func (b *Body) blame() {
	c := b.conn
	switch {
	case c.failed == nil, errors.Is(c.failed, net.ErrClosed), errors.Is(c.failed, os.ErrDeadlineExceeded):
		// It did not fail before the answer ended.
	case c.wire.over, errors.Is(b.ended, os.ErrDeadlineExceeded):
		b.ended = cause(b.ctx, c.failed)
	}
}
