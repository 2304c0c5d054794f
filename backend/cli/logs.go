package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/BlockRunAI/clawrouter-codex/backend/link"
)

func (a *app) logsCommand() *cobra.Command {
	var (
		follow bool
		lines  int
	)
	cmd := &cobra.Command{
		Use:   "logs",
		Short: "Show the logs of the bridge and of ClawRouter",
		Long: `Show the last lines that the bridge and ClawRouter wrote, in the order of time.
With -f it goes on with what comes, over restarts too; Ctrl-C ends it. Keys and
tokens were taken out before a line was written. The files are in
~/.clawrouter-codex/log.`,
		Example: `  clawrouter-codex logs
  clawrouter-codex logs -f
  clawrouter-codex logs -n 500 --json`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if lines < 0 {
				return &usageError{err: fmt.Errorf("-n %d: not a number from 0 on", lines), mend: cmd.CommandPath() + " --help"}
			}
			if follow {
				s, err := a.settings()
				if err != nil {
					return err
				}
				return link.FollowLog(cmd.Context(), s.Paths, lines, a.printLine)
			}
			return a.withLink(cmd.Context(), func(l link.Link) error {
				list, err := l.Log(cmd.Context(), lines)
				if err != nil {
					return err
				}
				if a.json {
					a.answer(list, "")
					return nil
				}
				for _, line := range list {
					a.printLine(line)
				}
				return nil
			})
		},
	}
	cmd.Flags().BoolVarP(&follow, "follow", "f", false, "go on with what comes")
	cmd.Flags().IntVarP(&lines, "lines", "n", 50, fmt.Sprintf("how many lines, at most %d", link.MaxLogLines))
	return cmd
}

// printLine prints one line of a log; with --json each is an object of its own,
// since there is no last one.
func (a *app) printLine(l link.LogLine) {
	if a.json {
		a.printJSON(envelope{OK: true, Data: l})
		return
	}
	at := strings.Repeat(" ", len("01-02 15:04:05"))
	if !l.At.IsZero() {
		at = l.At.Local().Format("01-02 15:04:05")
	}
	fmt.Fprintf(a.env.Stdout, "%s  %-10s  %s\n", at, l.Source, oneLine(l.Text))
}
