package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/BlockRunAI/clawrouter-codex/backend/link"
	"github.com/BlockRunAI/clawrouter-codex/backend/spend"
)

func (a *app) capCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "cap [AMOUNT | off | status]",
		Short: "Cap what may be spent in a day",
		Long: `Set the daily cap in US dollars, from the next turn on; "off" removes it, and
without an argument, or with "status", it is shown. There is no cap until one
is set.

What a turn may cost at most is held against the cap before the turn is sent,
for all that run at the same time. Over the cap paid turns end with a sentence
that says so, and models whose name begins with free/ go on answering. A day
begins at your own midnight. Figures are estimates: list price of the input and
of all the output that the turn allows.`,
		Example: `  clawrouter-codex cap 5
  clawrouter-codex cap 2.50
  clawrouter-codex cap off
  clawrouter-codex cap --json`,
		Args: atMostOneAmount,
		ValidArgs: []string{
			cobra.CompletionWithDesc("off", "no cap"), cobra.CompletionWithDesc("status", "show the cap"),
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			word := "status"
			if len(args) == 1 {
				word = args[0]
			}
			return a.cap(cmd.Context(), word)
		},
	}
}

func atMostOneAmount(cmd *cobra.Command, args []string) error {
	if len(args) < 2 {
		return nil
	}
	return &usageError{err: fmt.Errorf("cap takes one amount, and was given %d", len(args)), mend: cmd.CommandPath() + " --help"}
}

func (a *app) cap(ctx context.Context, word string) error {
	var limit *spend.Micros
	switch word {
	case "off", "status":
	default:
		amount, err := spend.ParseUSD(word)
		if err != nil {
			return &usageError{err: err, mend: "clawrouter-codex cap 5"}
		}
		limit = &amount
	}
	return a.withLink(ctx, func(l link.Link) error {
		if word == "status" {
			s, err := l.State(ctx)
			if err != nil {
				return err
			}
			a.answer(s.Spend, spendText(s.Spend))
			return nil
		}
		s, err := l.SetCap(ctx, limit)
		if err != nil {
			return err
		}
		a.answer(s, spendText(s))
		return nil
	})
}

func (a *app) pauseCommand() *cobra.Command {
	return a.pauseSwitch("pause", "Stop all paid turns", true, `Refuse every paid turn from the next one on, whatever the daily cap says. Turns
under way are paid already and go on; models whose name begins with free/ answer.
It stays so over restarts, until "clawrouter-codex resume".`)
}

func (a *app) resumeCommand() *cobra.Command {
	return a.pauseSwitch("resume", "Let paid turns go on", false, `End what "clawrouter-codex pause" began. A daily cap stays as it is.`)
}

func (a *app) pauseSwitch(name, about string, paused bool, long string) *cobra.Command {
	return &cobra.Command{
		Use: name, Short: about, Long: long, Args: noArguments,
		Example: "  clawrouter-codex " + name,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.withLink(cmd.Context(), func(l link.Link) error {
				s, err := l.SetPaused(cmd.Context(), paused)
				if err != nil {
					return err
				}
				a.answer(s, spendText(s))
				return nil
			})
		},
	}
}

// spendText is today's spending in a few lines.
func spendText(s spend.Status) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Spent today  %s in %s, estimated\n", s.Today, counted(s.Turns, "turn"))
	if s.Reserved > 0 {
		fmt.Fprintf(&b, "Held         %s for turns under way\n", s.Reserved)
	}
	if s.Unexplained >= cent || s.Unexplained <= -cent {
		fmt.Fprintf(&b, "Unexplained  %s that the wallet lost today beside that\n", s.Unexplained)
	}
	if s.Cap == nil {
		b.WriteString("Daily cap    none; set one with: clawrouter-codex cap 5\n")
	} else {
		fmt.Fprintf(&b, "Daily cap    %s, of which %.0f %% is spent\n", *s.Cap, 100*s.Fraction)
	}
	if s.Paused {
		b.WriteString("Paid turns   paused; let them go on with: clawrouter-codex resume\n")
	}
	for _, problem := range s.Problems {
		fmt.Fprintf(&b, "\n%s\n", problem)
	}
	return b.String()
}

// cent is what ClawRouter rounds its balance to: less is no difference.
const cent = spend.Dollar / 100

// counted is n of what one names: "1 turn", "2 turns".
func counted(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}
