package clawsim

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"
)

// completion is what the gateway answers; the proxy changes it on its way back.
type completion struct {
	ID      string   `json:"id"`
	Object  string   `json:"object"`
	Created int64    `json:"created"`
	Model   string   `json:"model"`
	Choices []choice `json:"choices"`
	Usage   *usage   `json:"usage,omitempty"`
}

type choice struct {
	Index        int     `json:"index"`
	Message      message `json:"message"`
	FinishReason string  `json:"finish_reason"`
}

type message struct {
	Role             string     `json:"role"`
	Content          *string    `json:"content"`
	ReasoningContent string     `json:"reasoning_content,omitempty"`
	Reasoning        string     `json:"reasoning,omitempty"`
	ToolCalls        []wireCall `json:"tool_calls,omitempty"`
}

type wireCall struct {
	Index    *int         `json:"index,omitempty"`
	ID       string       `json:"id"`
	Type     string       `json:"type"`
	Function wireFunction `json:"function"`
}

type wireFunction struct {
	Name      string `json:"name"`
	Arguments string `json:"arguments"`
}

type usage struct {
	PromptTokens     int            `json:"prompt_tokens"`
	CompletionTokens int            `json:"completion_tokens"`
	TotalTokens      int            `json:"total_tokens"`
	PromptDetails    map[string]int `json:"prompt_tokens_details,omitempty"`
	OutputDetails    map[string]int `json:"completion_tokens_details,omitempty"`
}

// reply is the gateway's answer to one attempt.
type reply struct {
	turn   Turn
	status int
	header http.Header
	body   []byte
	// good is set instead of body when the answer is a completion.
	good *completion
	// dropped: no answer came; late: not in time; cancelled: the client's going
	// away ended the call.
	dropped, late, cancelled bool
}

// why is how Node words a call without an answer.
func (r reply) why() string {
	if r.late {
		return "This operation was aborted"
	}
	return "fetch failed"
}

// ask sends one attempt to the gateway: it is booked, paid and only then answered.
func (s *Sim) ask(ctx context.Context, x *exchange, model string) reply {
	f, spoiled := s.forwarded(x.chat, model)
	c, size := s.bookCall(x, f, model, spoiled)
	p, known := loadCatalog().price(model)
	if !known {
		s.closeCall(c, "failed", http.StatusBadRequest)
		return reply{status: http.StatusBadRequest, body: openAIError("Unknown model: "+model, "invalid_request_error")}
	}
	s.mu.Lock()
	// Tools are input as well, so that the quote counts the whole body.
	c.InputTokens, c.MaxOutput = (size+3)/4, f.maxTokens()
	if c.MaxOutput == 0 {
		c.MaxOutput = assumedOutput
	}
	c.Quote = quote(p, c.InputTokens, c.MaxOutput)
	s.mu.Unlock()
	t := s.turnFor(f)
	if t.Broke || !s.settle(x.id, c) {
		s.closeCall(c, "refused", http.StatusPaymentRequired)
		return reply{turn: t, status: http.StatusPaymentRequired, body: s.brokeBody(t, c)}
	}
	r := reply{turn: t, dropped: true}
	switch s.silence(ctx, t, p) {
	case silenceCancelled:
		s.closeCall(c, "cancelled", 0)
		return reply{turn: t, cancelled: true}
	case silenceTooLong:
		r.late = true
	default:
		r = s.produce(t, f, c)
	}
	switch {
	case r.dropped:
		s.closeCall(c, "dropped", 0)
	case r.good == nil:
		s.closeCall(c, "failed", r.status)
	default:
		s.closeCall(c, "answered", r.status)
		return r
	}
	if !s.spoils(SpoilFailures) {
		s.refund(c)
	}
	return r
}

func (s *Sim) bookCall(x *exchange, f *chatRequest, model string, spoiled []Spoiling) (*Call, int) {
	body := f.bytes()
	c := &Call{
		At: s.clock.Now(), Path: "/v1/chat/completions", Header: s.forwardedHeader(x.header),
		Body: body, Asked: x.asked, Model: model, Session: x.session, Stream: x.stream,
		Outcome: "pending", Spoiled: append(append([]Spoiling{}, x.spoiled...), spoiled...),
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c.ClientGone = x.gone
	x.calls = append(x.calls, c)
	s.book.add(c, s.opts.KeepBytes)
	return c, len(body)
}

func (s *Sim) closeCall(c *Call, outcome string, status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.Outcome, c.Status = outcome, status
}

// forwardedHeader is what the gateway is sent of the client's headers: nearly all.
func (s *Sim) forwardedHeader(in http.Header) http.Header {
	out := http.Header{}
	for k, v := range in {
		lower := strings.ToLower(k)
		switch {
		case !s.spoils(SpoilHeaders) && lower != "content-type":
		case lower == "connection", lower == "transfer-encoding", lower == "content-length",
			strings.HasPrefix(lower, "x-stainless-"), strings.HasPrefix(lower, "anthropic-"):
		default:
			out[k] = v
		}
	}
	if out.Get("Content-Type") == "" {
		out.Set("Content-Type", "application/json")
	}
	out.Set("User-Agent", "clawrouter/"+s.version)
	return out
}

// messageTokens counts four characters of the messages' JSON as a token, which
// is what the answers' usage says.
func messageTokens(c *chatRequest) int {
	return (utf8.RuneCount(c.messageBytes()) + 3) / 4
}

type silenceEnd int

const (
	silenceOver silenceEnd = iota
	silenceTooLong
	silenceCancelled
)

// modelPatience is how long ClawRouter waits for one model.
func modelPatience(p price) time.Duration {
	if p.Reasoning {
		return 180 * time.Second
	}
	return 60 * time.Second
}

// silence waits out the delay of a turn, or as much of it as the proxy stands.
func (s *Sim) silence(ctx context.Context, t Turn, p price) silenceEnd {
	wait, end := t.delay(), silenceOver
	if limit := modelPatience(p); t.Hang || wait > limit {
		wait, end = limit, silenceTooLong
	}
	if wait == 0 && ctx.Err() == nil {
		return silenceOver
	}
	select {
	case <-s.clock.After(wait):
		return end
	case <-ctx.Done():
		return silenceCancelled
	}
}

func (s *Sim) produce(t Turn, f *chatRequest, c *Call) reply {
	switch {
	case t.Drop:
		return reply{turn: t, dropped: true}
	case t.Raw != nil:
		return reply{turn: t, status: http.StatusOK, body: []byte(*t.Raw)}
	case t.Status != 0 && t.Status != http.StatusOK:
		h := http.Header{}
		if t.RetryAfter != "" {
			h.Set("Retry-After", t.RetryAfter)
		}
		return reply{turn: t, status: t.Status, header: h, body: []byte(ToolCall{Arguments: t.Body}.text())}
	}
	h := http.Header{}
	if c.Paid {
		h.Set("Payment-Response", s.receipt(c))
	}
	good := s.complete(t, f, messageTokens(f))
	return reply{turn: t, status: http.StatusOK, header: h, good: good}
}

// receipt is the header that a settled payment leaves.
func (s *Sim) receipt(c *Call) string {
	return base64.StdEncoding.EncodeToString(fmt.Appendf(nil,
		`{"success":true,"transaction":"0x%064x","network":"eip155:8453","payer":%q}`, c.ID, s.wallet.address))
}

// complete writes the turn as a completion of the gateway.
func (s *Sim) complete(t Turn, f *chatRequest, tokens int) *completion {
	s.mu.Lock()
	s.serial++
	serial := s.serial
	s.mu.Unlock()
	now := s.clock.Now()
	m := message{Role: "assistant", ReasoningContent: t.Reasoning, Reasoning: t.Reasoning}
	for i, call := range t.Calls {
		m.ToolCalls = append(m.ToolCalls, wireCall{
			ID: or(call.ID, fmt.Sprintf("call_sim_%d_%d", serial, i)), Type: "function",
			Function: wireFunction{call.Name, call.text()},
		})
	}
	finish := or(t.Finish, "stop")
	if len(t.Calls) > 0 {
		finish = or(t.Finish, "tool_calls")
	}
	if t.Text != "" || len(t.Calls) == 0 {
		m.Content = &t.Text
	}
	model := f.top.str("model")
	done := &completion{
		ID: fmt.Sprintf("chatcmpl-sim%d%03d", now.UnixMilli(), serial%1000), Object: "chat.completion",
		Created: now.Unix(), Model: model, Choices: []choice{{Message: m, FinishReason: finish}},
	}
	if !t.NoUsage {
		out := max(1, (len([]rune(t.Text))+3)/4)
		done.Usage = &usage{
			PromptTokens: tokens, CompletionTokens: out, TotalTokens: tokens + out,
			PromptDetails: map[string]int{"cached_tokens": min(3, tokens)},
			OutputDetails: map[string]int{"reasoning_tokens": 2},
		}
	}
	return done
}

// brokeBody is ClawRouter's wording of a settlement that failed for want of funds.
func (s *Sim) brokeBody(t Turn, c *Call) []byte {
	have, need := "0.000251", "0.011463"
	if !t.Broke {
		s.mu.Lock()
		have = fmt.Sprintf("%.6f", s.balance.real.USD())
		s.mu.Unlock()
		need = fmt.Sprintf("%.6f", c.Quote.USD())
	}
	w := s.wallet.address
	return encode(struct {
		Error any `json:"error"`
	}{struct {
		Message  string `json:"message"`
		Type     string `json:"type"`
		Wallet   string `json:"wallet"`
		Current  string `json:"current_balance_usd"`
		Required string `json:"required_usd"`
		Help     string `json:"help"`
	}{
		fmt.Sprintf("Insufficient USDC balance. Current: $%s, Required: ~$%s", have, need), "insufficient_funds", w, have, need,
		fmt.Sprintf("Fund wallet %s...%s with USDC on Base, or use free model: /model free", w[:6], w[len(w)-4:]),
	}})
}
