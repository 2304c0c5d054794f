package bridge

import (
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/backend/proxy"
	"github.com/BlockRunAI/clawrouter-codex/backend/spend"
	"github.com/BlockRunAI/clawrouter-codex/backend/translate"
)

// codexTurn is what Codex tells of a request in a header of its own.
type codexTurn struct {
	TurnID      string `json:"turn_id"`      // the user's turn, of which one request is a step
	RequestKind string `json:"request_kind"` // turn, or compaction
}

// turnMetadata reads it; it is empty for other clients.
func turnMetadata(h http.Header) (m codexTurn) {
	if json.Unmarshal([]byte(h.Get("X-Codex-Turn-Metadata")), &m) != nil {
		return codexTurn{}
	}
	return m
}

// limit sets the limit of output. A ClawRouter's price is quoted on it, and Codex
// names none: the ledger's default is sent, and reserved.
func (t *turn) limit(to *translate.Target) {
	t.model, t.maxTokens = to.Model, t.request.MaxOutputTokens()
	if book := t.server.cfg.Book; book != nil && t.clawRouter && t.maxTokens == 0 {
		t.maxTokens = book.MaxTokens(t.model, t.thread, t.request.Effort())
		to.MaxTokens = t.maxTokens
	}
}

// reserve holds what the call may cost, before it is made. Over the cap the turn
// ends here, in words, and nothing is paid.
func (t *turn) reserve() error {
	book := t.server.cfg.Book
	if book == nil {
		return nil
	}
	further := t.attempt > 0 || t.to.SearchRounds > 0
	if further && t.clawRouter {
		// Another ClawRouter may have taken the port since the turn was let in.
		if err := t.server.refusePaid(t.model); err != nil {
			return &translate.Failure{Kind: translate.FailRefused, Message: err.Error()}
		}
	}
	hold, err := book.Reserve(spend.Request{
		Thread: t.thread, TurnID: t.turnID, Model: t.model, Effort: t.request.Effort(), Repeat: further,
		InputBytes: len(t.chat), MaxTokens: t.maxTokens, ClawRouter: t.clawRouter,
	})
	if err != nil {
		return &translate.Failure{Kind: translate.FailRefused, Message: err.Error()}
	}
	t.hold = hold
	return nil
}

// settle books what the last call came to. What was not sent costs nothing; what
// upstream refused to be paid for says so by a 402.
func (t *turn) settle(failed error) {
	hold := t.hold
	if hold == nil {
		return
	}
	t.hold = nil
	var send *proxy.SendError
	if errors.As(failed, &send) && !send.Sent {
		hold.Release("not sent")
		return
	}
	t.mu.Lock()
	r := t.stream.Result()
	t.mu.Unlock()
	o := spend.Outcome{
		Used: t.used(r.Model), Finish: r.Finish, Outcome: spend.OutcomeOK,
		In: int(r.Usage.Input), Cached: int(r.Usage.Cached), Written: int(r.Usage.CacheWrite),
		Out: int(r.Usage.Output), Reasoning: int(r.Usage.Reasoning), TokensEstimated: r.Usage.Estimated,
		First: t.firstByte, Total: time.Since(t.began),
	}
	if failed != nil {
		o.Used, o.Outcome = "", string(translate.FailHangUp)
		var f *translate.Failure
		if errors.As(failed, &f) {
			o.Outcome, o.Unpaid = string(f.Kind), f.Status == http.StatusPaymentRequired
		}
	}
	t.cost += hold.Book(o).Cost
}
