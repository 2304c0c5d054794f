package codex

import (
	"context"
	"errors"
	"strings"
	"testing"
)

func TestCodexIsAskedToQuit(t *testing.T) {
	var did []string
	open, refuses := true, false
	c := &DesktopApp{
		osascript: func(_ context.Context, script string) (string, error) {
			did = append(did, script)
			switch {
			case strings.HasSuffix(script, "is running") && open:
				return "true", nil
			case strings.HasSuffix(script, "is running"):
				return "false", nil
			case refuses:
				return "", errors.New("User canceled")
			}
			open = false
			return "", nil
		},
		open: func(context.Context) error { did = append(did, "open"); open = true; return nil },
	}
	if !c.Runs(t.Context()) {
		t.Error("it runs")
	}
	if err := c.Restart(t.Context()); err != nil || did[len(did)-1] != "open" || !open {
		t.Errorf("%v: did %q", err, did)
	}
	refuses = true
	if err := c.Restart(t.Context()); !errors.Is(err, ErrStillOpen) || !open {
		t.Errorf("refused: %v", err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	c.osascript = func(context.Context, string) (string, error) { return "true", nil }
	if err := c.Restart(ctx); !errors.Is(err, ErrStillOpen) {
		t.Errorf("it does not go: %v", err)
	}
	if NewDesktopApp("windows").Runs(t.Context()) {
		t.Error("on Windows the command line would be asked as well")
	}
}
