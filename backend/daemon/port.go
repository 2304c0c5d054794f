package daemon

import (
	"context"
	"errors"
	"fmt"
	"syscall"

	"github.com/BlockRunAI/clawrouter-codex/backend/proxy"
)

// PortError says that something else has the bridge's port.
type PortError struct {
	Port  int
	Owner string // "node, process 4711", or "" where the system does not tell
	Err   error
}

func (e *PortError) Error() string {
	if e.Owner == "" {
		return fmt.Sprintf("port %d is in use by another program", e.Port)
	}
	return fmt.Sprintf("port %d is in use by %s", e.Port, e.Owner)
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
	return fmt.Sprintf("stop that program, or choose another port: PORT=%d clawrouter-codex up", e.Port+10)
}

func newPortError(ctx context.Context, port int, err error) *PortError {
	return &PortError{Port: port, Owner: proxy.PortOwner(ctx, port), Err: err}
}

// wsaAddrInUse is Windows' own number for EADDRINUSE.
const wsaAddrInUse = syscall.Errno(10048)

func portTaken(err error) bool {
	return errors.Is(err, syscall.EADDRINUSE) || errors.Is(err, wsaAddrInUse)
}
