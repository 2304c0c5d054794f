//go:build darwin || linux

package loopback

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"testing"

	"golang.org/x/sys/unix"
)

var errGone = errors.New("the client is gone")

// Wherever a context ends a request, it fails with the cause, says whether anything of
// it may have arrived, and is no sign of a broken server.
func TestCancel(t *testing.T) {
	hold := func(wait <-chan struct{}) script { return func(*peer) { <-wait } } // reads nothing
	for name, c := range map[string]struct {
		body   []byte
		server func(cancel func(), wait <-chan struct{}) script
		sent   bool
	}{
		"before it begins": {sent: false},
		"while the head is waited for": {sent: true, body: []byte("{}"), server: func(cancel func(), _ <-chan struct{}) script {
			return func(p *peer) { p.asked(); cancel(); p.untilClosed() }
		}},
		"in the middle of the head": {sent: true, body: []byte("{}"), server: func(cancel func(), _ <-chan struct{}) script {
			return func(p *peer) { p.asked(); p.say("HTTP/1.1 200 OK\r\nConte"); cancel(); p.untilClosed() }
		}},
		"while the request is written": {sent: true, body: make([]byte, 16<<20), server: func(cancel func(), wait <-chan struct{}) script {
			return func(p *peer) { p.in.Peek(1); cancel(); hold(wait)(p) }
		}},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			stop := func() { cancel(errGone) }
			wait := make(chan struct{})
			s := listen(t, "tcp")
			if c.server != nil {
				s.scripts <- c.server(stop, wait)
			} else {
				stop()
			}
			client, n := newClient(t, s)
			_, err := client.Do(request(t, ctx, http.MethodPost), c.body)
			close(wait)
			var no *Error
			if !errors.As(err, &no) || no.Sent != c.sent || !errors.Is(err, errGone) {
				t.Errorf("%#v; want sent %v, and the cause", err, c.sent)
			}
			if n.open.Load() != 0 || n.broken.Load() != 0 {
				t.Errorf("%d connections are open, %d broken", n.open.Load(), n.broken.Load())
			}
		})
	}
}

func TestCancelWhileItIsConnected(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	c := &Client{Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		cancel(errGone)
		<-ctx.Done()
		return nil, ctx.Err()
	}}
	_, err := c.Do(request(t, ctx, http.MethodPost), []byte("{}"))
	var no *Error
	if !errors.As(err, &no) || no.Sent || !errors.Is(err, errGone) {
		t.Errorf("%#v", err)
	}
}

func TestCancelInTheBody(t *testing.T) {
	s := listen(t, "tcp", func(p *peer) {
		p.asked()
		p.say("HTTP/1.1 200 OK\r\n\r\nhalf")
		p.untilClosed()
	})
	c, n := newClient(t, s)
	ctx, cancel := context.WithCancelCause(t.Context())
	resp, err := c.Do(request(t, ctx, http.MethodGet), nil)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.(*Body).OnWait(func() { cancel(errGone) })
	for range 2 { // the second is of a body that has ended
		if _, err := io.ReadAll(resp.Body); !errors.Is(err, errGone) {
			t.Errorf("%v; want the cause", err)
		}
	}
	if n.open.Load() != 0 || n.broken.Load() != 0 {
		t.Errorf("%d connections are open, %d broken", n.open.Load(), n.broken.Load())
	}
}

// A context that ends when its answer is read has nothing to do with the connection
// any more, and leaves no deadline on it.
func TestCancelAfterTheEnd(t *testing.T) {
	s := listen(t, "tcp", func(p *peer) {
		for p.asked() != "" {
			p.say(ok)
		}
	})
	c, n := newClient(t, s)
	for range 100 {
		ctx, cancel := context.WithCancel(t.Context())
		resp, err := c.Do(request(t, ctx, http.MethodPost), []byte("{}"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := read(resp); err != nil {
			t.Fatal(err)
		}
		cancel()
	}
	if n.dialed.Load() != 1 {
		t.Errorf("%d connections were made for it", n.dialed.Load())
	}
	// One that ends before its answer was read, though that has come, may leave one.
	ctx, cancel := context.WithCancel(t.Context())
	resp, err := c.Do(request(t, ctx, http.MethodPost), []byte("{}"))
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if a, err := read(resp); a.Body != "ok" || err != nil || c.kept() != 0 {
		t.Errorf("%q, %v, %d connections are kept", a.Body, err, c.kept())
	}
}

// What is called while upstream is silent may take as long as it likes: what comes
// meanwhile, the server's end or the context's, is seen afterwards.
func TestOnWait(t *testing.T) {
	for name, c := range map[string]struct {
		then   func(p *peer, cancel func())
		body   string
		want   error
		broken int64
	}{
		"more comes":       {then: func(p *peer, _ func()) { p.say("half") }, body: "halfhalf"},
		"the server ends":  {then: func(*peer, func()) {}, body: "half", want: io.ErrUnexpectedEOF, broken: 1},
		"the server dies":  {then: func(p *peer, _ func()) { p.reset() }, body: "half", want: unix.ECONNRESET, broken: 1},
		"the context ends": {then: func(p *peer, cancel func()) { cancel(); p.untilClosed() }, body: "half", want: errGone},
	} {
		t.Run(name, func(t *testing.T) {
			waits, on := make(chan struct{}), make(chan struct{})
			ctx, cancel := context.WithCancelCause(t.Context())
			s := listen(t, "tcp", func(p *peer) {
				p.asked()
				p.say("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf")
				<-waits
				c.then(p, func() { cancel(errGone); close(on) })
				if c.want != errGone {
					_ = p.Close()
					close(on)
				}
			})
			client, n := newClient(t, s)
			resp, err := client.Do(request(t, ctx, http.MethodPost), []byte("{}"))
			if err != nil {
				t.Fatal(err)
			}
			called := 0
			resp.Body.(*Body).OnWait(func() {
				if resp.Body.(*Body).conn.wire.buffer != nil {
					t.Error("a connection that waits has a buffer")
				}
				if called++; called == 1 {
					close(waits)
					<-on
				}
			})
			a, err := read(resp)
			if a.Body != c.body || !errors.Is(err, c.want) {
				t.Errorf("%q, %v; want %q, %v", a.Body, err, c.body, c.want)
			}
			if called == 0 || n.broken.Load() != c.broken {
				t.Errorf("it was called %d times, %d connections broke", called, n.broken.Load())
			}
		})
	}
}

// What one answer has called is not called for the next on its connection.
func TestOnWaitEnds(t *testing.T) {
	waits := make(chan struct{})
	s := listen(t, "tcp", func(p *peer) {
		p.asked()
		p.say(ok)
		p.asked()
		<-waits
		p.say(ok)
	})
	c, _ := newClient(t, s)
	resp, err := c.Do(request(t, t.Context(), http.MethodPost), []byte("{}"))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.(*Body).OnWait(func() { t.Error("it is called for the next answer") })
	if _, err := read(resp); err != nil {
		t.Fatal(err)
	}
	resp.Body.(*Body).OnWait(func() { t.Error("an answer that has ended has something called") })
	w := c.idle[0].wire
	reads := w.reads
	w.reads = func(fd uintptr) bool {
		done := reads(fd)
		if !done {
			close(waits)
		}
		return done
	}
	mustAsk(t, c, http.MethodPost, "{}")
}

// A panic of what is called goes to who reads, who can still close the body.
func TestOnWaitPanics(t *testing.T) {
	s := listen(t, "tcp", func(p *peer) {
		p.asked()
		p.say("HTTP/1.1 200 OK\r\n\r\n")
		p.untilClosed()
	})
	c, n := newClient(t, s)
	resp, err := c.Do(request(t, t.Context(), http.MethodGet), nil)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.(*Body).OnWait(func() { panic(errGone) })
	func() {
		defer resp.Body.Close()
		defer func() {
			if p := recover(); p != errGone {
				t.Errorf("it panicked with %v", p)
			}
		}()
		_, _ = io.ReadAll(resp.Body)
	}()
	<-s.done
	if n.open.Load() != 0 {
		t.Errorf("%d connections are open", n.open.Load())
	}
}
