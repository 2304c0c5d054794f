package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/BlockRunAI/clawrouter-codex/backend/link"
	"github.com/BlockRunAI/clawrouter-codex/backend/settings"
)

func (a *app) menuBarCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "menubar",
		Short: "Choose what the menu bar shows and tells",
		Long: `What the menu bar shows beside its icon, and whether the desktop is told what
needs a person. It is kept in settings.toml and acts at once on an icon that is
there.`,
		Example: "  clawrouter-codex menubar notifications off\n  clawrouter-codex menubar text today",
		Args:    unknownCommand,
		RunE:    a.group,
	}
	cmd.AddCommand(
		a.menuBarOption("notifications", "Tell on the desktop what needs a person, or not",
			"Tell on the desktop what needs a person: an empty wallet, a cap that is reached, a ClawRouter that stays down.", []string{"on", "off"}, func(word string) link.MenuBarChange {
				return link.MenuBarChange{Notifications: new(word == "on")}
			}),
		a.menuBarOption("text", "Show the balance or today's spend beside the icon, or nothing",
			"Show the balance or today's spend beside the icon. Where the system shows no text there, none is seen.", []string{
				string(settings.TextOff), string(settings.TextBalance), string(settings.TextToday),
			}, func(word string) link.MenuBarChange {
				return link.MenuBarChange{Text: new(settings.MenuBarText(word))}
			}),
		&cobra.Command{
			Use: "status", Short: "Show what was chosen", Args: noArguments,
			Long:    "Show whether the desktop is told what needs a person, and what stands beside the icon.",
			Example: "  clawrouter-codex menubar status",
			RunE: func(cmd *cobra.Command, _ []string) error {
				return a.withLink(cmd.Context(), func(l link.Link) error {
					s, err := l.State(cmd.Context())
					if err != nil {
						return err
					}
					a.answer(s.MenuBar, menuBarText(s.MenuBar))
					return nil
				})
			},
		})
	return cmd
}

func (a *app) menuBarOption(name, about, long string, words []string, change func(word string) link.MenuBarChange) *cobra.Command {
	return &cobra.Command{
		Use: name + " [" + strings.Join(words, " | ") + "]", Short: about, Long: long,
		Example:   "  clawrouter-codex menubar " + name + " " + words[len(words)-1],
		ValidArgs: words,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 && slices.Contains(words, args[0]) {
				return nil
			}
			return &usageError{err: fmt.Errorf("%s is one of %s", name, strings.Join(words, ", ")), mend: cmd.CommandPath() + " --help"}
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withLink(cmd.Context(), func(l link.Link) error {
				m, err := l.SetMenuBar(cmd.Context(), change(args[0]))
				if err != nil {
					return err
				}
				a.answer(m, menuBarText(m))
				return nil
			})
		},
	}
}

func menuBarText(m link.MenuBar) string {
	told := "Notifications are off"
	if m.Notifications {
		told = "Notifications are on"
	}
	beside := "Nothing stands beside the icon"
	switch m.Text {
	case settings.TextBalance:
		beside = "The balance stands beside the icon"
	case settings.TextToday:
		beside = "Today's spend stands beside the icon"
	}
	return told + "\n" + beside + "\n"
}
