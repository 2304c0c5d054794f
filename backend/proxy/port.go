package proxy

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
)

// portOwner is who listens on a port of 127.0.0.1.
type portOwner struct {
	PID  int    // 0 when the system does not tell
	Name string // the program's name; empty when unknown
	User string // whose it is; empty when unknown
	Ours bool   // it belongs to this user
}

// errOwnerHidden means that somebody listens and the system does not say who.
var errOwnerHidden = errors.New("the system does not tell who listens there")

// String is for messages: "nginx (pid 812, user www-data)".
func (o portOwner) String() string {
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

// portFree reports whether a ClawRouter could listen on 127.0.0.1:port. Binding
// asks the system itself; a connection would miss a socket that only refuses.
func portFree(ctx context.Context, port int) bool {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return false
	}
	return l.Close() == nil
}

// PortOwner names who listens on 127.0.0.1:port, for a message: "nginx (pid 812,
// user www-data)". It is empty when nobody does or the system does not tell.
func PortOwner(ctx context.Context, port int) string {
	owner, err := findPortOwner(ctx, port)
	if err != nil || owner == (portOwner{}) {
		return ""
	}
	return owner.String()
}
