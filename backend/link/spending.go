package link

import (
	"context"
	"errors"
	"fmt"

	"github.com/BlockRunAI/clawrouter-codex/backend/models"
	"github.com/BlockRunAI/clawrouter-codex/backend/spend"
)

// Spend is what today cost, and what the user allows. Every sum of it is an
// estimate.
type Spend = spend.Status

// Spending is the ledger, as far back as was asked for.
type Spending struct {
	Days   []spend.Day   `json:"days"`   // the oldest first, today last
	Recent []spend.Entry `json:"recent"` // the latest calls, the last one first
	// Upstream is what ClawRouter says itself; null where none answers.
	Upstream *UpstreamStats `json:"upstream,omitempty"`
}

// UpstreamStats are ClawRouter's own statistics, by its own estimates.
type UpstreamStats struct {
	Days     int          `json:"days"` // that were asked for; it keeps 30
	Requests int          `json:"requests"`
	Cost     spend.Micros `json:"cost_usd"`
	// Baseline is what the same requests would have cost on the dear model that
	// ClawRouter compares with, and Saved the difference.
	Baseline  spend.Micros `json:"baseline_usd"`
	Saved     spend.Micros `json:"saved_usd"`
	LatencyMS float64      `json:"average_latency_ms"`
	// Errors counts, by model and kind, what went wrong behind ClawRouter since it
	// was started. Calls of an explicit model are not among them.
	Errors map[string]map[string]int `json:"provider_errors,omitempty"`
}

// SetCap implements Link.
func (l *Local) SetCap(ctx context.Context, limit *spend.Micros) (Spend, error) {
	return l.allow(ctx, func(b *spend.Book) error {
		if limit == nil {
			return b.RemoveCap()
		}
		return b.SetCap(*limit)
	})
}

// SetPaused implements Link.
func (l *Local) SetPaused(ctx context.Context, paused bool) (Spend, error) {
	return l.allow(ctx, func(b *spend.Book) error { return b.SetPaused(paused) })
}

// allow changes what may be spent. While no process has the ledger open, this one
// opens it for as long as the change takes.
func (l *Local) allow(ctx context.Context, change func(*spend.Book) error) (Spend, error) {
	if l.o.Book != nil {
		err := change(l.o.Book)
		l.publish()
		return l.unheld(l.o.Book.Status()), err
	}
	var now Spend
	err := l.o.Edit(ctx, func() error {
		book, err := spend.Open(l.ledger())
		if err != nil {
			return err
		}
		err = change(book)
		now = book.Status()
		return errors.Join(err, book.Close(ctx))
	})
	return now, err
}

// unheld says of a pause that it holds nothing, where another server answers: what
// is paid there, and whether, is not known here.
func (l *Local) unheld(now Spend) Spend {
	l.mu.Lock()
	id := l.identity
	l.mu.Unlock()
	if now.Paused && !id.At.IsZero() && !id.ClawRouter {
		now.Problems = append(now.Problems, fmt.Sprintf("Paid turns are paused, but %s is no ClawRouter: what it costs is not known here, and its turns go on.", l.o.Client.BaseURL()))
	}
	return now
}

func (l *Local) ledger() spend.Options {
	return spend.Options{Folder: spend.Disk(l.o.Settings.Paths.Spend()), Prices: models.Snapshot(), Now: l.o.Now}
}

// look calls do with the ledger of this process, or with what is on disk.
func (l *Local) look(ctx context.Context, do func(*spend.Book) error) error {
	if l.o.Book != nil {
		return do(l.o.Book)
	}
	book, err := spend.Look(l.ledger())
	if err != nil {
		return err
	}
	return errors.Join(do(book), book.Close(ctx))
}

// spent is today's spending. Where the ledger cannot be read, nothing of it is
// known, and the state says so.
func (l *Local) spent(ctx context.Context) (now Spend) {
	err := l.look(ctx, func(b *spend.Book) error { now = b.Status(); return nil })
	now = l.unheld(now)
	if err != nil {
		now.Estimate, now.Problems = true, []string{fmt.Sprintf("The ledger cannot be read (%v), so what was spent is not known.", err)}
	}
	return now
}

// Spending implements Link.
func (l *Local) Spending(ctx context.Context, days, recent int) (Spending, error) {
	var s Spending
	err := l.look(ctx, func(b *spend.Book) error {
		if err := b.Ready(ctx); err != nil {
			return err
		}
		s.Days, s.Recent = b.Days(days), b.Recent(recent)
		return nil
	})
	if err != nil {
		return Spending{}, err
	}
	if s.Recent == nil {
		s.Recent = []spend.Entry{}
	}
	s.Upstream = l.upstreamStats(ctx, days)
	return s, nil
}

// upstreamStats is nil where no ClawRouter answers: another server is not asked,
// and no ledger waits for one.
func (l *Local) upstreamStats(ctx context.Context, days int) *UpstreamStats {
	ctx, cancel := context.WithTimeout(ctx, listTimeout)
	defer cancel()
	if !l.o.Client.ClawRouter(ctx) {
		return nil
	}
	s, err := l.o.Client.Stats(ctx, days)
	if err != nil {
		return nil
	}
	return &UpstreamStats{
		Days: days, Requests: s.TotalRequests, Cost: spend.FromUSD(s.TotalCost), Baseline: spend.FromUSD(s.TotalBaselineCost),
		Saved: spend.FromUSD(s.TotalSavings), LatencyMS: s.AvgLatencyMs, Errors: s.ProviderErrors,
	}
}
