package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/BlockRunAI/clawrouter-codex/backend/atomicfile"
	"github.com/BlockRunAI/clawrouter-codex/backend/codex"
	"github.com/BlockRunAI/clawrouter-codex/backend/daemon"
	"github.com/BlockRunAI/clawrouter-codex/backend/link"
	"github.com/BlockRunAI/clawrouter-codex/backend/settings"
)

func (a *app) appCommand() *cobra.Command {
	f := startFlags{command: "app", setup: true}
	cmd := &cobra.Command{
		Use:   "app",
		Short: "Start the link with its icon in the menu bar",
		Long: `Start ClawRouter and the bridge as "up" does, and put an icon into the menu bar
that shows and switches them: this is also what clawrouter-codex does without a
command. Quit in its menu, or Ctrl-C, ends all of it and gives Codex's config.toml
back to your own provider.

Started a second time it shows the panel of the first and exits with 0. Beside a
link that runs without an icon it is the icon of that one. Where ClawRouter cannot
be started, or something else has the port, it stays and says so.

Without a display it is "up".`,
		Example: "  clawrouter-codex\n  clawrouter-codex app --demo",
		Args:    noArguments,
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.inMenuBar(cmd.Context(), f, "up") },
	}
	a.startFlagSet(cmd, &f)
	return cmd
}

// faceOptions is what the menu bar and the window need of us.
func (a *app) faceOptions() FaceOptions {
	return FaceOptions{
		Program: a.env.Program, Version: a.env.Version, Environ: a.env.Environ,
		GOOS: a.env.Machine.GOOS, LookPath: a.env.LookPath,
		Say: func(text string) { a.warn("%s", text) },
	}
}

// noMenuBar says why there can be no icon here, "" where there can.
func (a *app) noMenuBar() string {
	if a.env.Face == nil {
		return "this build has no menu bar"
	}
	return a.env.Face.Missing(a.faceOptions())
}

// inMenuBar starts the link with its icon, or where there can be none as the
// command instead does.
func (a *app) inMenuBar(ctx context.Context, f startFlags, instead string) error {
	if why := a.noMenuBar(); why != "" {
		a.warn("%s, so the link starts without an icon, as \"clawrouter-codex %s\" does", why, instead)
		f.command, f.setup = instead, instead == "up"
		return a.start(ctx, f)
	}
	s, err := a.settingsFor(f)
	if err != nil {
		return err
	}
	if err := s.Paths.Create(); err != nil {
		return fmt.Errorf("make the state folder: %w", err)
	}
	lock, err := atomicfile.TryLock(s.Paths.MenuBar())
	if errors.Is(err, atomicfile.ErrLocked) {
		return a.showFirst(ctx, s)
	}
	if err != nil {
		return err
	}
	defer func() { _ = lock.Unlock() }()
	o := a.faceOptions()
	// Who starts it for the first time sees more than an icon.
	o.Open = !(codex.Home{Dir: s.CodexHome.V}).HasProfile()
	return a.env.Face.Run(ctx, o, func(ctx context.Context, shown Shown) error {
		f.shown = shown
		return a.keepLink(ctx, s, f)
	})
}

func (a *app) settingsFor(f startFlags) (*settings.Settings, error) {
	if f.demo {
		return a.demoSettings()
	}
	return a.settings()
}

// inMenuBar adds to the options of a link what it needs to be seen there.
func (f startFlags) inMenuBar(o daemon.Options) daemon.Options {
	if f.shown == nil {
		return o
	}
	o.Command = "app"
	o.Resident, o.OrAnyPort = !f.orDemo, true
	o.Started = func(l daemon.Link) { f.shown.Link(l.Local, o.Settings.Paths.Root) }
	o.ShowPanel = func(ctx context.Context, part string) error {
		err := f.shown.Panel(ctx, part)
		if errors.Is(err, ErrNoWindow) {
			return &link.Error{Kind: link.NoWindow, Message: err.Error(), Fix: "clawrouter-codex panel --browser"}
		}
		return err
	}
	return o
}

// again is the rest between two looks at a link that another process keeps up.
const again = time.Second

// keepLink keeps the link up until ctx ends. While another process does, it shows
// that one's, and takes its place when it ends.
func (a *app) keepLink(ctx context.Context, s *settings.Settings, f startFlags) error {
	for {
		err := a.start(ctx, f)
		var running *daemon.RunningError
		if !errors.As(err, &running) || ctx.Err() != nil {
			return err
		}
		a.say("%v: the icon in the menu bar is its.", err)
		if err := a.follow(ctx, s, f.shown); err != nil && ctx.Err() == nil {
			a.warn("%v", err)
		}
		timer := time.NewTimer(again)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil
		}
	}
}

// follow shows the link of another process until that ends.
func (a *app) follow(ctx context.Context, s *settings.Settings, shown Shown) error {
	if _, runs := daemon.Look(s.Paths); !runs {
		return nil
	}
	l, release, err := a.connect(ctx, s)
	if err != nil {
		return err
	}
	defer release()
	states, err := l.Subscribe(ctx)
	if err != nil {
		return err
	}
	shown.Link(l, s.Paths.Root)
	for range states { // until the link, or we, end
	}
	return nil
}

// showFirst shows the panel of the program that has the icon.
func (a *app) showFirst(ctx context.Context, s *settings.Settings) error {
	running, runs := daemon.Look(s.Paths)
	if !runs || running.PID == 0 {
		a.say("clawrouter-codex is starting already.")
		return nil
	}
	l, release, err := a.connect(ctx, s)
	if err != nil {
		return err
	}
	defer release()
	a.say("clawrouter-codex already runs: %s, process %d.", running.Bridge, running.PID)
	return a.showPanel(ctx, s, l, "")
}
