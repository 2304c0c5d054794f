package cli

import (
	"fmt"
	"os"
	"os/user"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/BlockRunAI/clawrouter-codex/backend/doctor"
	"github.com/BlockRunAI/clawrouter-codex/backend/report"
	"github.com/BlockRunAI/clawrouter-codex/backend/settings"
)

// writtenReport is what report answers with --json.
type writtenReport struct {
	Path  string   `json:"path"`
	Files []string `json:"files"`
}

func (a *app) reportCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "report [file.zip]",
		Short: "Write a file for a bug report, without secrets",
		Long: `Write a zip file that can be attached to an issue: what doctor finds, the settings
in force, and the last lines of both logs. Keys and tokens are taken out, addresses
of wallets are shortened, and your home folder and name are replaced. Nothing of
Codex's threads is in it, and nothing is sent anywhere: look into it before you
attach it.

Without a name it is clawrouter-codex-report-DATE.zip in the working folder. A file
that exists is not replaced.`,
		Example: `  clawrouter-codex report
  clawrouter-codex report bug.zip`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			path := "clawrouter-codex-report-" + a.env.Now().Format("2006-01-02-150405") + ".zip"
			if len(args) == 1 {
				path = args[0]
			}
			if !filepath.IsAbs(path) {
				path = filepath.Join(a.env.Machine.Dir, path)
			}
			env := a.doctorEnv()
			o := report.Options{
				Version: a.env.Version, Doctor: doctor.Run(cmd.Context(), env), Settings: env.Settings,
				Home: a.env.Machine.Home, Secrets: secretsOf(env.Settings), Now: a.env.Now(),
			}
			if me, err := user.Current(); err == nil {
				o.User = me.Username
			}
			if err := report.Create(path, o); err != nil {
				return err
			}
			a.answer(writtenReport{Path: path, Files: report.Files}, fmt.Sprintf("%s\n\nLook into it, then attach it to an issue. Nothing was sent anywhere.\n", path))
			return nil
		},
	}
}

// secretsOf are the secrets that the program can know.
func secretsOf(s *settings.Settings) []string {
	if s == nil {
		return nil
	}
	all := []string{s.WalletKey.V.Reveal(), s.UpstreamAPIKey.V.Reveal()}
	for _, path := range []string{s.Paths.Key(), s.Paths.Secret(), s.WalletKeyFile.V} {
		if text, err := os.ReadFile(path); err == nil {
			all = append(all, string(text))
		}
	}
	return all
}
