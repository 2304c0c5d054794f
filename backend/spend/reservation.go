package spend

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/backend/models"
)

// Request is a call about to be made.
type Request struct {
	Kind   string // "" for a turn, or KindSearch
	Thread string
	TurnID string
	Model  string // as the client asked for it
	Effort string // reasoning effort, "" for the model's own
	// Repeat marks a further call of the same turn: after a failure, or with the
	// results of a search. It costs as much but is not counted as a turn.
	Repeat bool
	// InputTokens is the size of the request; at 0 it is estimated from
	// InputBytes, the length of the JSON body.
	InputTokens int
	InputBytes  int
	// MaxTokens is the max_tokens that will be sent; at 0 Book.MaxTokens decides.
	MaxTokens int
	// Price replaces the quote where a call has a fixed one, such as SearchPrice.
	Price Micros
	// ClawRouter: the upstream is a ClawRouter, and the wallet pays. Calls to any
	// other upstream are entered without a cost and never refused.
	ClawRouter bool
}

// Outcome is how a call ended.
type Outcome struct {
	Used string // the model that answered, "" when no answer said so
	// Tokens as upstream reported them.
	In, Cached, Written, Out, Reasoning int
	TokensEstimated                     bool
	// Upstream is a price that upstream named for this very call, 0 for none. What
	// ClawRouter sends today (x-clawrouter-cost, usage.cost) is none: both are
	// estimates of what the tokens used would have cost.
	Upstream Micros
	// Unpaid: upstream said that nothing was paid, as it does with a 402. Other
	// failures may have been paid.
	Unpaid  bool
	First   time.Duration // until upstream's first byte
	Total   time.Duration
	Outcome string // OutcomeOK, or in a word what went wrong
	Finish  string // upstream's finish_reason
}

// ErrClosed is returned by a Book after Close.
var ErrClosed = errors.New("the ledger is closed: clawrouter-codex is stopping")

// Reservation holds the price of one call against the cap until Book or Release.
// It is safe for use by several goroutines; the first Book or Release counts.
type Reservation struct {
	book   *Book
	day    *day
	prices *Prices // as they were when it was made
	amount Micros
	ours   bool // a ClawRouter's wallet pays
	flat   bool
	// entry and closed belong to Book.mu.
	entry  Entry
	closed bool
	// maxTokens is a copy of the entry's, to be read without the lock.
	maxTokens int
}

// MaxTokens is what the call has to send: it is what was reserved.
func (r *Reservation) MaxTokens() int { return r.maxTokens }

// Amount is what the call may cost at most.
func (r *Reservation) Amount() Micros { return r.amount }

// Reserve holds what a call may cost against the cap, before the call is made.
// It never waits for the disk. A paid call over the cap, or during a pause, is
// refused with a *Refusal; free models and other upstreams never are.
func (b *Book) Reserve(q Request) (*Reservation, error) {
	r := &Reservation{book: b, ours: q.ClawRouter, flat: q.Price > 0, entry: Entry{
		Kind: q.Kind, Thread: clip(q.Thread), Turn: clip(q.TurnID), Asked: clip(q.Model),
		Repeat: q.Repeat, In: tokens(q.InputTokens), MaxTokens: tokens(q.MaxTokens),
	}}
	if q.InputTokens <= 0 && !r.flat {
		r.entry.In = tokens(EstimateTokens(q.InputBytes))
	}
	name := canonical(q.Model)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return nil, ErrClosed
	}
	// Read under the lock: at midnight a time from before it must not come second.
	now := b.now()
	b.turnDay(now)
	r.entry.At, r.prices = now.Truncate(time.Millisecond), b.prices
	if r.entry.MaxTokens == 0 && !r.flat && r.ours {
		r.entry.MaxTokens = b.maxTokens(name, r.entry.Thread, q.Effort)
	}
	r.maxTokens = r.entry.MaxTokens
	switch {
	case !r.ours:
	case r.flat:
		r.amount = min(q.Price, mostPrice)
	default:
		r.amount = b.quote(name, r.entry.In, r.entry.MaxTokens)
	}
	if no := b.refusal(r.amount); no != nil {
		no.Model = r.entry.Asked
		b.noteRefusal(r, no)
		return nil, no
	}
	b.serial++
	r.entry.ID = b.session + "-" + strconv.FormatUint(b.serial, 10)
	r.day = b.today
	b.open[r] = struct{}{}
	if r.amount > 0 {
		r.day.reserved = r.day.reserved.plus(r.amount)
		b.openDirty = true
		b.wakeFlusher()
		b.changed()
	}
	return r, nil
}

// Book enters what the call cost and frees the reservation. Only the first Book
// or Release counts; every further one changes nothing. It returns what was
// entered.
func (r *Reservation) Book(o Outcome) Entry {
	b := r.book
	b.mu.Lock()
	defer b.mu.Unlock()
	if r.closed {
		return r.entry
	}
	r.settle(o)
	b.enter(r)
	return r.entry
}

// Release frees the reservation of a call that was never sent. The reason is
// kept among the recent turns, not in the ledger.
func (r *Reservation) Release(reason string) {
	b := r.book
	b.mu.Lock()
	defer b.mu.Unlock()
	if r.closed {
		return
	}
	r.entry.Outcome, r.entry.In = clip(reason), 0
	b.free(r)
	b.remember(r.entry)
	b.changed()
}

// settle writes the outcome and the cost into the entry.
func (r *Reservation) settle(o Outcome) {
	e := &r.entry
	e.Used = clip(o.Used)
	e.Cost, e.Basis = r.cost(o, e.In)
	e.Estimate = e.Basis.Estimate()
	if o.In > 0 {
		e.In = tokens(o.In)
	}
	e.TokensEstimated = o.TokensEstimated || o.In <= 0 && e.Kind == ""
	e.Cached, e.Written = tokens(o.Cached), tokens(o.Written)
	e.Out, e.Reasoning = tokens(o.Out), tokens(o.Reasoning)
	e.FirstMS, e.TotalMS = max(o.First.Milliseconds(), 0), max(o.Total.Milliseconds(), 0)
	e.Outcome, e.Finish = clip(o.Outcome), clip(o.Finish)
}

// cost is the quote for the model that answered. input is the figure that was
// reserved with, not the tokens reported afterwards: the gateway quoted before
// there were any.
func (r *Reservation) cost(o Outcome, input int) (Micros, Basis) {
	asked, used := canonical(r.entry.Asked), canonical(o.Used)
	switch {
	case !r.ours:
		return 0, BasisElsewhere
	case o.Unpaid:
		return 0, BasisUnpaid
	case o.Upstream > 0:
		return min(o.Upstream, mostPrice), BasisUpstream
	case r.flat:
		return r.amount, BasisFlat
	case isFree(used), isFree(asked) && (used == "" || sameModel(asked, used)):
		return 0, BasisFree
	}
	if listed, ok := r.prices.listed(used); ok {
		return listed.cost(input, r.entry.MaxTokens), BasisQuote
	}
	_, known := r.prices.listed(asked)
	switch {
	case isFree(asked):
		return r.prices.conservative(used).cost(input, r.entry.MaxTokens), BasisUnlisted
	case models.RoutingProfile(asked) == "" && known:
		return r.amount, BasisQuote
	case models.RoutingProfile(asked) == "":
		return r.amount, BasisUnlisted
	case used == "":
		return r.amount, BasisReservation
	}
	// A profile went to a model that no list names: as its family, but not above
	// what profiles go to.
	return min(r.amount, r.prices.conservative(used).cost(input, r.entry.MaxTokens)), BasisUnlisted
}

// sameModel compares names without their families: the gateway knows free/x as
// nvidia/x.
func sameModel(a, b string) bool {
	return a[strings.LastIndexByte(a, '/')+1:] == b[strings.LastIndexByte(b, '/')+1:]
}

// free takes the reservation off its day. Callers hold mu.
func (b *Book) free(r *Reservation) {
	r.closed = true
	d := r.day.current()
	d.reserved -= r.amount
	delete(b.open, r)
	b.openDirty = b.openDirty || r.amount > 0
	if r.ours {
		b.lastEnd = b.now()
	}
	b.wakeFlusher()
}

// enter books a settled reservation for the day on which it was made, since that
// is when it was paid. Callers hold mu.
func (b *Book) enter(r *Reservation) {
	b.free(r)
	d := r.day.current()
	if d.count(&r.entry) {
		delete(b.profileRates, models.RoutingProfile(r.entry.Asked))
	}
	b.sinceReading = b.sinceReading.plus(r.entry.Cost)
	b.learnLength(&r.entry)
	b.remember(r.entry)
	b.queue = append(b.queue, queued{r.entry, d})
	b.warnOfCap()
	b.changed()
}
