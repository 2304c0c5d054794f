package codex

import (
	"context"
	"errors"
	"os/exec"
	"strings"
	"time"
)

// DesktopApp is the Desktop app of Codex on macOS, as a process that can be asked
// to quit. On Windows its process has the name of the command line's, so there
// nobody is asked; for Linux there is no such app.
type DesktopApp struct {
	// osascript runs a script and returns what it prints.
	osascript func(ctx context.Context, script string) (string, error)
	// open starts the app.
	open func(ctx context.Context) error
}

// bundle is how macOS knows it, whatever its file is called.
const bundle = "com.openai.codex"

// NewDesktopApp is nil on a system where the app cannot be asked.
func NewDesktopApp(goos string) *DesktopApp {
	if goos != "darwin" {
		return nil
	}
	return &DesktopApp{
		osascript: func(ctx context.Context, script string) (string, error) {
			out, err := exec.CommandContext(ctx, "/usr/bin/osascript", "-e", script).Output()
			return strings.TrimSpace(string(out)), err
		},
		open: func(ctx context.Context) error {
			return exec.CommandContext(ctx, "/usr/bin/open", "-b", bundle).Run()
		},
	}
}

// Runs reports whether it runs, and so can be asked to quit. A nil DesktopApp does
// not.
func (d *DesktopApp) Runs(ctx context.Context) bool {
	if d == nil {
		return false
	}
	out, err := d.osascript(ctx, `application id "`+bundle+`" is running`)
	return err == nil && out == "true"
}

// quitWait is how long a person may take to answer a question of the app's before
// it quits.
const quitWait = 2 * time.Minute

// ErrStillOpen: the user, or a turn under way, kept the app open.
var ErrStillOpen = errors.New("Codex did not quit, so it was left as it is. Restart it when it suits you")

// Restart asks it to quit, as its own menu does, waits until it is gone, and opens
// it anew. What keeps it open is never overruled: the error is ErrStillOpen then.
func (d *DesktopApp) Restart(ctx context.Context) error {
	asking, cancel := context.WithTimeout(ctx, quitWait)
	defer cancel()
	if _, err := d.osascript(asking, `tell application id "`+bundle+`" to quit`); err != nil {
		return ErrStillOpen
	}
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for d.Runs(asking) {
		select {
		case <-tick.C:
		case <-asking.Done():
			return ErrStillOpen
		}
	}
	return d.open(ctx)
}
