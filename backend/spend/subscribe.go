package spend

import (
	"fmt"
	"slices"
	"sync"
	"time"
)

// WarningKind names what a Warning is about.
type WarningKind string

// The four warnings; each comes once until there is more room again: a new day,
// another cap, a wallet with a dollar or more.
const (
	WarnCap50      WarningKind = "cap50"
	WarnCap80      WarningKind = "cap80"
	WarnCap100     WarningKind = "cap100"
	WarnLowBalance WarningKind = "low-balance"
)

// Warning is for the user to see once.
type Warning struct {
	Kind WarningKind `json:"kind"`
	Text string      `json:"text"`
	At   time.Time   `json:"at"`
	// Known: it was so before this program began, or before the limit that it is
	// about was set. It is no news.
	Known bool `json:"known,omitempty"`
}

var thresholds = [...]struct {
	percent Micros
	kind    WarningKind
}{{50, WarnCap50}, {80, WarnCap80}, {100, WarnCap100}}

// Subscription tells its holder that the Book changed. A slow holder delays
// nobody and misses no warning.
type Subscription struct {
	// C receives when there is something new: Status, or a warning.
	C <-chan struct{}

	signal   chan struct{}
	book     *Book
	mu       sync.Mutex
	warnings []Warning
}

// Subscribe begins a subscription; Close ends it.
func (b *Book) Subscribe() *Subscription {
	signal := make(chan struct{}, 1)
	s := &Subscription{C: signal, signal: signal, book: b}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.subscribers[s] = struct{}{}
	return s
}

// Close ends the subscription. C is not closed.
func (s *Subscription) Close() {
	s.book.mu.Lock()
	defer s.book.mu.Unlock()
	delete(s.book.subscribers, s)
}

// Warnings returns those that came since the last call.
func (s *Subscription) Warnings() []Warning {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := s.warnings
	s.warnings = nil
	return w
}

// mostWarnings bounds what a holder that never asks is kept.
const mostWarnings = 64

// changed tells the subscribers. Callers hold mu.
func (b *Book) changed() {
	for s := range b.subscribers {
		select {
		case s.signal <- struct{}{}:
		default:
		}
	}
}

// warn tells a warning that is new. Callers hold mu.
func (b *Book) warn(kind WarningKind, text string) *Warning {
	w := Warning{Kind: kind, Text: text, At: b.now()}
	for s := range b.subscribers {
		s.mu.Lock()
		s.warnings = append(s.warnings[max(0, len(s.warnings)-mostWarnings+1):], w)
		s.mu.Unlock()
	}
	return &w
}

// settleThresholds takes the state as it is for known, without a warning: after
// a start, on a new day, under another cap. Callers hold mu.
func (b *Book) settleThresholds() {
	for i, t := range thresholds {
		b.warned[i] = nil
		if b.reached(t.percent) {
			b.warned[i] = &Warning{Kind: t.kind, Text: b.capText(t.percent), At: b.now(), Known: true}
		}
	}
}

// reached reports whether that much of the cap is spent; a cap of nothing is a
// stop, of which nobody is warned. Callers hold mu.
func (b *Book) reached(percent Micros) bool {
	limit := b.limits.Cap
	return limit != nil && *limit > 0 && b.today.spent >= percent**limit/100
}

func (b *Book) capText(percent Micros) string {
	return fmt.Sprintf("%d %% of today's limit is spent: %s of %s.", percent, b.today.spent, *b.limits.Cap)
}

// warnOfCap warns of the highest threshold that was newly reached. Callers hold mu.
func (b *Book) warnOfCap() {
	for i, t := range slices.Backward(thresholds[:]) {
		if b.warned[i] != nil || !b.reached(t.percent) {
			continue
		}
		w := b.warn(t.kind, b.capText(t.percent))
		for j := range i + 1 {
			if b.warned[j] == nil {
				b.warned[j] = w
			}
		}
		return
	}
}

// warnOfRefusal: the limit is reached for the user when a turn no longer fits
// under it. Callers hold mu.
func (b *Book) warnOfRefusal(r *Refusal) {
	for i, t := range thresholds {
		if t.kind == WarnCap100 && b.warned[i] == nil {
			b.warned[i] = b.warn(t.kind, r.Error())
		}
	}
}

// warnings are those that hold now: of the cap the highest, and the wallet's.
// Callers hold mu.
func (b *Book) warnings() (list []Warning) {
	for _, w := range slices.Backward(b.warned[:]) {
		if w != nil {
			list = append(list, *w)
			break
		}
	}
	if b.low != nil {
		list = append(list, *b.low)
	}
	return list
}
