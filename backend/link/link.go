package link

import (
	"context"

	"github.com/BlockRunAI/clawrouter-codex/backend/codex"
	"github.com/BlockRunAI/clawrouter-codex/backend/spend"
)

// Link is the one way to see and change the link. Its methods are safe for
// concurrent use, and their errors are for the user: a *Error, or one that has
// a Mend method as well.
type Link interface {
	// State is as it is now.
	State(ctx context.Context) (State, error)
	// Subscribe sends the present State and then every new one, the newest only
	// where the reader is slow. The channel is closed when ctx ends or the link
	// stops.
	Subscribe(ctx context.Context) (<-chan State, error)
	// Models lists what can be picked, in the order of Codex's picker.
	Models(ctx context.Context) ([]codex.PickerModel, error)
	// UseModel makes name the model of every next turn that asks for "Menu bar
	// choice", and the profile ask for that. With pin the profile names the model
	// itself instead, and running Codex sessions keep what they have.
	UseModel(ctx context.Context, name string, pin bool) (ModelUse, error)
	// SetWebSearch stores the switch; the next turn obeys it.
	SetWebSearch(ctx context.Context, on bool) (WebSearch, error)
	// SetProvider switches the base config, which the Desktop app and plain Codex
	// read, and remembers it as the choice.
	SetProvider(ctx context.Context, p Provider) (codex.Change, error)
	// RestartCodex asks the Desktop app of Codex to quit, waits until it is gone, and
	// opens it anew; what keeps it open is left to the user. State.RestartNow says
	// whether it can.
	RestartCodex(ctx context.Context) error
	// RestartProxy stops a supervised ClawRouter and starts it anew, also after
	// it was given up.
	RestartProxy(ctx context.Context) error
	// Wallet asks for the balance anew, which may take seconds.
	Wallet(ctx context.Context) (Wallet, error)
	// SetCap limits what paid turns may cost on one day; nil is no limit.
	SetCap(ctx context.Context, limit *spend.Micros) (Spend, error)
	// SetPaused stops all paid turns from the next one on, or lets them go on.
	SetPaused(ctx context.Context, paused bool) (Spend, error)
	// Spending is the ledger of the last days, and the latest calls.
	Spending(ctx context.Context, days, recent int) (Spending, error)
	// SetLogin has the program start at login, or no longer.
	SetLogin(ctx context.Context, on bool) (Login, error)
	// SetMenuBar changes what of c is not nil, in settings.toml.
	SetMenuBar(ctx context.Context, c MenuBarChange) (MenuBar, error)
	// UpdateModels writes Codex's list of models anew, with the selection that the
	// present one was made with.
	UpdateModels(ctx context.Context) (ModelUpdate, error)
	// Log is the end of our own log and of ClawRouter's, at most MaxLogLines.
	Log(ctx context.Context, lines int) ([]LogLine, error)
	// Panel makes an address that opens the panel, for a window or a browser which
	// is about to be opened; it may work only once, and is kept nowhere.
	Panel(ctx context.Context) (PanelAddress, error)
	// ShowPanel has the program that keeps the link up open its window at a part of
	// the panel ("", "doctor", "logs"), or bring it to the front. Where it has no
	// window the error is of the kind NoWindow.
	ShowPanel(ctx context.Context, part string) error
}

// PanelAddress is where the panel can be opened now.
type PanelAddress struct {
	URL string `json:"url"`
}

// ModelUse tells what UseModel did.
type ModelUse struct {
	Model  string   `json:"model"` // id
	Name   string   `json:"name"`  // for people
	Pinned bool     `json:"pinned"`
	Live   bool     `json:"live"` // a running bridge obeys already
	Notes  []string `json:"notes,omitempty"`
}

// Kind sorts the errors of this package.
type Kind string

// The kinds of Error.
const (
	UnknownModel Kind = "unknown_model"
	TooSmall     Kind = "too_small"   // the model's window
	NotRunning   Kind = "not_running" // nobody keeps the link up
	NotOurs      Kind = "not_ours"    // a ClawRouter that is not supervised
	NoWallet     Kind = "no_wallet"   // nobody can tell what pays
	NoWindow     Kind = "no_window"   // the running process has none to show
	Refused      Kind = "refused"     // by the running process
	Failed       Kind = "failed"      // anything else
)

// Error is what went wrong, in the user's words; it crosses the loopback API.
type Error struct {
	Kind    Kind     `json:"kind"`
	Message string   `json:"message"`
	Fix     string   `json:"mend,omitempty"`
	Near    []string `json:"near,omitempty"` // ids that may have been meant
}

func (e *Error) Error() string { return e.Message }

// Mend is the command that helps, one a line.
func (e *Error) Mend() string { return e.Fix }
