package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/BlockRunAI/clawrouter-codex/backend/link"
	"github.com/BlockRunAI/clawrouter-codex/backend/settings"
)

func (a *app) websearchCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "websearch",
		Short: "Let models search the web, or not",
		Long: `The switch for web searches through ClawRouter. It is kept in settings.toml and
acts on the next turn of a link that runs. WEB_SEARCH in the environment of the
process that runs the link wins at its next start.`,
		Example: "  clawrouter-codex websearch on\n  clawrouter-codex websearch status --json",
		Args:    unknownCommand,
		RunE:    a.group,
	}
	cmd.AddCommand(
		a.websearchSwitch("on", "Let models search the web", true),
		a.websearchSwitch("off", "Offer models no web search", false),
		&cobra.Command{
			Use: "status", Short: "Show the switch", Args: noArguments,
			Long:    "Show whether the switch is on, where that comes from, and whether searches can be run.",
			Example: "  clawrouter-codex websearch status",
			RunE: func(cmd *cobra.Command, _ []string) error {
				return a.withLink(cmd.Context(), func(l link.Link) error {
					s, err := l.State(cmd.Context())
					if err != nil {
						return err
					}
					a.answer(s.WebSearch, websearchText(s.WebSearch))
					return nil
				})
			},
		})
	return cmd
}

func (a *app) websearchSwitch(name, about string, on bool) *cobra.Command {
	return &cobra.Command{
		Use: name, Short: about, Args: noArguments,
		Long:    about + ", from the next turn on.",
		Example: "  clawrouter-codex websearch " + name,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.withLink(cmd.Context(), func(l link.Link) error {
				w, err := l.SetWebSearch(cmd.Context(), on)
				if err != nil {
					return err
				}
				a.answer(w, websearchText(w))
				return nil
			})
		},
	}
}

func websearchText(w link.WebSearch) string {
	var b strings.Builder
	state := "off"
	if w.On {
		state = "on"
	}
	fmt.Fprintf(&b, "Web search is %s (%s)\n", state, w.Origin)
	if w.Origin == settings.Environment {
		b.WriteString("WEB_SEARCH is set in the environment, and decides at every start: unset WEB_SEARCH\n")
	}
	if w.On && !w.Served {
		b.WriteString("Searches are run by ClawRouter, and none answers: models are offered no search.\n")
	}
	return b.String()
}
