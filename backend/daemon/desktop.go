package daemon

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/backend/codex"
	"github.com/BlockRunAI/clawrouter-codex/backend/settings"
	"github.com/BlockRunAI/clawrouter-codex/backend/socket"
)

// NewDesktop is the switch of the base config of these settings.
func NewDesktop(s *settings.Settings, now func() time.Time) *codex.Desktop {
	return &codex.Desktop{
		Home: codex.Home{Dir: s.CodexHome.V}, State: s.Paths.Root, Lock: s.Paths.EditLock(),
		Backup: s.Paths.Backup(), Now: now, Key: keyIn(s.Paths),
	}
}

// codexCommand is the line that starts Codex with the profile, for the shell of
// this system.
func codexCommand(s *settings.Settings, userHome string) string {
	return codex.Home{Dir: s.CodexHome.V}.Command(userHome, runtime.GOOS)
}

// suspendWait bounds how long a stop waits for another process that edits.
const suspendWait = 5 * time.Second

// resume brings the base config back to the remembered choice. A base config
// that cannot be edited is told, and no reason to run nothing.
func resume(ctx context.Context, o Options, port int) {
	_, err := NewDesktop(o.Settings, o.Now).Resume(ctx, codex.OnOptions{Port: port})
	if err != nil && ctx.Err() == nil {
		text := fmt.Sprintf("Codex's config.toml was not switched: %v", err)
		if mends := (interface{ Mend() string })(nil); errors.As(err, &mends) {
			text += ". To mend it: " + mends.Mend()
		}
		o.Progress(Step{Part: "warning:", Text: text})
	}
}

// suspend gives the base config back before the bridge is gone: Codex must not
// point at a bridge that is not there. ctx has ended by then.
func suspend(ctx context.Context, o Options) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), suspendWait)
	defer cancel()
	for _, desktop := range NewDesktop(o.Settings, o.Now).All() {
		if _, err := desktop.Suspend(ctx); err != nil {
			o.Progress(Step{Part: "warning:", Text: fmt.Sprintf("%s still points at the bridge, which stops: %v. Run: clawrouter-codex desktop off", desktop.Home.Config(), err)})
		}
	}
}

// mend gives back a base config that points at a bridge which a SIGKILL or a
// crash ended. It looks first, so that it costs nothing where all is well; a
// config that cannot be read is the doctor's to tell.
func (o ConnectOptions) mend(ctx context.Context) {
	for _, desktop := range NewDesktop(o.Settings, o.Now).All() {
		if s, err := desktop.Status(); err == nil && s.On && !othersWork(ctx, s) {
			o.mendOne(ctx, desktop)
		}
	}
}

// othersWork reports whether a config is on that we did not switch on, and whose
// bridge answers: that of the older Node tool, say. It works as it is.
func othersWork(ctx context.Context, s codex.Status) bool {
	_, port := codex.Address(s.BaseURL)
	return !s.Remembered && port != 0 && !socket.Free(ctx, socket.V4(port))
}

func (o ConnectOptions) mendOne(ctx context.Context, desktop *codex.Desktop) {
	err := o.instead(ctx, func() error {
		_, err := desktop.Mend(ctx)
		return err
	})
	var started *RunningError
	switch {
	case errors.As(err, &started): // a start that began meanwhile sees to it
	case err != nil:
		o.Warn(fmt.Sprintf("%s points at a bridge that does not run, and could not be brought back: %v", desktop.Home.Config(), err))
	default:
		o.Warn("the link was ended without warning, so Codex's config.toml was brought back to your own provider; the next start switches it on again")
	}
}
