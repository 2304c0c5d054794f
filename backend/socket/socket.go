package socket

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
)

// Owner is who holds a socket.
type Owner struct {
	PID  int    // 0 when the system does not tell
	Name string // the program's name; empty when unknown
	User string // whose it is; empty when unknown
	Ours bool   // it belongs to this user
}

// ErrHidden means that the system does not say whose a socket is, or that there
// is none.
var ErrHidden = errors.New("the system does not tell who listens there")

// String is for messages: "nginx (pid 812, user www-data)".
func (o Owner) String() string {
	s := o.Name
	if s == "" {
		s = "another program"
	}
	switch {
	case o.PID != 0 && o.User != "":
		s += fmt.Sprintf(" (pid %d, user %s)", o.PID, o.User)
	case o.PID != 0:
		s += fmt.Sprintf(" (pid %d)", o.PID)
	case o.User != "":
		s += fmt.Sprintf(" (user %s)", o.User)
	}
	return s
}

// V4 and V6 are a port on the loopback address of each family.
func V4(port int) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), uint16(port))
}

// V6 is a port on ::1.
func V6(port int) netip.AddrPort { return netip.AddrPortFrom(netip.IPv6Loopback(), uint16(port)) }

// Listener is who a connection to addr, a loopback address, reaches. An error
// means that nobody listens there, or that the system does not tell who.
func Listener(ctx context.Context, addr netip.AddrPort) (Owner, error) {
	o, err := findListener(ctx, addr)
	if err != nil {
		return Owner{}, fmt.Errorf("look who listens on %s: %w", addr, err)
	}
	return o, nil
}

// ServedByUs reports whether who a connection to addr reaches is this user. It asks
// for less than Listener, and is cheap but on macOS. The errors are the same.
func ServedByUs(ctx context.Context, addr netip.AddrPort) (bool, error) {
	ours, err := servedByUs(ctx, addr)
	if err != nil {
		return false, fmt.Errorf("look who listens on %s: %w", addr, err)
	}
	return ours, nil
}

// Free reports whether a server could listen on addr. Binding asks the system
// itself; a connection would miss a socket that only refuses.
func Free(ctx context.Context, addr netip.AddrPort) bool {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", addr.String())
	if err != nil {
		return false
	}
	return l.Close() == nil
}

// Peer reports whether the client of a connection between two addresses of this
// machine is this user's. local is our end. An error means that the system does
// not tell.
func Peer(ctx context.Context, local, remote netip.AddrPort) (ours bool, err error) {
	return peer(ctx, unmapped(local), unmapped(remote))
}

func unmapped(a netip.AddrPort) netip.AddrPort { return netip.AddrPortFrom(a.Addr().Unmap(), a.Port()) }

// servers are the addresses of which one that is listened on takes a connection to
// addr, the most specific one first.
func servers(addr netip.Addr) []netip.Addr {
	if addr.Is4() {
		return []netip.Addr{addr, netip.IPv4Unspecified(), netip.IPv6Unspecified()}
	}
	return []netip.Addr{addr, netip.IPv6Unspecified()}
}
