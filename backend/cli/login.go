package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/BlockRunAI/clawrouter-codex/backend/daemon"
	"github.com/BlockRunAI/clawrouter-codex/backend/link"
	"github.com/BlockRunAI/clawrouter-codex/backend/login"
	"github.com/BlockRunAI/clawrouter-codex/backend/settings"
)

func (a *app) loginCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "login",
		Short: "Start at login, or no longer",
		Long: `Have the program started whenever you log in: on macOS by a LaunchAgent, on a
Linux desktop by an autostart entry, on Linux without one by a unit of your
systemd, on Windows by the Run key. It needs no rights of an administrator.

A program that is started so has nothing of the shell: no PATH, no variables.
"login on" therefore keeps in settings.toml where node and npx are, ports,
CODEX_HOME, CLAWROUTER_CMD, CLAWROUTER_PROXY_URL and where the wallet's key is.
A key itself is never kept.`,
		Example: "  clawrouter-codex login on\n  clawrouter-codex login status --json",
		Args:    unknownCommand,
		RunE:    a.group,
	}
	cmd.AddCommand(a.loginOnCommand("on", "clawrouter-codex login on"), a.loginOffCommand("off", "clawrouter-codex login off"),
		a.loginStatusCommand("status", "clawrouter-codex login status"))
	return cmd
}

// daemonCommand keeps the commands of the tool that this program succeeds.
func (a *app) daemonCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "daemon", Short: "Other words for login", Hidden: true, Args: unknownCommand, RunE: a.group,
		Long:    "daemon install is login on, daemon uninstall is login off, and daemon status is login status.",
		Example: "  clawrouter-codex daemon uninstall",
	}
	cmd.AddCommand(a.loginOnCommand("install", "clawrouter-codex daemon install"), a.loginOffCommand("uninstall", "clawrouter-codex daemon uninstall"),
		a.loginStatusCommand("status", "clawrouter-codex daemon status"))
	return cmd
}

func (a *app) loginOnCommand(name, example string) *cobra.Command {
	var tray, headless bool
	cmd := &cobra.Command{
		Use: name, Short: "Start at login from now on", Args: noArguments,
		Long: `Start at login from now on, and say before what that means: the bridge and
ClawRouter then run without being started, and whatever uses Codex through them
spends from your wallet. "clawrouter-codex cap" sets a daily cap.

Without a flag the menu bar is started where there is a desktop, and the link
alone where there is none. Done again, it writes the item anew: for a program that
was moved, or for another shell's settings. A LaunchAgent of the older Node tool,
ai.blockrun.clawrouter-codex, is stopped and replaced, after a copy.`,
		Example: "  " + example + "\n  " + example + " --headless",
		RunE: func(cmd *cobra.Command, _ []string) error {
			face := login.Auto
			switch {
			case tray:
				face = login.Tray
			case headless:
				face = login.Headless
			}
			return a.setLogin(cmd.Context(), face, true)
		},
	}
	cmd.Flags().BoolVar(&tray, "tray", false, "start the menu bar")
	cmd.Flags().BoolVar(&headless, "headless", false, "start the link alone")
	cmd.MarkFlagsMutuallyExclusive("tray", "headless")
	return cmd
}

func (a *app) loginOffCommand(name, example string) *cobra.Command {
	return &cobra.Command{
		Use: name, Short: "Start at login no longer", Args: noArguments,
		Long:    "Start at login no longer. A program that runs goes on running. A LaunchAgent of the older Node tool is stopped and taken away too.",
		Example: "  " + example,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.setLogin(cmd.Context(), login.Auto, false)
		},
	}
}

func (a *app) loginStatusCommand(name, example string) *cobra.Command {
	return &cobra.Command{
		Use: name, Short: "Show what is started at login", Args: noArguments,
		Long:    "Show whether the program is started at login, by what, and what is wrong with that.",
		Example: "  " + example,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.withLink(cmd.Context(), func(l link.Link) error {
				s, err := l.State(cmd.Context())
				if err != nil {
					return err
				}
				a.answer(s.Login, loginText(s.Login))
				return nil
			})
		},
	}
}

// loginSwitch is the launch at login as this shell would set it up.
func (a *app) loginSwitch(s *settings.Settings, face login.Face) *daemon.Login {
	return daemon.NewLogin(daemon.LoginOptions{
		Settings: s, Machine: a.env.Machine, Environ: a.env.Environ, Program: a.env.Program, Codex: a.findCodex(s),
		LookPath: a.env.LookPath, Now: a.env.Now, Face: face,
	})
}

// setLogin writes the item from here, where the shell's settings are, and then
// tells a link that runs.
func (a *app) setLogin(ctx context.Context, face login.Face, on bool) error {
	return a.withLink(ctx, func(l link.Link) error {
		s, err := a.settings()
		if err != nil {
			return err
		}
		state, err := l.State(ctx)
		if err != nil {
			return err
		}
		item := a.loginSwitch(s, face)
		if here := item.State(ctx); !here.Available {
			return errors.New(here.Problem)
		}
		if on && state.Login.Warning != "" {
			a.say("%s", state.Login.Warning)
		}
		if err := daemon.SetLogin(ctx, item.Anew(), on); err != nil {
			return err
		}
		if state.Login.Available {
			if _, err := l.SetLogin(ctx, on); err != nil {
				return err
			}
		}
		now := item.State(ctx)
		now.Warning = state.Login.Warning
		a.answer(now, loginText(now))
		return nil
	})
}

// loginKinds are the items in words.
var loginKinds = map[string]string{
	login.LaunchAgent: "a LaunchAgent", login.Autostart: "an autostart entry, for the menu bar",
	login.Systemd: "a unit of your systemd, for the link alone", login.RunKey: "the Run key",
}

func loginText(l link.Login) string {
	var b strings.Builder
	switch {
	case !l.Available:
		fmt.Fprintf(&b, "Start at login is not available: %s\n", l.Problem)
		return b.String()
	case l.On:
		fmt.Fprintf(&b, "Start at login is on: %s\n%s\n", loginKinds[l.Kind], l.Path)
	default:
		b.WriteString("Start at login is off\n")
	}
	if l.Problem != "" {
		fmt.Fprintf(&b, "\n%s\n", l.Problem)
	}
	if l.On && l.Kind == login.Systemd {
		b.WriteString("\nIt starts when you log in; for a start with the machine: loginctl enable-linger\n")
	}
	return b.String()
}
