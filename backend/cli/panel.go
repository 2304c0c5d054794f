package cli

import (
	"context"
	"errors"
	"os/exec"

	"github.com/spf13/cobra"

	"github.com/BlockRunAI/clawrouter-codex/backend/link"
	"github.com/BlockRunAI/clawrouter-codex/backend/panel"
	"github.com/BlockRunAI/clawrouter-codex/backend/settings"
)

func (a *app) panelCommand() *cobra.Command {
	var show, browser, fromApp bool
	var part string
	cmd := &cobra.Command{
		Use:   "panel",
		Short: "Open the panel",
		Long: `Open the page of the running link: balance, spending, models, switches, health.
It opens in a window where the window is installed (clawrouter-codex-panel beside
this program or on PATH), else in the browser. The link that is opened lets one
window or browser in, once, within five minutes; --print prints it instead.`,
		Example: "  clawrouter-codex panel\n  clawrouter-codex panel --browser\n  clawrouter-codex panel --print",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			return a.withSettings(ctx, func(s *settings.Settings, l link.Link) error {
				switch {
				case fromApp && a.env.Face != nil:
					return a.env.Face.ShowPanel(ctx, a.faceOptions(), s.Paths.Root, part, true)
				case show || a.json:
					p, err := l.Panel(ctx)
					if err != nil {
						return err
					}
					a.answer(p, p.URL+"\n")
					return nil
				case browser:
					return a.browsePanel(ctx, s, l, part)
				}
				return a.showPanel(ctx, s, l, part)
			})
		},
	}
	cmd.Flags().BoolVar(&show, "print", false, "print the one-time link and open nothing")
	cmd.Flags().BoolVar(&browser, "browser", false, "open it in the browser, also where there is a window")
	cmd.Flags().StringVar(&part, "part", "", "show this part of it: doctor or logs")
	cmd.Flags().BoolVar(&fromApp, "from-app", false, "be the window, for the app that starts it")
	_ = cmd.Flags().MarkHidden("from-app") // it is there
	cmd.MarkFlagsMutuallyExclusive("print", "browser")
	return cmd
}

// showPanel opens the panel in the window of the app, else in one of its own, else
// in the browser.
func (a *app) showPanel(ctx context.Context, s *settings.Settings, l link.Link, part string) error {
	err := l.ShowPanel(ctx, part)
	if err == nil {
		a.say("The panel opens in its window.")
		return nil
	}
	var told *link.Error
	if !errors.As(err, &told) || told.Kind != link.NoWindow {
		a.warn("%v; it opens in the browser instead", err)
		return a.browsePanel(ctx, s, l, part)
	}
	// Who has no link has no panel: that is told before a window is opened.
	if _, err := l.Panel(ctx); err != nil {
		return err
	}
	if a.noMenuBar() == "" {
		switch err := a.env.Face.ShowPanel(ctx, a.faceOptions(), s.Paths.Root, part, false); {
		case err == nil:
			a.say("The panel opens in its window.")
			return nil
		case !errors.Is(err, ErrNoWindow):
			a.warn("%v; it opens in the browser instead", err)
		}
	}
	return a.browsePanel(ctx, s, l, part)
}

func (a *app) browsePanel(ctx context.Context, s *settings.Settings, l link.Link, part string) error {
	p, err := l.Panel(ctx)
	if err != nil {
		return err
	}
	if part != "" {
		p.URL += "#" + part
	}
	browser := panel.Browser{
		GOOS: a.env.Machine.GOOS, Folder: s.Paths.Root, LookPath: a.env.LookPath,
		Start: func(name string, args ...string) error { return exec.Command(name, args...).Start() },
	}
	if err := browser.Open(p.URL); err != nil {
		return err
	}
	a.say("The panel opens in the browser.")
	return nil
}
