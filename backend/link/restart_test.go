package link

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
)

// desktopApp is a Desktop app of Codex.
type desktopApp struct {
	runs    atomic.Bool
	asked   atomic.Int32
	refuses error
	// asking, if there is one, is closed when the app is asked to quit; it then waits
	// for answer.
	asking, answer chan struct{}
}

func (d *desktopApp) Runs(context.Context) bool { return d.runs.Load() }

func (d *desktopApp) Restart(ctx context.Context) error {
	d.asked.Add(1)
	if d.asking != nil {
		close(d.asking)
		<-d.answer
	}
	return errors.Join(d.refuses, ctx.Err())
}

func TestRestartOfTheDesktopAppIsOfferedWhereItCanBeDone(t *testing.T) {
	app := &desktopApp{}
	u := newUser(t)
	u.more = func(o *Options) { o.DesktopApp = app }
	u.setUp()
	local, remote, _ := u.remote()
	ctx := t.Context()
	states, err := remote.Subscribe(ctx)
	if err != nil {
		t.Fatal(err)
	}
	app.runs.Store(true)
	if s := await(t, states, func(s State) bool { return s.Running }); s.Restart || s.RestartNow {
		t.Errorf("nothing was switched, and the state is %+v", s)
	}
	if _, err := local.SetProvider(ctx, ClawRouter); err != nil {
		t.Fatal(err)
	}
	await(t, states, func(s State) bool { return s.Restart && s.RestartNow })

	app.refuses = errors.New("Codex did not quit")
	if err := remote.RestartCodex(ctx); err == nil || err.Error() != "Codex did not quit" {
		t.Errorf("refused: %v", err)
	}
	if s, _ := local.State(ctx); !s.Restart || !s.RestartNow {
		t.Error("it was not restarted, and the state no longer says that it should be")
	}
	app.refuses = nil
	if err := remote.RestartCodex(ctx); err != nil {
		t.Fatal(err)
	}
	await(t, states, func(s State) bool { return !s.Restart && !s.RestartNow })
}

func TestWhereNoDesktopAppRunsNoneIsRestarted(t *testing.T) {
	app := &desktopApp{}
	for name, more := range map[string]func(*Options){
		"none on this system": func(*Options) {},
		"none runs":           func(o *Options) { o.DesktopApp = app },
	} {
		t.Run(name, func(t *testing.T) {
			u := newUser(t)
			u.more = more
			if err := u.local(8403).RestartCodex(t.Context()); kindOf(err) != Failed || app.asked.Load() > 0 {
				t.Errorf("%v, asked %d times", err, app.asked.Load())
			}
		})
	}
}

// An app that has quit is opened again, also when the page that asked is closed
// meanwhile; and nobody asks it twice.
func TestARestartGoesOnWhenWhoAskedIsGone(t *testing.T) {
	app := &desktopApp{asking: make(chan struct{}), answer: make(chan struct{})}
	app.runs.Store(true)
	u := newUser(t)
	u.more = func(o *Options) { o.DesktopApp = app }
	l := u.local(8403)
	ctx, leave := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- l.RestartCodex(ctx) }()
	<-app.asking
	if err := l.RestartCodex(t.Context()); kindOf(err) != Failed || app.asked.Load() != 1 {
		t.Errorf("a second time: %v, asked %d times", err, app.asked.Load())
	}
	leave()
	close(app.answer)
	if err := <-done; err != nil {
		t.Error(err)
	}
}
