package proxy

import (
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"golang.org/x/sys/unix"
)

// A connection to another machine that became a dead end is given up within a minute,
// whether an answer is waited for or bytes are on their way; one on this machine, where
// no network goes away, is left to the system.
func TestADeadEndIsGivenUp(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	for name, want := range map[string]struct{ remote, userTimeout, idle, interval, count int }{
		"remote":   {1, 60_000, 15, 15, 3},
		"loopback": {0, 0, 30, 15, 9},
	} {
		t.Run(name, func(t *testing.T) {
			conns := &connTracker{remote: want.remote == 1}
			transport := newTransport(want.remote == 0, conns)
			conn, err := conns.dial(t.Context(), "tcp", server.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = conn.Close() }()
			raw, err := conn.(*trackedConn).Conn.(*net.TCPConn).SyscallConn()
			if err != nil {
				t.Fatal(err)
			}
			_ = raw.Control(func(fd uintptr) {
				for option, value := range map[int]int{
					unix.TCP_USER_TIMEOUT: want.userTimeout, unix.TCP_KEEPIDLE: want.idle, unix.TCP_KEEPINTVL: want.interval, unix.TCP_KEEPCNT: want.count,
				} {
					if got, err := unix.GetsockoptInt(int(fd), unix.IPPROTO_TCP, option); got != value || err != nil {
						t.Errorf("option %d is %d, %v; want %d", option, got, err, value)
					}
				}
			})
			if pings := transport.HTTP2 != nil && transport.HTTP2.SendPingTimeout > 0; pings != (want.remote == 1) {
				t.Errorf("pings over HTTP/2: %v", pings)
			}
		})
	}
}
