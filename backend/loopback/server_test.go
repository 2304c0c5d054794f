//go:build darwin || linux

package loopback

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// script is what a server does with one connection, which ends with it.
type script func(*peer)

// peer is the server's end of a connection.
type peer struct {
	net.Conn
	in    *bufio.Reader
	ended <-chan struct{} // closed when the client has read the answer, nil where nobody says
}

// asked reads a request and tells method, target and body, "" where none comes.
func (p *peer) asked() string {
	req, err := http.ReadRequest(p.in)
	if err != nil {
		return ""
	}
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return "half a request: " + err.Error()
	}
	return strings.TrimSpace(req.Method + " " + req.RequestURI + " " + string(body))
}

func (p *peer) say(text string) { _, _ = io.WriteString(p, text) }

// reset ends the connection as a server does that dies, or that ends without reading.
func (p *peer) reset() {
	_ = p.Conn.(*net.TCPConn).SetLinger(0)
	_ = p.Close()
}

// untilClosed waits for the client to end the connection, and reports whether it said
// nothing more.
func (p *peer) untilClosed() bool {
	n, _ := io.Copy(io.Discard, p.in)
	return n == 0
}

// raw is a server without any knowledge of HTTP.
type raw struct {
	net.Listener
	scripts chan script   // of the connections, in the order in which they come
	done    chan struct{} // takes one for each connection that ended
	running sync.WaitGroup
}

// listen starts a server on TCP, or on a Unix socket, where what was written is there
// to be read at once and no port is used up.
func listen(t testing.TB, network string, scripts ...script) *raw {
	t.Helper()
	addr := "127.0.0.1:0"
	if network == "unix" {
		dir, err := os.MkdirTemp("", "loopback") // a test's own may be too long for a socket
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = os.RemoveAll(dir) })
		addr = filepath.Join(dir, "s")
	}
	l, err := net.Listen(network, addr)
	if err != nil {
		t.Fatal(err)
	}
	s := &raw{Listener: l, scripts: make(chan script, 64), done: make(chan struct{}, 64)}
	for _, each := range scripts {
		s.scripts <- each
	}
	s.running.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			s.running.Go(func() { s.play(t, conn) })
		}
	})
	t.Cleanup(s.stop)
	return s
}

func (s *raw) play(t testing.TB, conn net.Conn) {
	defer func() {
		_ = conn.Close()
		select {
		case s.done <- struct{}{}:
		default: // nobody asks
		}
	}()
	select {
	case run := <-s.scripts:
		run(&peer{Conn: conn, in: bufio.NewReader(conn)})
	default:
		t.Error("a connection that nobody expected")
	}
}

func (s *raw) stop() {
	_ = s.Close()
	s.running.Wait()
}

// counts are a client's connections as who owns the client counts them.
type counts struct{ dialed, open, broken atomic.Int64 }

// counted is a connection whose Read and Close are counted, as in package proxy.
type counted struct {
	net.Conn
	of     *counts
	broken bool
}

func (c *counted) SyscallConn() (syscall.RawConn, error) { return c.Conn.(syscall.Conn).SyscallConn() }

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if err != nil && !c.broken {
		c.broken = true
		c.of.broken.Add(1)
	}
	return n, err
}

func (c *counted) Close() error {
	c.of.open.Add(-1)
	return c.Conn.Close()
}

// newClient is a client of s. At its end no connection may be left.
func newClient(t testing.TB, s *raw) (*Client, *counts) {
	t.Helper()
	n := new(counts)
	c := &Client{
		Addr: s.Addr().String(), IdleFor: time.Hour, MaxIdle: 4,
		Dial: func(ctx context.Context, _, addr string) (net.Conn, error) {
			conn, err := new(net.Dialer).DialContext(ctx, s.Addr().Network(), addr)
			if err != nil {
				return nil, err
			}
			n.dialed.Add(1)
			n.open.Add(1)
			return &counted{Conn: conn, of: n}, nil
		},
	}
	t.Cleanup(func() {
		c.CloseIdle()
		if open := n.open.Load(); open != 0 {
			t.Errorf("%d connections are left open", open)
		}
	})
	return c, n
}

// request is a request of a server that has any address.
func request(t testing.TB, ctx context.Context, method string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, method, "http://127.0.0.1:1/v1/x", nil)
	if err != nil {
		t.Fatal(err)
	}
	return req
}

// answer is what a test looks at of an answer.
type answer struct {
	Status  int
	Header  http.Header
	Body    string
	Trailer http.Header
}

// ask sends a request and reads its answer.
func ask(t testing.TB, c *Client, method, body string) (answer, error) {
	t.Helper()
	var sent []byte
	if method == http.MethodPost {
		sent = []byte(body)
	}
	resp, err := c.Do(request(t, t.Context(), method), sent)
	if err != nil {
		return answer{}, err
	}
	return read(resp)
}

func read(resp *http.Response) (answer, error) {
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	return answer{resp.StatusCode, resp.Header, string(body), resp.Trailer}, err
}

// mustAsk is ask of a server that answers with the text ok.
func mustAsk(t testing.TB, c *Client, method, body string) {
	t.Helper()
	if a, err := ask(t, c, method, body); err != nil || a.Body != "ok" {
		t.Fatalf("%s: %.100q, %v", method, a.Body, err)
	}
}

// untilReadable waits until a connection that nobody uses has something to read: that
// the server ended it, or what nobody asked for.
func untilReadable(t testing.TB, c *Client, at int) {
	t.Helper()
	c.mu.Lock()
	raw := c.idle[at].wire.raw
	c.mu.Unlock()
	if err := raw.Read(func(fd uintptr) bool {
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, 0)
		return n > 0 || err != nil && !errors.Is(err, unix.EINTR)
	}); err != nil {
		t.Fatal(err)
	}
}

// kept is how many connections are kept.
func (c *Client) kept() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.idle)
}

const ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
