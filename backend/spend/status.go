package spend

import (
	"fmt"
	"time"
)

// Status is the state of today's spending.
type Status struct {
	Date     string  `json:"date"` // the user's day, 2006-01-02
	Today    Micros  `json:"today_usd"`
	Turns    int     `json:"turns"`
	Reserved Micros  `json:"reserved_usd"` // held for calls under way
	UnderWay int     `json:"under_way"`    // calls, free ones included
	Cap      *Micros `json:"cap_usd"`      // nil: no limit
	Fraction float64 `json:"fraction"`     // of the cap that is spent; 0 without one
	Paused   bool    `json:"paused"`
	// Unexplained is what the wallet lost today and the ledger does not know of,
	// negative where the ledger estimated too much. It is an estimate, and less than
	// a cent of it is nothing: ClawRouter tells its balance in whole cents.
	Unexplained Micros `json:"unexplained_usd"`
	// Balance is the wallet's, nil when it was never read.
	Balance   *Micros   `json:"balance_usd"`
	BalanceAt time.Time `json:"balance_at,omitzero"`
	// Latest is when the call was made that ended last, refused ones included: where
	// it is another time, Recent has more to say.
	Latest time.Time `json:"latest,omitzero"`
	// Estimate: every sum here is one.
	Estimate bool `json:"estimate"`
	// Complete: all earlier days are read.
	Complete bool `json:"complete"`
	// Unwritten entries wait for the disk.
	Unwritten int `json:"unwritten"`
	// Warnings hold now: the highest share of the cap that is reached, a wallet
	// that runs low.
	Warnings []Warning `json:"warnings,omitempty"`
	// Problems say what is wrong with the ledger and what mends it.
	Problems []string `json:"problems,omitempty"`
}

// Status is the state now.
func (b *Book) Status() Status {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.turnDay(b.now())
	s := Status{
		Date: b.today.label, Today: b.today.spent, Turns: b.today.turns, Reserved: b.today.reserved,
		UnderWay: len(b.open), Paused: b.limits.Paused, Unexplained: b.today.unexplained,
		Estimate: true, Unwritten: len(b.queue) + b.writing, Warnings: b.warnings(), Problems: b.problems(),
	}
	if b.limits.Cap != nil {
		limit := *b.limits.Cap
		s.Cap, s.Fraction = &limit, fraction(s.Today, limit)
	}
	if b.balance != nil {
		amount := b.balance.amount
		s.Balance, s.BalanceAt = &amount, b.balance.at
	}
	if n := len(b.recent); n > 0 {
		s.Latest = b.recent[n-1].At
	}
	select {
	case <-b.loaded:
		s.Complete = true
	default:
	}
	return s
}

func fraction(spent, limit Micros) float64 {
	if limit == 0 {
		return 1
	}
	return spent.USD() / limit.USD()
}

// problems are in words for the user. Callers hold mu.
func (b *Book) problems() []string {
	var list []string
	if b.limitsUnread {
		list = append(list, (&Refusal{Unread: true}).Error())
	}
	if b.diskErr != nil {
		list = append(list, fmt.Sprintf("The ledger cannot be written (%v). Turns go on; %d entries wait in memory. "+
			"Make room on the disk, or look at the folder's permissions.", b.diskErr, len(b.queue)+b.writing))
	}
	if b.dropped > 0 {
		list = append(list, fmt.Sprintf("%d entries of the ledger are lost, since it could not be written for too long. "+
			"Today's sum still has them, until the program ends.", b.dropped))
	}
	if b.readErr != nil {
		list = append(list, fmt.Sprintf("A part of the ledger could not be read (%v). Sums may be too low.", b.readErr))
	}
	if b.damaged > 0 {
		list = append(list, fmt.Sprintf("%d lines of the ledger are damaged and left out.", b.damaged))
	}
	return list
}
