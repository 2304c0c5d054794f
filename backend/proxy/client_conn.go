package proxy

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"sync/atomic"
	"syscall"
	"time"
)

// newTransport is tuned for many long streams to one host. There is no limit
// on the wait for headers: ClawRouter's buffered answers begin when the model
// has finished.
func newTransport(here bool, conns *connTracker) *http.Transport {
	t := &http.Transport{
		DialContext:           conns.dial,
		MaxIdleConns:          maxIdle,
		MaxIdleConnsPerHost:   maxIdle,
		TLSHandshakeTimeout:   10 * time.Second,
		DisableCompression:    true, // a compressed stream arrives in blocks, not tokens
		ForceAttemptHTTP2:     true, // a custom dialer switches it off otherwise
		ReadBufferSize:        16 << 10,
		IdleConnTimeout:       30 * time.Second,
		ExpectContinueTimeout: time.Second,
		Proxy:                 http.ProxyFromEnvironment,
	}
	if here {
		t.IdleConnTimeout = idleHere
		t.Proxy = nil
	} else {
		t.HTTP2 = &http.HTTP2Config{SendPingTimeout: probeEvery, PingTimeout: probeEvery * (probes - 1)}
	}
	return t
}

const (
	maxIdle = 256 // connections
	// Node and uvicorn close idle connections after 5 s. Being first avoids sending a
	// paid request into a connection that is just being closed.
	idleHere = 4 * time.Second
)

// address is where root's server listens, host:port.
func address(root *url.URL) string {
	if root.Port() != "" {
		return root.Host
	}
	return net.JoinHostPort(root.Hostname(), "80")
}

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

// A network that is left says no goodbye: to a slow model it makes no difference, but
// a server that does not answer four probes of its system's in a minute is out of
// reach, and the turn is told so instead of being kept alive for minutes.
const (
	probeEvery = 15 * time.Second
	probes     = 4
)

// connTracker counts open connections, and the ones that the other side ended:
// the signs from which Client tells that another server may have taken the place
// of the one it identified.
type connTracker struct {
	trust  func(ctx context.Context) error // nil: everybody is
	remote bool                            // the server is on another machine
	open   atomic.Int64
	broken atomic.Int64
}

func (t *connTracker) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	d := net.Dialer{Timeout: 5 * time.Second, KeepAlive: 30 * time.Second}
	if t.remote {
		d.KeepAliveConfig = net.KeepAliveConfig{Enable: true, Idle: probeEvery, Interval: probeEvery, Count: probes - 1}
		d.Control = giveUp(probeEvery * probes)
	}
	c, err := d.DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	if t.trust != nil {
		if err := t.trust(ctx); err != nil {
			_ = c.Close()
			return nil, err
		}
	}
	t.open.Add(1)
	return &trackedConn{Conn: c, t: t}, nil
}

type trackedConn struct {
	net.Conn
	t      *connTracker
	broken atomic.Bool
	closed atomic.Bool
}

func (c *trackedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if err != nil && !c.closed.Load() && !c.broken.Swap(true) {
		c.t.broken.Add(1)
	}
	return n, err
}

// ReadFrom sends a request's body with one write. Without it net/http copies it
// through 32 KB that it allocates, with a write for each: 33 of them for a megabyte.
// A body of ours is as long as it says.
func (c *trackedConn) ReadFrom(r io.Reader) (int64, error) {
	if l, ok := r.(*io.LimitedReader); ok {
		if body, ok := l.R.(io.WriterTo); ok {
			n, err := body.WriteTo(c.Conn)
			l.N -= n
			return n, err
		}
	}
	return io.Copy(c.Conn, r)
}

// SyscallConn is for package loopback.
func (c *trackedConn) SyscallConn() (syscall.RawConn, error) {
	if system, ok := c.Conn.(syscall.Conn); ok {
		return system.SyscallConn()
	}
	return nil, fmt.Errorf("a connection of type %T is none of the system's", c.Conn)
}

func (c *trackedConn) Close() error {
	if !c.closed.Swap(true) {
		c.t.open.Add(-1)
	}
	return c.Conn.Close()
}
