package spend

import (
	"slices"

	"github.com/BlockRunAI/clawrouter-codex/backend/models"
)

// The gateway is paid for all the output that a request allows, used or not, and
// Codex sets no limit. So the limit is a price: at $25 per million, 8192 tokens
// are 20 cents a call and a model's own 128,000 are $3.20.
//
//	model      reasoning effort   max_tokens
//	free/*     any                what the model can write: it costs nothing
//	any other  up to medium       8192: a patch of 600 lines with the thoughts before it
//	any other  high and above     16384
//
// and never more than half of what the model can write. When an answer ended for
// want of room, its thread gets twice as much, again and again up to what the
// model can write, and goes back to the table after three answers that would
// have had room twice over.
const (
	defaultMaxTokens = 8192
	effortMaxTokens  = 16384
	// unknownLimit stands for what a model can write when nobody told us.
	unknownLimit = 65536
	calmAnswers  = 3
	maxDoublings = 6
	// raisedThreads bounds the memory of threads with more room.
	raisedThreads = 256
)

// raise is a thread's extra room.
type raise struct {
	doublings int
	calm      int // answers in a row that did not need it
}

// MaxTokens is the max_tokens to send for a turn whose client named none. Reserve
// uses the same figure for a Request without MaxTokens. effort is the client's
// reasoning effort, or "".
func (b *Book) MaxTokens(model, thread, effort string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.maxTokens(canonical(model), thread, effort)
}

func (b *Book) maxTokens(name, thread, effort string) int {
	limit := unknownLimit
	if m, ok := b.prices.table.Lookup(name); ok && m.Output > 0 {
		limit = m.Output
	}
	if isFree(name) {
		return limit
	}
	tokens := tableMaxTokens(effort)
	tokens = max(min(tokens, limit/2), 1)
	if r := b.raised[thread]; r != nil {
		tokens = min(tokens<<r.doublings, limit)
	}
	return tokens
}

func tableMaxTokens(effort string) int {
	switch effort {
	case "", "none", "minimal", "low", "medium":
		return defaultMaxTokens
	}
	return effortMaxTokens
}

// learnLength gives a thread more room, or takes it back. Callers hold mu.
func (b *Book) learnLength(e *Entry) {
	if e.Thread == "" || isFree(canonical(e.Asked)) {
		return
	}
	r := b.raised[e.Thread]
	switch {
	case e.Finish == "length":
		if r == nil {
			r = b.rememberThread(e.Thread)
		}
		r.doublings, r.calm = min(r.doublings+1, maxDoublings), 0
	case r == nil || e.Outcome != OutcomeOK:
	case e.Out > (e.MaxTokens>>r.doublings)/2:
		r.calm = 0
	default:
		if r.calm++; r.calm >= calmAnswers {
			b.forgetThread(e.Thread)
		}
	}
}

func (b *Book) rememberThread(thread string) *raise {
	if len(b.raisedOrder) >= raisedThreads {
		b.forgetThread(b.raisedOrder[0])
	}
	r := &raise{}
	b.raised[thread] = r
	b.raisedOrder = append(b.raisedOrder, thread)
	return r
}

func (b *Book) forgetThread(thread string) {
	delete(b.raised, thread)
	b.raisedOrder = slices.DeleteFunc(b.raisedOrder, func(t string) bool { return t == thread })
}

// SetPrices takes a newer list of models. Reservations that are open keep what
// they were quoted.
func (b *Book) SetPrices(t *models.Table) {
	p := NewPrices(t)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.prices = p
	clear(b.profileRates)
}

// Quote is Prices.Quote by the list in use, with routing profiles as this
// user's past has them.
func (b *Book) Quote(model string, inputTokens, maxTokens int) Micros {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.quote(canonical(model), inputTokens, maxTokens)
}
