//go:build darwin || linux

package loopback

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// large is more than any system takes at once.
const large = 16 << 20

func untilRequestRead(b *Body) {
	for !b.RequestRead() { // a test that hangs here never lets go of it
		runtime.Gosched()
	}
}

// A request that is larger than what the system takes at once arrives whole, and its
// bytes may be written over as soon as that is said.
func TestLargeRequest(t *testing.T) {
	want := bytes.Repeat([]byte("clawrouter-codex"), large/16)
	s := listen(t, "tcp", func(p *peer) {
		for range 2 {
			if got := p.asked(); got != "POST /v1/x "+string(want) {
				t.Errorf("another request arrived, of %d bytes", len(got))
			}
			p.say("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlong")
		}
	})
	c, n := newClient(t, s)
	for range 2 {
		body := bytes.Clone(want)
		resp, err := c.Do(request(t, t.Context(), http.MethodPost), body)
		if err != nil {
			t.Fatal(err)
		}
		untilRequestRead(resp.Body.(*Body))
		clear(body)
		if a, err := read(resp); a.Body != "long" || err != nil {
			t.Errorf("%q, %v", a.Body, err)
		}
	}
	if n.dialed.Load() != 1 {
		t.Errorf("%d connections were made for it", n.dialed.Load())
	}
}

// late is a connection whose writer is not told at once that it has written.
type late struct {
	*counted
	until <-chan struct{}
}

func (l late) Write(p []byte) (int, error) {
	n, err := l.counted.Write(p)
	<-l.until
	return n, err
}

// An answer may be there before the writer of its request knows that it has written all
// of it. The connection is used again all the same.
func TestLateWriter(t *testing.T) {
	s := listen(t, "tcp", func(p *peer) { p.asked(); p.say(ok); p.asked(); p.say(ok) })
	c, n := newClient(t, s)
	told := make(chan struct{})
	dial := c.Dial
	c.moment, c.Dial = time.Hour, func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := dial(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		return late{conn.(*counted), told}, nil
	}
	resp, err := c.Do(request(t, t.Context(), http.MethodPost), make([]byte, large))
	if err != nil {
		t.Fatal(err)
	}
	if resp.Body.(*Body).RequestRead() {
		t.Error("the request may be written over while it is written")
	}
	go close(told)
	if a, err := read(resp); a.Body != "ok" || err != nil {
		t.Errorf("%q, %v", a.Body, err)
	}
	mustAsk(t, c, http.MethodPost, "{}")
	if n.dialed.Load() != 1 {
		t.Error("it was another connection")
	}
}

// A server may answer before it has read the request. Its answer counts; what it does
// with the rest of the request decides about the connection alone.
func TestEarlyAnswer(t *testing.T) {
	const refused = "HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno"
	for name, server := range map[string]script{
		"and never reads": func(p *peer) { p.in.Peek(1); p.say(refused); <-p.ended; p.untilClosed() },
		"and ends":        func(p *peer) { p.in.Peek(1); p.say(refused) },
		"and resets":      func(p *peer) { p.in.Peek(1); p.say(refused); <-p.ended; p.reset() },
		"and ends its half": func(p *peer) {
			p.in.Peek(1)
			p.say(refused)
			_ = p.Conn.(*net.TCPConn).CloseWrite()
			<-p.ended
			p.untilClosed()
		},
		"before it has read anything": func(p *peer) { p.say(refused); <-p.ended; p.untilClosed() },
		"and says that it is the last": func(p *peer) {
			p.in.Peek(1)
			p.say("HTTP/1.1 413 Too Large\r\nConnection: close\r\n\r\nno")
			_ = p.Conn.(*net.TCPConn).CloseWrite()
			p.untilClosed()
		},
		"that says it would read it": func(p *peer) {
			p.in.Peek(1)
			p.say("HTTP/1.1 100 Continue\r\n\r\n" + refused)
			<-p.ended
			p.untilClosed()
		},
	} {
		t.Run(name, func(t *testing.T) {
			ended := make(chan struct{})
			s := listen(t, "tcp", func(p *peer) { p.ended = ended; server(p) }, func(p *peer) { p.asked(); p.say(ok) })
			c, n := newClient(t, s)
			resp, err := c.Do(request(t, t.Context(), http.MethodPost), make([]byte, large))
			if err != nil {
				t.Fatal(err)
			}
			body := resp.Body.(*Body)
			a, err := read(resp)
			close(ended)
			if a.Status != http.StatusRequestEntityTooLarge || a.Body != "no" || err != nil {
				t.Errorf("%d %q, %v", a.Status, a.Body, err)
			}
			if !body.RequestRead() || n.open.Load() != 0 {
				t.Errorf("request read: %v, %d connections are open", body.RequestRead(), n.open.Load())
			}
			mustAsk(t, c, http.MethodPost, "{}")
		})
	}
}

// An answer without a length ends with its connection. Where that breaks it is not
// whole, whoever meets the break: the reader of the answer, or the writer of the request.
func TestBrokenAnswerWithoutALength(t *testing.T) {
	for name, size := range map[string]int{"small request": 2, "large request": large} {
		t.Run(name, func(t *testing.T) {
			had := make(chan struct{})
			s := listen(t, "tcp", func(p *peer) {
				p.in.Peek(1)
				p.say("HTTP/1.1 200 OK\r\n\r\nhalf")
				<-had
				p.reset()
			})
			c, n := newClient(t, s)
			resp, err := c.Do(request(t, t.Context(), http.MethodPost), make([]byte, size))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.ReadFull(resp.Body, make([]byte, 4)); err != nil {
				t.Fatal(err)
			}
			close(had)
			if size == large {
				untilRequestRead(resp.Body.(*Body)) // the writer has met it
			}
			if _, err := resp.Body.Read(make([]byte, 4)); !errors.Is(err, unix.ECONNRESET) && !errors.Is(err, unix.EPIPE) {
				t.Errorf("it ends with: %v", err)
			}
			if n.broken.Load() != 1 {
				t.Errorf("%d connections count as broken", n.broken.Load())
			}
		})
	}
}

// Where the context has ended, too, that is why.
func TestBrokenAndCancelled(t *testing.T) {
	had := make(chan struct{})
	s := listen(t, "tcp", func(p *peer) {
		p.in.Peek(1)
		p.say("HTTP/1.1 200 OK\r\n\r\n")
		<-had
		p.reset()
	})
	c, _ := newClient(t, s)
	ctx, cancel := context.WithCancelCause(t.Context())
	resp, err := c.Do(request(t, ctx, http.MethodPost), make([]byte, large))
	if err != nil {
		t.Fatal(err)
	}
	close(had)
	untilRequestRead(resp.Body.(*Body))
	cancel(errGone)
	if _, err := io.ReadAll(resp.Body); !errors.Is(err, errGone) {
		t.Errorf("%v; want the cause", err)
	}
}

// failing is a connection that cannot be written to for a moment.
type failing struct {
	*counted // hides that it is one which writes several buffers at once
	from     <-chan struct{}
}

func (f failing) Write([]byte) (int, error) {
	<-f.from
	return 0, os.NewSyscallError("write", unix.ENOBUFS)
}

// Where the rest of a request cannot be written, nobody waits for an answer to it, and
// the connection is not used again: the next request would be read as the rest.
func TestTheRestCannotBeWritten(t *testing.T) {
	client := func(s *raw, from <-chan struct{}) *Client {
		return &Client{Addr: s.Addr().String(), IdleFor: 1, MaxIdle: 1, Dial: func(ctx context.Context, network, addr string) (net.Conn, error) {
			conn, err := new(net.Dialer).DialContext(ctx, network, addr)
			if err != nil {
				return nil, err
			}
			return failing{&counted{Conn: conn, of: new(counts)}, from}, nil
		}}
	}
	t.Run("before the answer", func(t *testing.T) {
		at := make(chan struct{})
		close(at)
		s := listen(t, "tcp", func(p *peer) { p.untilClosed() })
		_, err := ask(t, client(s, at), http.MethodPost, strings.Repeat(" ", large))
		var no *Error
		if !errors.Is(err, unix.ENOBUFS) || !errors.As(err, &no) || !no.Sent {
			t.Errorf("%#v", err)
		}
	})
	t.Run("after the answer", func(t *testing.T) {
		at := make(chan struct{})
		s := listen(t, "tcp", func(p *peer) { p.in.Peek(1); p.say(ok); p.untilClosed() })
		c := client(s, at)
		resp, err := c.Do(request(t, t.Context(), http.MethodPost), make([]byte, large))
		if err != nil {
			t.Fatal(err)
		}
		close(at)
		untilRequestRead(resp.Body.(*Body))
		if a, err := read(resp); a.Body != "ok" || err != nil || c.kept() != 0 {
			t.Errorf("%q, %v, %d connections are kept", a.Body, err, c.kept())
		}
	})
}

// A connection that is none of the system's is of no use here, and is not left open.
func TestForeignConnection(t *testing.T) {
	ours, theirs := net.Pipe()
	c := &Client{Dial: func(context.Context, string, string) (net.Conn, error) { return ours, nil }}
	_, err := c.Do(request(t, t.Context(), http.MethodPost), []byte("{}"))
	var no *Error
	if !errors.As(err, &no) || no.Sent {
		t.Errorf("%#v", err)
	}
	if _, err := theirs.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("its other end: %v", err)
	}
}
