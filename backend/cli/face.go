package cli

import (
	"context"

	"github.com/BlockRunAI/clawrouter-codex/backend/link"
)

// Face is the menu bar and the window, of which this package knows only what it
// asks of them: they stand above it.
type Face interface {
	// Missing says why there can be no icon in a menu bar here, as "there is no
	// display"; "" where there can.
	Missing(o FaceOptions) string
	// Run shows the icon while keep runs, on the calling goroutine, which must be
	// the main one, and returns what keep returned. Quit in the menu ends keep's
	// context.
	Run(ctx context.Context, o FaceOptions, keep func(context.Context, Shown) error) error
	// ShowPanel opens a window of the link of folder at a part of the panel ("",
	// "doctor", "logs"); ours: the app opens it, gives it orders, and ends it. It
	// returns ErrNoWindow where there is none.
	ShowPanel(ctx context.Context, o FaceOptions, folder, part string, ours bool) error
}

// Shown is how a link gets into the menu bar, and its panel into the window.
type Shown interface {
	// Link shows l from now on, whose state folder is folder.
	Link(l link.Link, folder string)
	// Panel opens the window at a part of the panel, or brings it to the front. It
	// returns ErrNoWindow where there is none.
	Panel(ctx context.Context, part string) error
}

// FaceOptions is what a Face needs of the world.
type FaceOptions struct {
	Program  string   // our own executable, absolute
	Version  string   // of clawrouter-codex
	Environ  []string // as os.Environ
	GOOS     string
	LookPath func(name string) (string, error)
	// Say tells the user a sentence on the terminal.
	Say func(text string)
	// Open shows the panel at once.
	Open bool
}

// noWindow is what a Face without a window says.
type noWindow struct{}

func (noWindow) Error() string { return "the panel's window is not installed here" }

// ErrNoWindow means that only the browser can show the panel.
var ErrNoWindow error = noWindow{}
