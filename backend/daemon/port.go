package daemon

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"syscall"

	"github.com/BlockRunAI/clawrouter-codex/backend/bridge"
	"github.com/BlockRunAI/clawrouter-codex/backend/socket"
)

// PortError says that something else has the bridge's port.
type PortError struct {
	At    netip.AddrPort // the one of our two addresses that is taken
	Owner string         // "node (pid 4711, user ann)"; "another program" where the system does not tell
	// Foreign: it is another user's, who may have been sent the bridge's key by a
	// Codex that was asked meanwhile.
	Foreign bool
	Err     error
}

// Error names ::1, which hardly anybody looks at: who holds it alone receives what
// a Codex sends that tries that address of localhost first.
func (e *PortError) Error() string {
	where := fmt.Sprintf("port %d", e.At.Port())
	if e.At.Addr().Is6() {
		where += " of ::1, which localhost means too,"
	}
	return where + " is in use by " + e.Owner
}

func (e *PortError) Unwrap() error { return e.Err }

// text is Error, "" for nil.
func (e *PortError) text() string {
	if e == nil {
		return ""
	}
	return e.Error()
}

// Mend is how to start all the same.
func (e *PortError) Mend() string {
	mend := fmt.Sprintf("stop that program, or choose another port: clawrouter-codex up --port %d", e.At.Port()+10)
	if e.Foreign {
		mend += "\nthen replace the key that Codex may have sent there: clawrouter-codex setup --rotate-key"
	}
	return mend
}

func newPortError(ctx context.Context, err *bridge.ListenError) *PortError {
	e := &PortError{At: err.At, Owner: "another program", Err: err}
	if owner, err := socket.Listener(ctx, e.At); err == nil {
		e.Owner, e.Foreign = owner.String(), !owner.Ours
	}
	return e
}

// Windows' own numbers: for EADDRINUSE, and for a port that another program opened for
// itself alone, or that the system keeps, as for virtual machines.
const (
	wsaAddrInUse = syscall.Errno(10048)
	wsaAccess    = syscall.Errno(10013)
)

func portTaken(err error) bool {
	return errors.Is(err, syscall.EADDRINUSE) || errors.Is(err, wsaAddrInUse) || errors.Is(err, wsaAccess)
}
