package cli

import (
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/BlockRunAI/clawrouter-codex/backend/codex"
	"github.com/BlockRunAI/clawrouter-codex/backend/link"
)

func (a *app) modelCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "model",
		Short: "Show or pick the model that Codex runs on",
		Long: `Codex's picker has an entry "Menu bar choice". What stands behind it is the model
picked here, in the menu bar or in the panel: a pick reaches the next turn of
every running Codex, which need not be restarted.`,
		Example: `  clawrouter-codex model list
  clawrouter-codex model use anthropic/claude-opus-5
  clawrouter-codex model show`,
		Args: unknownCommand,
		RunE: a.group,
	}
	cmd.AddCommand(a.modelListCommand(), a.modelUseCommand(), a.modelShowCommand())
	return cmd
}

// modelList is what model list answers with --json.
type modelList struct {
	InForce string              `json:"in_force"`
	Models  []codex.PickerModel `json:"models"`
}

func (a *app) modelListCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the models that can be picked",
		Long: `List the models of Codex's picker, with their price and window; an asterisk marks
the one in force. "clawrouter-codex gen-catalog" chooses which ones there are.`,
		Example: "  clawrouter-codex model list\n  clawrouter-codex model list --json",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.withLink(cmd.Context(), func(l link.Link) error {
				list, err := l.Models(cmd.Context())
				if err != nil {
					return err
				}
				s, err := l.State(cmd.Context())
				if err != nil {
					return err
				}
				a.answer(modelList{s.Model.InForce, list}, modelTable(list, s.Model.InForce))
				return nil
			})
		},
	}
}

func modelTable(list []codex.PickerModel, inForce string) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, m := range list {
		mark := " "
		if m.ID == inForce {
			mark = "*"
		}
		fmt.Fprintf(w, "%s %s\t%s\t%s\n", mark, m.ID, m.Name, m.Description)
	}
	_ = w.Flush() // a strings.Builder takes everything
	return b.String()
}

func (a *app) modelUseCommand() *cobra.Command {
	var pin bool
	cmd := &cobra.Command{
		Use:   "use NAME",
		Short: "Pick a model",
		Long: `Pick the model behind "Menu bar choice". A running Codex that uses this entry
asks the model at its next turn. The first pick makes the profile start Codex with
the entry, and config.toml too while the switch for Codex Desktop is on.

NAME is an id of "clawrouter-codex model list", the name that the picker shows, or
a short name of ClawRouter's, such as opus.

--pin writes the model itself into the profile instead: Codex then knows its real
window and price from the start, and no later pick reaches it.`,
		Example: `  clawrouter-codex model use anthropic/claude-opus-5
  clawrouter-codex model use opus
  clawrouter-codex model use --pin zai/glm-5.2`,
		Args: oneModel,
		ValidArgsFunction: func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			return a.completeModel(cmd, args), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withLink(cmd.Context(), func(l link.Link) error {
				use, err := l.UseModel(cmd.Context(), args[0], pin)
				if err != nil {
					return err
				}
				a.tellAll(use.Notes)
				a.answer(use, useText(use))
				return nil
			})
		},
	}
	cmd.Flags().BoolVar(&pin, "pin", false, "write the model itself into Codex's profile")
	return cmd
}

func oneModel(cmd *cobra.Command, args []string) error {
	switch len(args) {
	case 0:
		return &usageError{err: errors.New("model use needs the name of a model"), mend: "clawrouter-codex model list"}
	case 1:
		return nil
	}
	return &usageError{err: fmt.Errorf("model use takes one name, and was given %d", len(args)), mend: cmd.CommandPath() + " --help"}
}

func useText(use link.ModelUse) string {
	switch {
	case use.Pinned:
		return fmt.Sprintf("Codex starts with %s from now on; sessions that run keep their model.\n", use.Model)
	case use.Live:
		return fmt.Sprintf("The next turn goes to %s.\n", use.Model)
	}
	return fmt.Sprintf("Turns go to %s as soon as the link runs: clawrouter-codex up\n", use.Model)
}

// completeModel offers ids to a shell; where nobody can tell them it offers none.
func (a *app) completeModel(cmd *cobra.Command, args []string) (ids []string) {
	if len(args) > 0 {
		return nil
	}
	_ = a.withLink(cmd.Context(), func(l link.Link) error {
		list, err := l.Models(cmd.Context())
		for _, m := range list {
			ids = append(ids, cobra.CompletionWithDesc(m.ID, m.Description))
		}
		return err
	})
	return ids
}

func (a *app) modelShowCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "show",
		Short:   "Show the model in force",
		Long:    "Show which model the next turn goes to, what the profile asks for, and what answered last.",
		Example: "  clawrouter-codex model show\n  clawrouter-codex model show --json",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.withLink(cmd.Context(), func(l link.Link) error {
				s, err := l.State(cmd.Context())
				if err != nil {
					return err
				}
				a.answer(s.Model, modelText(s.Model))
				return nil
			})
		},
	}
}

func modelText(m link.Model) string {
	var b strings.Builder
	fmt.Fprintf(&b, "In force  %s", m.InForce)
	switch {
	case m.Pinned:
		b.WriteString(", pinned in Codex's profile")
	case m.Chosen == "":
		b.WriteString(", the default")
	case m.Profile == "":
		b.WriteString(`, but Codex has no profile yet: clawrouter-codex setup`)
	}
	b.WriteString("\n")
	if m.Pinned && m.Chosen != "" {
		fmt.Fprintf(&b, "Choice    %s, behind \"Menu bar choice\"\n", m.Chosen)
	}
	if m.Last != "" {
		fmt.Fprintf(&b, "Last turn %s\n", m.Last)
	}
	return b.String()
}
