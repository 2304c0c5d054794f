package spend

import (
	"fmt"
	"slices"
	"strconv"
	"time"
)

// RestBefore is how long the wallet has to be at rest before a reading counts:
// ClawRouter keeps a balance for 30 s and meanwhile takes its own high estimates
// off it.
const RestBefore = 30 * time.Second

// LowBalance is where the warning comes.
const LowBalance = 1 * Dollar

// Reading is a balance as ClawRouter's /health reports it.
type Reading struct {
	Wallet  string // its address
	Balance Micros
	At      time.Time // when the question was sent, by the Book's clock
}

type reading struct {
	wallet  string
	balance Micros
}

type balance struct {
	amount Micros
	at     time.Time
}

// Reconciliation compares the wallet with the ledger since the last reading at
// rest. All of it is an estimate.
type Reconciliation struct {
	// AtRest: the reading counts. Otherwise a call was under way or had ended less
	// than RestBefore ago, or earlier days are not read yet, and the rest is zero.
	AtRest bool
	// First: there was no earlier reading of this wallet to compare with.
	First bool
	// Funded: the balance rose, and by how much in all is not known.
	Funded bool
	// Moved is what the wallet lost, Booked what the ledger has of it, Unexplained
	// the difference: spending by somebody else or by ClawRouter itself, or, where
	// negative, estimates that were too high.
	Moved, Booked, Unexplained Micros
}

// Reconcile takes a reading of the wallet. One at rest enters the difference
// between wallet and ledger, once, for today. Any reading can warn of a low
// balance.
func (b *Book) Reconcile(r Reading) Reconciliation {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	b.turnDay(now)
	rest := b.atRest(r.At)
	b.watchBalance(r, rest)
	if !rest || b.closed {
		return Reconciliation{}
	}
	b.readEnd = b.lastEnd
	result := Reconciliation{AtRest: true, Booked: b.sinceReading}
	switch {
	case b.reading == nil || b.reading.wallet != r.Wallet:
		result.First, result.Booked = true, 0
	case r.Balance > b.reading.balance:
		result.Funded = true
		result.Moved = b.reading.balance - r.Balance
	default:
		result.Moved = b.reading.balance - r.Balance
		result.Unexplained = result.Moved - result.Booked
	}
	if !result.First && result.Moved == 0 && result.Booked == 0 {
		return result
	}
	b.reading = &reading{r.Wallet, r.Balance}
	b.sinceReading = 0
	b.serial++
	e := Entry{
		ID: b.session + "-" + strconv.FormatUint(b.serial, 10), At: now, Kind: KindBalance,
		Wallet: clip(r.Wallet), Balance: &r.Balance, Unexplained: result.Unexplained, Estimate: true,
	}
	b.today.count(&e)
	b.queue = append(b.queue, queued{e, b.today})
	b.wakeFlusher()
	b.changed()
	return result
}

// ReadingDue is when the next reading of the wallet will count, by the Book's
// clock. It is false while a call is under way, and when nothing ended since the
// last reading that counted: there is nothing to compare then.
func (b *Book) ReadingDue() (at time.Time, due bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.quiet() || b.lastEnd.Equal(b.readEnd) {
		return time.Time{}, false
	}
	return b.lastEnd.Add(RestBefore), true
}

// quiet reports that all is read and no call of the wallet's is under way. Callers
// hold mu.
func (b *Book) quiet() bool {
	select {
	case <-b.loaded:
	default:
		return false
	}
	for r := range b.open {
		if r.ours {
			return false
		}
	}
	return true
}

// atRest reports whether a reading asked for at a time sees what the ledger
// sees. Callers hold mu.
func (b *Book) atRest(asked time.Time) bool {
	return b.quiet() && asked.Sub(b.lastEnd) >= RestBefore
}

// watchBalance warns when the wallet runs low. Only a reading at rest shows that
// it was filled again: others are too low for a while.
func (b *Book) watchBalance(r Reading, rest bool) {
	b.balance = &balance{r.Balance, r.At}
	switch {
	case r.Balance < LowBalance && b.low == nil:
		b.low = b.warn(WarnLowBalance, lowText(r.Balance))
	case r.Balance >= LowBalance && rest:
		b.low = nil
	}
	b.changed()
}

func lowText(left Micros) string {
	return fmt.Sprintf("The wallet is low: about %s is left. Without money, ClawRouter answers with free models.", left)
}

// replayReadings finds the last reading of the wallet in entries older than all
// that were counted before, and what was booked after it. Callers hold mu.
func (b *Book) replayReadings(entries []Entry) {
	if b.reading != nil {
		return
	}
	for _, e := range slices.Backward(entries) {
		if e.Kind == KindBalance {
			b.reading = &reading{e.Wallet, *e.Balance}
			if *e.Balance < LowBalance {
				b.low = &Warning{Kind: WarnLowBalance, Text: lowText(*e.Balance), At: e.At, Known: true}
			}
			return
		}
		b.sinceReading = b.sinceReading.plus(e.Cost)
	}
}
