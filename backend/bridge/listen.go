package bridge

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"syscall"

	"github.com/BlockRunAI/clawrouter-codex/backend/socket"
)

// Listen opens 127.0.0.1:port and [::1]:port: both or neither, because Codex is
// told "localhost" and the family left open could be another user's. Where the
// system has no IPv6 at all, 127.0.0.1 alone is returned. Port 0 picks a free
// port that both families have.
func Listen(ctx context.Context, port int) ([]net.Listener, error) {
	// A port that is free on one family can be taken on the other; with port 0
	// another one is simply picked, a bounded number of times.
	tries := 1
	if port == 0 {
		tries = 16
	}
	var err error
	for range tries {
		var both []net.Listener
		if both, err = listenBoth(ctx, port); err == nil {
			return both, nil
		}
	}
	return nil, err
}

// ListenError says on which of the two addresses nothing could be opened.
type ListenError struct {
	At  netip.AddrPort
	Err error
}

func (e *ListenError) Error() string { return fmt.Sprintf("listen on %s: %v", e.At, e.Err) }
func (e *ListenError) Unwrap() error { return e.Err }

// noSuchAddress are the errors of a machine on which IPv6 is switched off. Windows has
// numbers of its own, WSAEADDRNOTAVAIL and WSAEAFNOSUPPORT, which Go does not map.
var noSuchAddress = []syscall.Errno{syscall.EADDRNOTAVAIL, syscall.EAFNOSUPPORT, 10049, 10047}

func listenBoth(ctx context.Context, port int) ([]net.Listener, error) {
	var lc net.ListenConfig
	v4, err := lc.Listen(ctx, "tcp4", socket.V4(port).String())
	if err != nil {
		return nil, &ListenError{At: socket.V4(port), Err: err}
	}
	port = v4.Addr().(*net.TCPAddr).Port
	v6, err := lc.Listen(ctx, "tcp6", socket.V6(port).String())
	switch {
	case err == nil:
		return []net.Listener{v4, v6}, nil
	case slices.ContainsFunc(noSuchAddress, func(no syscall.Errno) bool { return errors.Is(err, no) }):
		return []net.Listener{v4}, nil // no ::1 here, so nobody else can have it either
	}
	v4.Close()
	return nil, &ListenError{At: socket.V6(port), Err: err}
}
