//go:build darwin || linux

package loopback

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A connection takes the next request where HTTP allows it (RFC 9112, 9.3), and where
// it is known where the answer ended.
func TestConnectionIsUsedAgain(t *testing.T) {
	huge := strings.Repeat("x", 3_000_000)
	for name, c := range map[string]struct {
		answer string
		body   string
		ends   bool // the server ends the connection, and the answer with it
		again  bool
	}{
		"with a length":               {answer: ok, body: "ok", again: true},
		"with a length of 0":          {answer: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", again: true},
		"in chunks":                   {answer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\no\r\n1\r\nk\r\n0\r\n\r\n", body: "ok", again: true},
		"in no chunks":                {answer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", again: true},
		"with trailers":               {answer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X\r\n\r\n2\r\nok\r\n0\r\nX: y\r\n\r\n", body: "ok", again: true},
		"without content":             {answer: "HTTP/1.1 204 No Content\r\n\r\n", again: true},
		"not modified, with a length": {answer: "HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n", again: true},
		"of HTTP/1.0 that stays":      {answer: "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok", body: "ok", again: true},
		"larger than a head may be":   {answer: "HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\n\r\n" + huge, body: huge, again: true},
		"after 102 and 103":           {answer: "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + ok, body: "ok", again: true},
		"after a long wait":           {answer: strings.Repeat("HTTP/1.1 102 Processing\r\n\r\n", 100) + ok, body: "ok", again: true},
		"of HTTP/1.0":                 {answer: "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", body: "ok"},
		"that says close":             {answer: "HTTP/1.1 200 OK\r\nConnection: x, Close\r\nContent-Length: 2\r\n\r\nok", body: "ok"},
		"without a length":            {answer: "HTTP/1.1 200 OK\r\n\r\nok", body: "ok", ends: true},
		"with another after it":       {answer: ok + ok, body: "ok"},
		"with a byte after it":        {answer: ok + "\n", body: "ok"},
		"with what has no place":      {answer: "HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\nok"},
		"that changes the protocol":   {answer: "HTTP/1.1 101 Switching Protocols\r\n\r\n"},
		"with a status below 100":     {answer: "HTTP/1.1 099 What\r\nContent-Length: 2\r\n\r\nok", body: "ok"},
	} {
		t.Run(name, func(t *testing.T) {
			s := listen(t, "unix", func(p *peer) {
				p.asked()
				p.say(c.answer)
				if !c.ends && p.asked() != "" {
					p.say(ok)
				}
			}, func(p *peer) {
				p.asked()
				p.say(ok)
			})
			client, n := newClient(t, s)
			a, err := ask(t, client, http.MethodPost, "{}")
			if a.Body != c.body || err != nil {
				t.Errorf("the answer: %.100q, %v", a.Body, err)
			}
			mustAsk(t, client, http.MethodPost, "{}")
			if again := n.dialed.Load() == 1; again != c.again {
				t.Errorf("the connection was used again: %v", again)
			}
		})
	}
}

// What comes after an answer, on a connection that nobody uses, ends it: one byte must
// not be waited after.
func TestUnaskedByte(t *testing.T) {
	more := make(chan string)
	s := listen(t, "unix", func(p *peer) {
		p.asked()
		p.say(ok)
		p.say(<-more)
		if !p.untilClosed() {
			t.Error("the connection was used again")
		}
	}, func(p *peer) { p.asked(); p.say(ok) })
	c, n := newClient(t, s)
	mustAsk(t, c, http.MethodGet, "")
	more <- "\n"
	untilReadable(t, c, 0)
	mustAsk(t, c, http.MethodGet, "")
	if broken := n.broken.Load(); broken != 0 {
		t.Errorf("%d connections count as broken", broken)
	}
}

// Nothing is sent twice that may have arrived, but a GET on a connection that breaks in
// the moment in which it is used again, which is how a server ends one.
func TestSentAgain(t *testing.T) {
	ends := func(p *peer) { p.asked() }
	for name, c := range map[string]struct {
		method, body string
		used         bool // the connection, for another request before
		server       script
		again        bool
	}{
		"GET on a used connection that ends":               {method: "GET", used: true, server: ends, again: true},
		"GET on a used connection that is reset":           {method: "GET", used: true, server: func(p *peer) { p.asked(); p.reset() }, again: true},
		"GET on a new connection that ends":                {method: "GET", server: ends},
		"GET on a used connection that ends in the answer": {method: "GET", used: true, server: func(p *peer) { p.asked(); p.say("H") }},
		"POST on a used connection that ends":              {method: "POST", body: "{}", used: true, server: ends},
		"DELETE, which has no body":                        {method: "DELETE", used: true, server: ends},
		"POST on a new connection that ends":               {method: "POST", body: "{}", server: ends},
		"POST that is larger than what is taken at once":   {method: "POST", body: strings.Repeat(" ", 16<<20), used: true, server: func(p *peer) { p.in.Peek(1); p.reset() }},
	} {
		t.Run(name, func(t *testing.T) {
			s := listen(t, "tcp", func(p *peer) {
				if c.used {
					p.asked()
					p.say(ok)
				}
				c.server(p)
			})
			client, n := newClient(t, s)
			if c.used {
				mustAsk(t, client, http.MethodGet, "")
			}
			if c.again {
				s.scripts <- func(p *peer) { p.asked(); p.say(ok) }
			}
			_, err := ask(t, client, c.method, c.body)
			var no *Error
			switch {
			case c.again && err != nil:
				t.Errorf("it was not sent again: %v", err)
			case !c.again && (!errors.As(err, &no) || !no.Sent):
				t.Errorf("%v; want an error that says it may have arrived", err)
			}
			if broken := n.broken.Load(); broken != 1 {
				t.Errorf("%d connections count as broken", broken)
			}
		})
	}
}

// A connection that takes nothing any more, which no look at it can tell, is given up
// for another, and counts as broken: another server may have taken the port.
func TestNothingWentOut(t *testing.T) {
	s := listen(t, "tcp", func(p *peer) {
		p.asked()
		p.say(ok)
		p.untilClosed()
	}, func(p *peer) {
		if got := p.asked(); got != "POST /v1/x {}" {
			t.Errorf("the other connection is asked %q", got)
		}
		p.say(ok)
	})
	c, n := newClient(t, s)
	mustAsk(t, c, http.MethodPost, "{}")
	_ = c.idle[0].wire.raw.Control(func(fd uintptr) { _ = unix.Shutdown(int(fd), unix.SHUT_WR) })
	c.idle[0].wire.looks = func(uintptr) bool { // the server's end of it is not there yet
		c.idle[0].wire.err = unix.EAGAIN
		return true
	}
	mustAsk(t, c, http.MethodPost, "{}")
	if broken, open := n.broken.Load(), n.open.Load(); broken != 1 || open != 1 {
		t.Errorf("%d connections count as broken, %d as open", broken, open)
	}
}

// What the system does not take at once may arrive all the same.
func TestNothingIsTakenAtOnce(t *testing.T) {
	s := listen(t, "tcp", func(p *peer) {
		p.asked()
		p.say(ok)
		if got := p.asked(); got != "POST /v1/x {}" {
			t.Errorf("it is asked %q", got)
		}
	})
	c, _ := newClient(t, s)
	mustAsk(t, c, http.MethodPost, "{}")
	w := c.idle[0].wire
	w.writes = func(uintptr) bool { w.n, w.err = -1, unix.EAGAIN; return true }
	_, err := ask(t, c, http.MethodPost, "{}")
	var no *Error
	if !errors.As(err, &no) || !no.Sent {
		t.Errorf("%#v; want an error that says it may have arrived", err)
	}
}

// What is done before a request is sent comes before what the server does with it, for
// the race detector, too.
func TestBeforeTheServer(t *testing.T) {
	said := ""
	s := listen(t, "tcp", func(p *peer) { p.asked(); p.say(said) })
	c, _ := newClient(t, s)
	said = ok
	mustAsk(t, c, http.MethodPost, "{}")
}

// Look finds a connection that was ended below one that is alive.
func TestLook(t *testing.T) {
	end, stay := make(chan struct{}), make(chan struct{})
	ended := func(p *peer) { p.asked(); p.say(ok); <-end }
	alive := func(p *peer) { p.asked(); <-stay; p.say(ok); p.untilClosed() }
	s := listen(t, "tcp", alive)
	c, n := newClient(t, s)
	first := make(chan error)
	go func() { _, err := ask(t, c, http.MethodGet, ""); first <- err }()
	for len(s.scripts) > 0 { // each has a connection of its own
		runtime.Gosched()
	}
	s.scripts <- ended
	mustAsk(t, c, http.MethodGet, "")
	close(stay)
	if err := <-first; err != nil {
		t.Fatal(err)
	}
	c.Look()
	if n.open.Load() != 2 || n.broken.Load() != 0 {
		t.Errorf("%d connections are open, %d broken; want 2 and 0", n.open.Load(), n.broken.Load())
	}
	close(end)
	untilReadable(t, c, 0)
	c.Look()
	if n.open.Load() != 1 || n.broken.Load() != 1 {
		t.Errorf("%d connections are open, %d broken; want 1 and 1", n.open.Load(), n.broken.Load())
	}
}

// Connections are kept for as long, and as many, as is said.
func TestIdle(t *testing.T) {
	serve := func(p *peer) {
		for p.asked() != "" {
			p.say(ok)
		}
	}
	t.Run("one that is too old is not used", func(t *testing.T) {
		c, n := newClient(t, listen(t, "tcp", serve, serve))
		mustAsk(t, c, http.MethodGet, "")
		c.idle[0].idle = time.Now().Add(-c.IdleFor)
		mustAsk(t, c, http.MethodGet, "")
		if n.dialed.Load() != 2 || n.open.Load() != 1 || n.broken.Load() != 0 {
			t.Errorf("%d were made, %d are open, %d broken", n.dialed.Load(), n.open.Load(), n.broken.Load())
		}
	})
	t.Run("nobody comes again", func(t *testing.T) {
		s := listen(t, "tcp", serve, serve)
		c, n := newClient(t, s)
		c.IdleFor = time.Millisecond
		mustAsk(t, c, http.MethodGet, "")
		<-s.done
		mustAsk(t, c, http.MethodGet, "") // the timer runs for this one, too
		<-s.done
		if n.broken.Load() != 0 {
			t.Errorf("%d count as broken", n.broken.Load())
		}
	})
	t.Run("one that the server ended before it is too old", func(t *testing.T) {
		c, n := newClient(t, listen(t, "tcp", func(p *peer) { p.asked(); p.say(ok) }))
		mustAsk(t, c, http.MethodGet, "")
		untilReadable(t, c, 0)
		c.idle[0].idle = time.Now().Add(-c.IdleFor)
		c.expire()
		if n.open.Load() != 0 || n.broken.Load() != 1 {
			t.Errorf("%d are open, %d broken", n.open.Load(), n.broken.Load())
		}
	})
	t.Run("too many", func(t *testing.T) {
		c, n := newClient(t, listen(t, "tcp", serve, serve))
		c.MaxIdle = 1
		one, err := c.Do(request(t, t.Context(), http.MethodGet), nil)
		if err != nil {
			t.Fatal(err)
		}
		mustAsk(t, c, http.MethodGet, "")
		if _, err := read(one); err != nil || c.kept() != 1 || n.open.Load() != 1 {
			t.Errorf("%v, %d are kept, %d open", err, c.kept(), n.open.Load())
		}
	})
	t.Run("one in use when all are closed", func(t *testing.T) {
		c, n := newClient(t, listen(t, "tcp", serve, serve))
		one, err := c.Do(request(t, t.Context(), http.MethodGet), nil)
		if err != nil {
			t.Fatal(err)
		}
		c.CloseIdle()
		if a, err := read(one); err != nil || a.Body != "ok" || n.open.Load() != 0 {
			t.Errorf("%q, %v, %d are open", a.Body, err, n.open.Load())
		}
		mustAsk(t, c, http.MethodGet, "")
		if c.kept() != 1 {
			t.Errorf("%d are kept after another request", c.kept())
		}
	})
}

// A body that is closed before its end ends the connection, and reads no more.
func TestCloseEarly(t *testing.T) {
	s := listen(t, "tcp", func(p *peer) {
		p.asked()
		p.say("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")
		p.untilClosed()
	})
	c, n := newClient(t, s)
	resp, err := c.Do(request(t, t.Context(), http.MethodGet), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(resp.Body, make([]byte, 4)); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := resp.Body.Close(); err != nil {
			t.Error(err)
		}
	}
	if n, err := resp.Body.Read(make([]byte, 4)); n != 0 || err == nil || errors.Is(err, io.EOF) {
		t.Errorf("after Close: %d bytes, %v", n, err)
	}
	<-s.done
	if n.broken.Load() != 0 || n.open.Load() != 0 {
		t.Errorf("%d are open, %d broken", n.open.Load(), n.broken.Load())
	}
}

// A head may be as large as 1 MB, with what comes before it, and not larger, however
// long a server goes on; it takes a bounded amount of memory to find out.
func TestLargeHead(t *testing.T) {
	fits := "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX: " + strings.Repeat("x", maxHead-1000) + "\r\n\r\nok"
	for name, c := range map[string]struct {
		head, more string
		want       error
	}{
		"that fits":                {head: fits},
		"of two":                   {head: "HTTP/1.1 103 Early Hints\r\n\r\n" + fits[:40] + fits[1000:]},
		"of one header":            {head: "HTTP/1.1 200 OK\r\nX: ", more: "x", want: errHead},
		"of many":                  {head: "HTTP/1.1 200 OK\r\n", more: "X: x\r\n", want: errHead},
		"of other answers":         {more: "HTTP/1.1 102 Processing\r\n\r\n", want: errHead},
		"that is one line":         {more: "HTTP/1.1 200 ", want: errHead},
		"of a header in many rows": {head: "HTTP/1.1 200 OK\r\nX: x\r\n", more: " x\r\n", want: errHead},
	} {
		t.Run(name, func(t *testing.T) {
			s := listen(t, "tcp", func(p *peer) {
				p.asked()
				p.say(c.head)
				for more := bytes.Repeat([]byte(c.more), 10_000); len(more) > 0; {
					if _, err := p.Write(more); err != nil {
						return
					}
				}
			})
			client, _ := newClient(t, s)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			if _, err := ask(t, client, http.MethodPost, "{}"); !errors.Is(err, c.want) {
				t.Errorf("%v; want %v", err, c.want)
			}
			runtime.ReadMemStats(&after)
			if took := after.TotalAlloc - before.TotalAlloc; took > 64*maxHead {
				t.Errorf("%d MB were allocated for it", took>>20)
			}
		})
	}
}
