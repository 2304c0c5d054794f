package link

import "context"

// DesktopApp is the Desktop app of Codex, where it can be asked to quit.
type DesktopApp interface {
	// Runs may take a while: it asks the system.
	Runs(ctx context.Context) bool
	// Restart waits for what the user answers to the app.
	Restart(ctx context.Context) error
}

// RestartCodex implements Link.
func (l *Local) RestartCodex(ctx context.Context) error {
	// Who asked may go away meanwhile, a page that is closed for instance: an app that
	// has quit is opened again all the same. It bounds its own patience.
	ctx = context.WithoutCancel(ctx)
	if l.o.DesktopApp == nil || !l.o.DesktopApp.Runs(ctx) {
		return &Error{Kind: Failed, Message: "no Desktop app of Codex runs here that can be asked to quit; restart Codex yourself"}
	}
	if !l.restarting.TryLock() {
		return &Error{Kind: Failed, Message: "Codex is asked to quit already"}
	}
	defer l.restarting.Unlock()
	if err := l.o.DesktopApp.Restart(ctx); err != nil {
		return err
	}
	l.mu.Lock()
	l.switched, l.asks = false, false
	l.mu.Unlock()
	l.publish()
	return nil
}

// watchDesktopApp finds out whether the Desktop app can be asked to quit, whenever
// the state is about to say that it should be restarted, until ctx ends.
func (l *Local) watchDesktopApp(ctx context.Context) {
	for {
		select {
		case <-l.askApp:
		case <-ctx.Done():
			return
		}
		runs := l.o.DesktopApp.Runs(ctx)
		l.mu.Lock()
		news := runs != l.asks
		l.asks = runs
		l.mu.Unlock()
		if news {
			signal(l.kick)
		}
	}
}

// lookAtDesktopApp has watchDesktopApp look, if that matters now.
func (l *Local) lookAtDesktopApp() {
	l.mu.Lock()
	matters := l.switched && l.o.DesktopApp != nil
	l.mu.Unlock()
	if matters {
		signal(l.askApp)
	}
}
