package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/BlockRunAI/clawrouter-codex/backend/codex"
	"github.com/BlockRunAI/clawrouter-codex/backend/daemon"
	"github.com/BlockRunAI/clawrouter-codex/backend/settings"
)

func (a *app) setupCommand() *cobra.Command {
	var migrate, rotate bool
	cmd := &cobra.Command{
		Use:   "setup",
		Short: "Write the profile and the model list that Codex needs",
		Long: `Write two files into Codex's folder (CODEX_HOME, else ~/.codex):

  clawrouter.config.toml   the profile that "codex --profile clawrouter" reads
  clawrouter-models.json   the models that its picker shows

The profile carries the bridge's key (~/.clawrouter-codex/key), with which Codex
proves that it is yours; a config.toml that names our bridge gets it too. A file
that others can read, or that is a symlink, gets none: "clawrouter-codex doctor"
tells. --rotate-key makes the key anew; start Codex again after it.

Your own additions to the profile stay, and config.toml is not touched otherwise,
unless with --migrate: a [profiles.clawrouter] of older releases of Codex, and a line
profile = "clawrouter", with which newer ones refuse to start, are moved into the
profile. Both files are copied to ~/.clawrouter-codex/backup first.

The model list is tried out with the installed Codex before it replaces the old one.
The link need not run; if it does, its models are used.

Where node, npx and codex are, and what this shell says of ports, CODEX_HOME and
WALLET_KEY_FILE, is kept in settings.toml for a start without the shell. Wallet
keys are never kept.`,
		Example: `  clawrouter-codex setup
  clawrouter-codex setup --migrate
  clawrouter-codex setup --rotate-key
  CODEX_HOME=~/codex-work clawrouter-codex setup`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := a.settings()
			if err != nil {
				return err
			}
			port := s.Port.V
			if r, ok := daemon.Look(s.Paths); ok && r.Port() != 0 {
				port = r.Port()
			}
			o := a.setupOptions(s)
			o.Port, o.Migrate, o.RotateKey = port, migrate, rotate
			result, err := daemon.Setup(cmd.Context(), o)
			if err != nil {
				return err
			}
			if err := a.remember(cmd.Context(), s); err != nil {
				return err
			}
			a.tellNotes(result)
			a.answer(result, a.setupText(s, result))
			return nil
		},
	}
	cmd.Flags().BoolVar(&migrate, "migrate", false, "move the profile of older releases out of config.toml")
	cmd.Flags().BoolVar(&rotate, "rotate-key", false, "make the key anew with which Codex asks the bridge")
	a.linkFlags(cmd)
	return cmd
}

// setUp writes Codex's files for a bridge on port.
func (a *app) setUp(ctx context.Context, s *settings.Settings, port int) (codex.SetupResult, error) {
	o := a.setupOptions(s)
	o.Port = port
	return daemon.Setup(ctx, o)
}

// remember keeps what a start without this shell could not find.
func (a *app) remember(ctx context.Context, s *settings.Settings) error {
	return daemon.Remember(ctx, daemon.RememberOptions{Settings: s, Environ: a.env.Environ, Home: a.env.Machine.Home, Codex: a.findCodex(s)})
}

func (a *app) setupOptions(s *settings.Settings) daemon.SetupOptions {
	return daemon.SetupOptions{
		Settings: s, Version: a.env.Version, Codex: a.findCodex(s), Environ: a.env.Environ, Now: a.env.Now(),
	}
}

// findCodex is the installed Codex's path: of this shell, else the one that setup
// remembers for a start without a shell. "" where there is none.
func (a *app) findCodex(s *settings.Settings) string {
	if path, err := a.env.LookPath("codex"); err == nil {
		return path
	}
	if path := s.Codex.V; path != "" {
		if _, err := a.env.LookPath(path); err == nil {
			return path
		}
	}
	return ""
}

func (a *app) tellNotes(result codex.SetupResult) {
	for _, note := range result.Notes {
		a.warn("%s", note)
	}
}

func (a *app) setupText(s *settings.Settings, result codex.SetupResult) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Profile     %s\nModel list  %s, %d models\n", result.Profile, result.Catalog.Path, result.Catalog.Models)
	fmt.Fprintf(&b, "            %s\n", result.Source)
	b.WriteString(migrationText(result))
	start := "Start the link with \"clawrouter-codex up\" and Codex with"
	if _, runs := daemon.Look(s.Paths); runs {
		start = "The link runs. Start Codex with"
	}
	fmt.Fprintf(&b, "\n%s:\n\n    %s\n", start, codexLine(a, s))
	return b.String()
}

// migrationText tells what --migrate did.
func migrationText(result codex.SetupResult) string {
	m := result.Migration
	switch {
	case m == nil:
		return ""
	case len(m.Found) == 0:
		return "Migration   nothing of older releases in " + m.Config + "\n"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "Migration   took %s out of %s\n", strings.Join(m.Found, " and "), m.Config)
	if len(m.Moved) > 0 {
		fmt.Fprintf(&b, "            moved into the profile: %s\n", strings.Join(m.Moved, ", "))
	}
	if len(m.Left) > 0 {
		fmt.Fprintf(&b, "            dropped, because the profile has its own: %s\n", strings.Join(m.Left, ", "))
	}
	fmt.Fprintf(&b, "            copies of what was there: %s\n", m.Backup)
	return b.String()
}
