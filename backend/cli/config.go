package cli

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/BlockRunAI/clawrouter-codex/backend/settings"
)

// shownConfig is what config show answers with --json.
type shownConfig struct {
	File     string           `json:"file"`
	Settings []settings.Shown `json:"settings"`
	Unknown  []string         `json:"unknown,omitempty"` // keys of the file that this version does not know
}

func (a *app) configCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "config",
		Short:   "Show the settings in force",
		Long:    "Settings come from flags, from the environment, from settings.toml and from defaults, the first of them that has one.",
		Example: "  clawrouter-codex config show",
		Args:    unknownCommand,
		RunE:    a.group,
	}
	cmd.AddCommand(&cobra.Command{
		Use:   "show",
		Short: "Show every setting, and where it comes from",
		Long: `Show every setting with its value, the source of it (default, settings,
environment or flag), its key in settings.toml and its variable. Of a secret only
is shown that it is set.`,
		Example: "  clawrouter-codex config show\n  clawrouter-codex config show --json",
		Args:    noArguments,
		RunE: func(*cobra.Command, []string) error {
			s, err := a.settings()
			if err != nil {
				return err
			}
			shown := shownConfig{File: s.Paths.SettingsFile(), Settings: s.Show(), Unknown: s.Unknown}
			a.answer(shown, configText(shown))
			return nil
		},
	})
	return cmd
}

func configText(c shownConfig) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n", c.File)
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "KEY\tVALUE\tFROM\tVARIABLE\tWHAT IT IS")
	for _, s := range c.Settings {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", orDash(s.Key), orDash(s.Value), s.Origin, orDash(s.Env), s.About)
	}
	_ = w.Flush() // a strings.Builder takes everything
	return b.String()
}

func orDash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}
