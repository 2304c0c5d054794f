package cli

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/BlockRunAI/clawrouter-codex/backend/link"
	"github.com/BlockRunAI/clawrouter-codex/backend/spend"
)

// shownSpending is what spend answers with --json.
type shownSpending struct {
	Today spend.Status `json:"today"`
	link.Spending
}

func (a *app) spendCommand() *cobra.Command {
	var recent int
	cmd := &cobra.Command{
		Use:   "spend",
		Short: "Show what was spent, per model and day",
		Long: `Show what turns cost today, in the last 7 and in the last 30 days, per model and
per day, from the ledger in ~/.clawrouter-codex/spend. It also works while the
link does not run.

Every figure is an estimate: the price of a turn is a quote on its input and on
all the output that it allows, and nothing that comes back repeats it. When the
wallet is at rest, it is compared with the ledger; what it lost beside that is
shown as unexplained. What ClawRouter says itself is marked as its own.`,
		Example: `  clawrouter-codex spend
  clawrouter-codex spend --recent 20
  clawrouter-codex spend --json`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if recent < 0 {
				return &usageError{err: fmt.Errorf("--recent %d: not a number from 0 on", recent), mend: cmd.CommandPath() + " --help"}
			}
			return a.spend(cmd.Context(), recent)
		},
	}
	cmd.Flags().IntVar(&recent, "recent", 0, "show this many of the latest calls, too")
	return cmd
}

// shownDays is how far back spend looks.
const shownDays = 30

func (a *app) spend(ctx context.Context, recent int) error {
	return a.withLink(ctx, func(l link.Link) error {
		s, err := l.State(ctx)
		if err != nil {
			return err
		}
		spending, err := l.Spending(ctx, shownDays, recent)
		if err != nil {
			return err
		}
		text := spendText(s.Spend) + modelSums(spending.Days) + daySums(spending.Days) + recentCalls(spending.Recent) + upstreamText(spending.Upstream)
		a.answer(shownSpending{s.Spend, spending}, text)
		return nil
	})
}

// The spans of the table, in days from today back.
var spans = [...]int{1, 7, shownDays}

// sums are what one model came to in each span.
type sums struct {
	model string
	cost  [len(spans)]spend.Micros
	turns int // in the longest
}

// modelSums is a table of what each model cost, the dearest first.
func modelSums(days []spend.Day) string {
	byModel := map[string]*sums{}
	total := &sums{model: "all"}
	for i, d := range days {
		back := len(days) - i
		for _, m := range d.Models {
			s := byModel[m.Model]
			if s == nil {
				s = &sums{model: m.Model}
				byModel[m.Model] = s
			}
			for j, span := range spans {
				if back <= span {
					s.cost[j] += m.Cost
					total.cost[j] += m.Cost
				}
			}
			s.turns += m.Turns
			total.turns += m.Turns
		}
	}
	if len(byModel) == 0 {
		return ""
	}
	var list []*sums
	for _, s := range byModel {
		list = append(list, s)
	}
	slices.SortFunc(list, func(a, b *sums) int {
		return cmp.Or(cmp.Compare(b.cost[len(spans)-1], a.cost[len(spans)-1]), strings.Compare(a.model, b.model))
	})
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\nMODEL\tTODAY\t7 DAYS\t30 DAYS\tTURNS")
	for _, s := range append(list, total) {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d\n", orDash(s.model), s.cost[0], s.cost[1], s.cost[2], s.turns)
	}
	_ = w.Flush() // a strings.Builder takes everything
	return b.String()
}

// daySums is a table of the days on which something happened, the latest first.
func daySums(days []spend.Day) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\nDAY\tCOST\tTURNS\tUNEXPLAINED")
	quiet := true
	for _, d := range slices.Backward(days) {
		if d.Turns == 0 && d.Cost == 0 && d.Unexplained == 0 {
			continue
		}
		quiet = false
		fmt.Fprintf(w, "%s\t%s\t%d\t%s\n", d.Date, d.Cost, d.Turns, d.Unexplained)
	}
	if quiet {
		return ""
	}
	_ = w.Flush()
	return b.String()
}

func recentCalls(list []spend.Entry) string {
	if len(list) == 0 {
		return ""
	}
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\nTIME\tMODEL\tCOST\tFROM\tIN\tOUT\tMS\tOUTCOME")
	for _, e := range list {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d\t%d\t%d\t%s\n", e.At.Format("01-02 15:04:05"), orDash(e.Model()), e.Cost,
			orDash(string(e.Basis)), e.In, e.Out, e.TotalMS, orDash(e.Outcome))
	}
	_ = w.Flush()
	return b.String()
}

// upstreamText says what is ClawRouter's own word.
func upstreamText(u *link.UpstreamStats) string {
	if u == nil || u.Requests == 0 {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "\nClawRouter says, by its own estimates: %s in %d days, %s saved of %s, %.1f s each.\n",
		counted(u.Requests, "request"), u.Days, u.Saved, u.Baseline, u.LatencyMS/1000)
	var models []string
	for model := range u.Errors {
		models = append(models, model)
	}
	slices.Sort(models)
	for _, model := range models {
		var kinds []string
		for kind, n := range u.Errors[model] {
			kinds = append(kinds, fmt.Sprintf("%s %d", kind, n))
		}
		slices.Sort(kinds)
		fmt.Fprintf(&b, "  errors behind it: %s: %s\n", model, strings.Join(kinds, ", "))
	}
	return b.String()
}
