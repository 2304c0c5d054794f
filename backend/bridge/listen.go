package bridge

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"syscall"
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

func listenBoth(ctx context.Context, port int) ([]net.Listener, error) {
	var lc net.ListenConfig
	v4, err := lc.Listen(ctx, "tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return nil, fmt.Errorf("listen on 127.0.0.1:%d: %w", port, err)
	}
	port = v4.Addr().(*net.TCPAddr).Port
	v6, err := lc.Listen(ctx, "tcp6", net.JoinHostPort("::1", strconv.Itoa(port)))
	switch {
	case err == nil:
		return []net.Listener{v4, v6}, nil
	case errors.Is(err, syscall.EADDRNOTAVAIL), errors.Is(err, syscall.EAFNOSUPPORT):
		return []net.Listener{v4}, nil // no ::1 here, so nobody else can have it either
	}
	v4.Close()
	return nil, fmt.Errorf("listen on [::1]:%d: %w", port, err)
}
