package app

import (
	"context"
	"errors"
	"os/exec"
	"strings"
	"time"
)

// codexApp is the Desktop app of Codex on macOS. On Windows its process has the
// name of the command line's, so there nobody is asked to quit; for Linux there
// is none.
type codexApp struct {
	goos string
	// osascript runs a script and returns what it prints.
	osascript func(ctx context.Context, script string) (string, error)
	// open starts the app.
	open func(ctx context.Context) error
}

// bundle is how macOS knows it, whatever its file is called.
const bundle = "com.openai.codex"

func newCodexApp(goos string) codexApp {
	return codexApp{
		goos: goos,
		osascript: func(ctx context.Context, script string) (string, error) {
			out, err := exec.CommandContext(ctx, "/usr/bin/osascript", "-e", script).Output()
			return strings.TrimSpace(string(out)), err
		},
		open: func(ctx context.Context) error {
			return exec.CommandContext(ctx, "/usr/bin/open", "-b", bundle).Run()
		},
	}
}

// asks reports whether it runs and can be asked to quit.
func (c codexApp) asks(ctx context.Context) bool {
	if c.goos != "darwin" {
		return false
	}
	out, err := c.osascript(ctx, `application id "`+bundle+`" is running`)
	return err == nil && out == "true"
}

// quitWait is how long a person may take to answer a question of the app's before
// it quits.
const quitWait = 2 * time.Minute

// errStillOpen: the user, or a turn under way, kept it open.
var errStillOpen = errors.New("Codex did not quit, so it was left as it is. Restart it when it suits you")

// restart asks it to quit, as its own menu does, waits until it is gone, and opens
// it anew.
func (c codexApp) restart(ctx context.Context) error {
	asking, cancel := context.WithTimeout(ctx, quitWait)
	defer cancel()
	if _, err := c.osascript(asking, `tell application id "`+bundle+`" to quit`); err != nil {
		return errStillOpen
	}
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for c.asks(asking) {
		select {
		case <-tick.C:
		case <-asking.Done():
			return errStillOpen
		}
	}
	return c.open(ctx)
}
