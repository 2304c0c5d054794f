package cli

import (
	"os/exec"

	"github.com/spf13/cobra"

	"github.com/BlockRunAI/clawrouter-codex/backend/link"
	"github.com/BlockRunAI/clawrouter-codex/backend/panel"
)

func (a *app) panelCommand() *cobra.Command {
	var show bool
	cmd := &cobra.Command{
		Use:   "panel",
		Short: "Open the panel in the browser",
		Long: `Open the page of the running link in the browser: balance, spending, models,
switches, health. The link that it opens lets one browser in, once, within five
minutes; --print prints it instead.`,
		Example: "  clawrouter-codex panel\n  clawrouter-codex panel --print",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.withLink(cmd.Context(), func(l link.Link) error {
				p, err := l.Panel(cmd.Context())
				if err != nil {
					return err
				}
				if show || a.json {
					a.answer(p, p.URL+"\n")
					return nil
				}
				return a.openPanel(p)
			})
		},
	}
	cmd.Flags().BoolVar(&show, "print", false, "print the one-time link and open nothing")
	return cmd
}

func (a *app) openPanel(p link.PanelAddress) error {
	s, err := a.settings()
	if err != nil {
		return err
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
