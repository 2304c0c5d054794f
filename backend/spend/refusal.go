package spend

import "fmt"

// Refusal is why a paid call is not made. Its text is for the user.
type Refusal struct {
	Model    string
	Paused   bool // by the user
	Unread   bool // the cap on disk cannot be read
	Cap      Micros
	Spent    Micros
	Reserved Micros // for calls under way
	Needed   Micros // what this call may cost
}

// Error says what is in the way and the command that removes it.
func (r *Refusal) Error() string {
	const free = "Free models (free/…) still work."
	switch {
	case r.Unread:
		return "Paid turns wait, because the daily cap in limits.json cannot be read. " +
			"Set it again (clawrouter-codex cap 5, or clawrouter-codex cap off), then run: clawrouter-codex resume. " + free
	case r.Paused:
		return "Paid turns are paused. To go on, run: clawrouter-codex resume. " + free
	}
	underway := ""
	if r.Reserved > 0 {
		underway = fmt.Sprintf(" and %s is held for turns under way", r.Reserved)
	}
	return fmt.Sprintf("The daily cap of %s stops this turn: %s is spent today%s, and a turn on %s may cost up to %s. "+
		"To raise the cap, run: clawrouter-codex cap %d. %s",
		r.Cap, r.Spent, underway, r.Model, r.Needed, r.enough(), free)
}

// enough is a limit in whole dollars under which this turn would run, and not
// the last one before the next refusal.
func (r *Refusal) enough() int64 {
	need := max(2*r.Cap, r.Spent.plus(r.Reserved).plus(2*r.Needed))
	return int64((need + Dollar - 1) / Dollar)
}

// refusal is nil when a call may cost amount. Callers hold mu.
func (b *Book) refusal(amount Micros) *Refusal {
	over := b.limits.Cap != nil && b.today.spent.plus(b.today.reserved).plus(amount) > *b.limits.Cap
	if amount <= 0 || !b.limits.Paused && !b.limitsUnread && !over {
		return nil
	}
	r := &Refusal{
		Paused: b.limits.Paused, Unread: b.limitsUnread,
		Spent: b.today.spent, Reserved: b.today.reserved, Needed: amount,
	}
	if b.limits.Cap != nil {
		r.Cap = *b.limits.Cap
	}
	return r
}

// noteRefusal shows a refused turn among the recent ones. It is not in the
// ledger: a client that asks in a loop must not fill the disk.
func (b *Book) noteRefusal(r *Reservation, no *Refusal) {
	r.entry.Outcome, r.entry.In = OutcomeRefused, 0
	b.remember(r.entry)
	if !no.Paused && !no.Unread {
		b.warnOfRefusal(no)
	}
	b.changed()
}
