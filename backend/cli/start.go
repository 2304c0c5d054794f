package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/BlockRunAI/clawrouter-codex/backend/codex"
	"github.com/BlockRunAI/clawrouter-codex/backend/daemon"
	"github.com/BlockRunAI/clawrouter-codex/backend/login"
	"github.com/BlockRunAI/clawrouter-codex/backend/proxy"
	"github.com/BlockRunAI/clawrouter-codex/backend/settings"
)

// startFlags are how up and start differ.
type startFlags struct {
	command string // "up" or "start"
	setup   bool   // write Codex's files once the link is healthy
	demo    bool   // against the built-in stand-in
	orDemo  bool   // the same, but only if ClawRouter cannot be started
	shown   Shown  // the menu bar; nil without
}

func (a *app) upCommand() *cobra.Command {
	f := startFlags{command: "up", setup: true}
	cmd := &cobra.Command{
		Use:   "up",
		Short: "Start the link and tell Codex about it",
		Long: `Start ClawRouter and the bridge, wait until both are healthy, write the
profile and the model list that Codex needs, and print the line to start Codex
with. Stays in the foreground; Ctrl-C stops both.

A ClawRouter that already runs on PROXY_PORT is used, not started again. With
CLAWROUTER_PROXY_URL set, nothing is started and that server is used instead.
If the link already runs, up writes Codex's files, shows what runs and exits; a
ClawRouter that is down beside it is started again.

--demo needs neither wallet nor network: it uses the built-in stand-in, with a
state folder, ports and a CODEX_HOME of its own, and touches no file of yours.
--or-demo does that only if ClawRouter cannot be started, and says why.`,
		Example: `  clawrouter-codex up
  PROXY_PORT=9404 clawrouter-codex up
  clawrouter-codex up --demo`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.start(cmd.Context(), f) },
	}
	a.startFlagSet(cmd, &f)
	return cmd
}

func (a *app) startCommand() *cobra.Command {
	f := startFlags{command: "start"}
	cmd := &cobra.Command{
		Use:   "start",
		Short: "Start ClawRouter and the bridge",
		Long: `Start ClawRouter and the bridge, wait until both are healthy, and print the
next step. Codex's files are not touched: "clawrouter-codex setup" writes them.
Stays in the foreground; Ctrl-C stops both.

A ClawRouter that already runs on PROXY_PORT is used, not started again. With
CLAWROUTER_PROXY_URL set, nothing is started and that server is used instead.
If the link already runs, start shows what runs and exits with 0; a ClawRouter
that is down beside it is started again.`,
		Example: `  clawrouter-codex start
  CLAWROUTER_PROXY_URL=https://gateway.example/v1 clawrouter-codex start
  clawrouter-codex --headless`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.start(cmd.Context(), f) },
	}
	a.startFlagSet(cmd, &f)
	return cmd
}

func (a *app) startFlagSet(cmd *cobra.Command, f *startFlags) {
	cmd.Flags().BoolVar(&f.demo, "demo", false, "use the built-in stand-in for ClawRouter, apart from all your files")
	cmd.Flags().BoolVar(&f.orDemo, "or-demo", false, "fall back to --demo, loudly, if ClawRouter cannot be started")
	cmd.MarkFlagsMutuallyExclusive("demo", "or-demo")
	a.linkFlags(cmd)
}

// linkFlags are the settings that a command which opens ports may override.
func (a *app) linkFlags(cmd *cobra.Command) {
	a.override(cmd, "port", "port of the bridge (PORT)")
	a.override(cmd, "proxy_port", "port of ClawRouter (PROXY_PORT)")
	a.override(cmd, "proxy_url", "use this server instead of starting ClawRouter (CLAWROUTER_PROXY_URL)")
}

func (a *app) start(ctx context.Context, f startFlags) error {
	if f.demo {
		return a.runDemo(ctx, f)
	}
	err := a.startReal(ctx, f)
	if f.orDemo && cannotStart(err) {
		a.tellFallback(err)
		return a.runDemo(ctx, f)
	}
	return err
}

func (a *app) startReal(ctx context.Context, f startFlags) error {
	s, err := a.settings()
	if err != nil {
		return err
	}
	outlivePipes()
	err = daemon.Run(ctx, f.inMenuBar(daemon.Options{
		Settings: s, Version: a.env.Version, Command: f.command, Environ: a.env.Environ, Home: a.env.Machine.Home,
		Program: a.env.Program, Codex: a.findCodex(s), Login: a.loginSwitch(s, login.Auto), DesktopApp: a.desktopApp(), Now: a.env.Now,
		Progress: a.progress, Doctor: a.checks,
		Ready: func(ctx context.Context, l daemon.Link) error {
			if f.setup {
				if err := a.remember(ctx, s); err != nil {
					return err
				}
			}
			return a.ready(ctx, s, l, f.setup)
		},
	}))
	if f.shown != nil {
		return err
	}
	return a.unlessRunning(ctx, s, err, f.setup)
}

// unlessRunning is err, except that a link which runs already is what the user
// asked for.
func (a *app) unlessRunning(ctx context.Context, s *settings.Settings, err error, setup bool) error {
	var running *daemon.RunningError
	if errors.As(err, &running) && running.Running.PID != 0 {
		return a.alreadyRuns(ctx, s, running.Running, setup)
	}
	return err
}

// progress prints what is being waited for, a line for each, in one write.
func (a *app) progress(steps ...daemon.Step) {
	var b strings.Builder
	for _, s := range steps {
		mark := "-"
		if a.env.ErrTerminal {
			mark = a.style(true, faint, "·")
			if s.Done {
				mark = a.style(true, green, "✓")
			}
		}
		fmt.Fprintf(&b, "%s %s %s\n", mark, s.Part, oneLine(s.Text))
	}
	fmt.Fprint(a.env.Stderr, b.String())
}

// ready prints the next step, after setup where it was asked for.
func (a *app) ready(ctx context.Context, s *settings.Settings, l daemon.Link, setup bool) error {
	return a.show(ctx, s, linkState{Running: l.Running}, setup)
}

// show prints a link that is up, and the next step.
func (a *app) show(ctx context.Context, s *settings.Settings, state linkState, setup bool) error {
	state.Codex = codexLine(a, s)
	if setup {
		result, err := a.setUp(ctx, s, state.Port())
		if err != nil {
			return err
		}
		state.Setup = &result
		a.tellNotes(result)
	}
	a.answer(state, a.nextStep(s, state))
	return nil
}

// linkState is what up and start answer with --json.
type linkState struct {
	daemon.Running
	Already bool               `json:"already"` // it ran before this command
	Codex   string             `json:"codex"`   // the line that starts Codex
	Setup   *codex.SetupResult `json:"setup,omitempty"`
	// Restarted: ClawRouter was down beside a link that ran, and is started again.
	Restarted bool `json:"restarted,omitempty"`
}

func codexLine(a *app, s *settings.Settings) string {
	return codex.Home{Dir: s.CodexHome.V}.Command(a.env.Machine.Home, a.env.Machine.GOOS)
}

func (a *app) nextStep(s *settings.Settings, state linkState) string {
	var b strings.Builder
	if state.Setup == nil && !(codex.Home{Dir: s.CodexHome.V}).HasProfile() {
		fmt.Fprintf(&b, "\nThe link is up. Codex does not know it yet; in another terminal:\n\n    clawrouter-codex setup\n    %s\n", a.style(a.env.OutTerminal, bold, state.Codex))
	} else {
		fmt.Fprintf(&b, "\nThe link is up. In another terminal:\n\n    %s\n", a.style(a.env.OutTerminal, bold, state.Codex))
	}
	if !state.Already {
		b.WriteString("\nCtrl-C stops it.\n")
	}
	return b.String()
}

// alreadyRuns shows the link that another process keeps up.
func (a *app) alreadyRuns(ctx context.Context, s *settings.Settings, r daemon.Running, setup bool) error {
	state := linkState{Running: r, Already: true}
	a.say("Already running: %s, process %d, %s %s, upstream %s.", r.Bridge, r.PID, r.Command, r.Version, r.Upstream)
	state.Restarted = a.startAgain(ctx, s)
	return a.show(ctx, s, state, setup)
}

// startAgain has the running link start a ClawRouter that is down, a given-up one
// too: the words of a crash loop send the user here. It reports whether it did.
func (a *app) startAgain(ctx context.Context, s *settings.Settings) bool {
	l, release, err := a.connect(ctx, s)
	if err != nil {
		a.warn("whether ClawRouter runs could not be asked: %v", err)
		return false
	}
	defer release()
	state, err := l.State(ctx)
	down := state.Proxy.Supervised && (state.Proxy.Phase == proxy.PhaseRestarting || state.Proxy.Phase == proxy.PhaseFailed)
	if err == nil && down {
		err = l.RestartProxy(ctx)
	}
	if err != nil {
		a.warn("ClawRouter could not be started again: %v", err)
		return false
	}
	if down {
		a.say("ClawRouter does not run: %s It is started again now.", state.Proxy.Headline)
	}
	return down
}
