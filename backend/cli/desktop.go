package cli

import (
	"context"
	"fmt"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"github.com/BlockRunAI/clawrouter-codex/backend/codex"
	"github.com/BlockRunAI/clawrouter-codex/backend/daemon"
	"github.com/BlockRunAI/clawrouter-codex/backend/link"
	"github.com/BlockRunAI/clawrouter-codex/backend/login"
	"github.com/BlockRunAI/clawrouter-codex/backend/settings"
)

func (a *app) desktopCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "desktop",
		Short: "Switch Codex Desktop, and Codex without a profile, to the link",
		Long: `Codex Desktop, the editor extensions and a plain "codex" read config.toml and know
no profiles. "desktop on" sets three keys there and the table of the provider;
"desktop off" puts the keys back byte for byte, and leaves the table so that
threads begun on ClawRouter can still be opened.

When the link stops, config.toml is brought back to your own provider by itself,
and when it starts, to what was chosen here.`,
		Example: "  clawrouter-codex desktop on\n  clawrouter-codex desktop status --json",
		Args:    unknownCommand,
		RunE:    a.group,
	}
	cmd.AddCommand(
		a.desktopSwitch("on", "Let config.toml go through ClawRouter; the link must run", link.ClawRouter),
		a.desktopSwitch("off", "Give config.toml back to your own provider", link.Subscription),
		&cobra.Command{
			Use: "status", Short: "Show what config.toml goes through", Args: noArguments,
			Long:    "Show what config.toml goes through now, and what was chosen.",
			Example: "  clawrouter-codex desktop status",
			RunE: func(cmd *cobra.Command, _ []string) error {
				return a.withDesktop(cmd.Context(), func(_ context.Context, _ *settings.Settings, d *codex.Desktop) error {
					s, err := d.Status()
					if err != nil {
						return err
					}
					a.answer(s, desktopText(s))
					return nil
				})
			},
		})
	return cmd
}

// desktopApp is nil where no Desktop app can be asked to quit. A demo has none:
// the user's own app does not read the demo's files.
func (a *app) desktopApp() link.DesktopApp {
	if d := codex.NewDesktopApp(a.env.Machine.GOOS); d != nil {
		return d
	}
	return nil
}

// withDesktop calls do after a config that a killed link left behind is mended.
func (a *app) withDesktop(ctx context.Context, do func(context.Context, *settings.Settings, *codex.Desktop) error) error {
	return a.withSettings(ctx, func(s *settings.Settings, _ link.Link) error {
		return do(ctx, s, daemon.NewDesktop(s, a.env.Now))
	})
}

func (a *app) desktopSwitch(name, about string, to link.Provider) *cobra.Command {
	return &cobra.Command{
		Use: name, Short: about, Args: noArguments, Long: about + ".",
		Example: "  clawrouter-codex desktop " + name,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.withLink(cmd.Context(), func(l link.Link) error {
				change, err := l.SetProvider(cmd.Context(), to)
				if err != nil {
					return err
				}
				a.answer(change, changeText(change))
				return nil
			})
		},
	}
}

func changeText(c codex.Change) string {
	var b strings.Builder
	for _, line := range c.Done {
		b.WriteString(line + "\n")
	}
	if c.Restart {
		b.WriteString("Restart Codex Desktop to make it notice.\n")
	}
	return b.String()
}

func desktopText(s codex.Status) string {
	var b strings.Builder
	state := "your own provider"
	if s.On {
		state = "ClawRouter, with " + s.Model
	}
	fmt.Fprintf(&b, "%s goes through %s\n", s.Config, state)
	if s.Choice == link.ClawRouter && !s.On {
		b.WriteString("ClawRouter is chosen, and switched on when the link starts: clawrouter-codex up\n")
	}
	return b.String()
}

// writesAgainError refuses to uninstall beside a running link.
type writesAgainError struct{ running *daemon.RunningError }

func (e *writesAgainError) Error() string {
	return "the link runs, and would write again what uninstall takes back"
}

func (e *writesAgainError) Unwrap() error { return e.running }

// Mend is how to stop the link, and what then.
func (e *writesAgainError) Mend() string {
	r := e.running.Running
	if r.PID == 0 { // it is starting, and has not said yet who it is
		return "stop it, then: clawrouter-codex uninstall"
	}
	return fmt.Sprintf("stop it: %s; then: clawrouter-codex uninstall", r.Stop(runtime.GOOS))
}

func (a *app) uninstallCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "uninstall",
		Short: "Take back everything that was written into Codex's folder",
		Long: `Take our lines out of config.toml, also in a CODEX_HOME of an earlier day, and
remove the profile and the model list. What you added to them stays, and is named.
What starts the program at login goes too. The program's own folder, with settings,
ledger and backups, is left for you to delete. The link must not run.`,
		Example: "  clawrouter-codex uninstall",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := a.settings()
			if err != nil {
				return err
			}
			if r, runs := daemon.Look(s.Paths); runs {
				return &writesAgainError{&daemon.RunningError{Running: r}}
			}
			change, err := uninstallAll(cmd.Context(), daemon.NewDesktop(s, a.env.Now).Known())
			if err != nil {
				return err
			}
			if gone, err := a.forgetLogin(cmd.Context(), s); err != nil {
				return err
			} else if gone != "" {
				change.Done = append(change.Done, gone)
			}
			a.answer(change, changeText(change)+"Left for you to delete: "+s.Paths.Root+", with settings, ledger and backups\n")
			return nil
		},
	}
}

// uninstallAll takes back what was written into each CODEX_HOME that was ever
// switched on; the first one is that of today, whose Change is returned.
func uninstallAll(ctx context.Context, homes []*codex.Desktop) (codex.Change, error) {
	first, err := homes[0].Uninstall(ctx)
	for _, home := range homes[1:] {
		if err != nil {
			break
		}
		var change codex.Change
		change, err = home.Uninstall(ctx)
		first.Done = append(first.Done, change.Done...)
	}
	return first, err
}

// forgetLogin takes away what starts the program at login, and says so.
func (a *app) forgetLogin(ctx context.Context, s *settings.Settings) (string, error) {
	item := a.loginSwitch(s, login.Auto)
	if st := item.State(ctx); st.On {
		return "removed " + st.Path + ", which started the program at login", daemon.SetLogin(ctx, item, false)
	}
	return "", nil
}
