package doctor

import (
	"context"
	"net/http"
	"net/netip"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/backend/link"
	"github.com/BlockRunAI/clawrouter-codex/backend/proxy"
	"github.com/BlockRunAI/clawrouter-codex/backend/settings"
	"github.com/BlockRunAI/clawrouter-codex/backend/socket"
)

// Env is everything that the checks take from the world.
type Env struct {
	Settings    *settings.Settings // nil where they cannot be used
	SettingsErr error              // why not
	Version     string             // ours
	Environ     []string           // as os.Environ
	Home        string             // the user's home folder
	GOOS        string             // as runtime.GOOS
	Deep        bool               // try a turn as well

	// Running tells whether a process holds the state folder, and the port that
	// its bridge listens on, 0 when it has not said.
	Running func() (port int, ok bool)
	// LinkSays is the state that this process tells, zero where none runs or answers.
	LinkSays func(ctx context.Context) link.State
	// Codex is the installed Codex, nil where there is none; CodexPath is where.
	Codex     Codex
	CodexPath string

	// Transport reaches the bridge and the upstream.
	Transport http.RoundTripper
	// Listener and Free are the socket package's.
	Listener func(ctx context.Context, addr netip.AddrPort) (socket.Owner, error)
	Free     func(ctx context.Context, addr netip.AddrPort) bool
	// Node is proxy.CheckNode.
	Node func(ctx context.Context, s proxy.NodeSearch) (proxy.Node, error)
	Now  func() time.Time
	// Login is the launch at login, nil where the build has none.
	Login func(ctx context.Context) link.Login

	// Setup writes profile and model list for a bridge on port, and keeps copies
	// of what it replaces.
	Setup func(ctx context.Context, port int) error
	// Subscription gives a base config back that points at a dead bridge, and
	// keeps a copy.
	Subscription func(ctx context.Context) error
}

// Codex is the part of codex.Program that the checks ask.
type Codex interface {
	Version(ctx context.Context) (string, error)
	Validate(ctx context.Context, catalog string) error
}
