package clawsim

import (
	"encoding/json"
	"fmt"
	"net/http"
)

type chunk struct {
	ID                string        `json:"id"`
	Object            string        `json:"object"`
	Created           int64         `json:"created"`
	Model             string        `json:"model"`
	SystemFingerprint *string       `json:"system_fingerprint"`
	Choices           []chunkChoice `json:"choices"`
	Usage             *streamUsage  `json:"usage,omitempty"`
}

type chunkChoice struct {
	Index        int     `json:"index"`
	Delta        delta   `json:"delta"`
	Logprobs     *string `json:"logprobs"`
	FinishReason *string `json:"finish_reason"`
}

type delta struct {
	Role             string     `json:"role,omitempty"`
	Content          string     `json:"content,omitempty"`
	ReasoningContent string     `json:"reasoning_content,omitempty"`
	ToolCalls        []wireCall `json:"tool_calls,omitempty"`
}

// streamUsage has no details, and a cost that is the list price of what was
// used and not what was paid.
type streamUsage struct {
	PromptTokens     int            `json:"prompt_tokens"`
	CompletionTokens int            `json:"completion_tokens"`
	TotalTokens      int            `json:"total_tokens"`
	Cost             *streamCost    `json:"cost,omitempty"`
	PromptDetails    map[string]int `json:"prompt_tokens_details,omitempty"`
	OutputDetails    map[string]int `json:"completion_tokens_details,omitempty"`
}

type streamCost struct {
	Total      float64 `json:"total"`
	Input      float64 `json:"input"`
	Output     float64 `json:"output"`
	Baseline   float64 `json:"baseline"`
	SavingsPct int     `json:"savings_pct"`
	Model      string  `json:"model"`
	Tier       string  `json:"tier,omitempty"`
}

func event(data []byte) []byte { return []byte("data: " + string(data) + "\n\n") }

// events is a completion as the proxy makes a stream of it: all at once and with
// less in it. With SpoilBurst off it is a stream as other servers send it.
func (s *Sim) events(x *exchange, c *completion, used string) [][]byte {
	ch := c.Choices[0]
	var out [][]byte
	emit := func(d delta, finish *string) {
		out = append(out, event(encode(chunk{ID: c.ID, Object: "chat.completion.chunk", Created: c.Created, Model: used,
			Choices: []chunkChoice{{Delta: d, FinishReason: finish}}})))
	}
	if x.route != nil && x.debug {
		out = append(out, []byte(fmt.Sprintf(": x-clawrouter-debug profile=%s tier=%s model=%s agentic=0.00 confidence=%s reasoning=%s\n\n",
			x.route.profile, x.route.tier, used, x.route.confidence(), x.route.reasoning())))
	}
	emit(delta{Role: ch.Message.Role}, nil)
	if x.notice != "" {
		emit(delta{Content: x.notice}, nil)
	}
	burst := s.spoils(SpoilBurst)
	for _, d := range deltas(ch.Message, burst) {
		emit(d, nil)
	}
	emit(delta{}, &ch.FinishReason)
	if c.Usage != nil {
		out = append(out, event(encode(s.usageChunk(x, c, used, burst))))
	}
	if x.route != nil {
		out = append(out, []byte(fmt.Sprintf(": cost=$%.4f savings=%.0f%% model=%s tier=%s\n\n",
			x.route.cost, x.route.savings*100, used, x.route.tier)))
	}
	return append(out, []byte("data: [DONE]\n\n"))
}

// deltas is one chunk of text and one of calls in a burst; else small pieces,
// with reasoning, and calls that are indexed and grow.
func deltas(m message, burst bool) []delta {
	text := ""
	if m.Content != nil {
		text = *m.Content
	}
	var out []delta
	if burst {
		if text != "" {
			out = append(out, delta{Content: text})
		}
		if len(m.ToolCalls) > 0 {
			out = append(out, delta{ToolCalls: m.ToolCalls})
		}
		return out
	}
	for _, p := range pieces(m.ReasoningContent) {
		out = append(out, delta{ReasoningContent: p})
	}
	for _, p := range pieces(text) {
		out = append(out, delta{Content: p})
	}
	for i, call := range m.ToolCalls {
		out = append(out, delta{ToolCalls: []wireCall{{Index: &i, ID: call.ID, Type: call.Type, Function: wireFunction{Name: call.Function.Name}}}})
		for _, p := range pieces(call.Function.Arguments) {
			out = append(out, delta{ToolCalls: []wireCall{{Index: &i, Type: "function", Function: wireFunction{Arguments: p}}}})
		}
	}
	return out
}

// pieces cuts a text into token-like parts.
func pieces(s string) []string {
	var out []string
	r := []rune(s)
	for len(r) > 0 {
		n := min(8, len(r))
		out, r = append(out, string(r[:n])), r[n:]
	}
	return out
}

func (s *Sim) usageChunk(x *exchange, c *completion, used string, burst bool) chunk {
	u := &streamUsage{PromptTokens: c.Usage.PromptTokens, CompletionTokens: c.Usage.CompletionTokens, TotalTokens: c.Usage.TotalTokens}
	id := c.ID
	if burst {
		id = fmt.Sprintf("chatcmpl-%d", s.clock.Now().UnixMilli())
		p, _ := loadCatalog().price(used)
		in, out := float64(u.PromptTokens), float64(u.CompletionTokens)
		cost := streamCost{Input: in * p.In / 1e6, Output: out * p.Out / 1e6, Model: used}
		cost.Total = max(0.001, cost.Input+cost.Output)
		cost.Baseline = in/1e6*baselineIn + out/1e6*baselineOut
		if cost.Baseline > cost.Total {
			cost.SavingsPct = int((cost.Baseline-cost.Total)/cost.Baseline*100 + 0.5)
		}
		if x.route != nil {
			cost.Tier = x.route.tier
		}
		u.Cost = &cost
	} else {
		u.PromptDetails, u.OutputDetails = c.Usage.PromptDetails, c.Usage.OutputDetails
	}
	return chunk{ID: id, Object: "chat.completion.chunk", Created: c.Created, Model: used, Choices: []chunkChoice{}, Usage: u}
}

// streamError is a failure within a stream whose status was sent long ago. JSON
// of the gateway goes on as it came, anything else is wrapped.
func streamError(r reply) []byte {
	type inner struct {
		Message string `json:"message"`
		Type    string `json:"type"`
		Status  int    `json:"status,omitempty"`
	}
	wrap := func(i inner) []byte {
		return encode(struct {
			Error inner `json:"error"`
		}{i})
	}
	switch {
	case r.dropped:
		return wrap(inner{r.why(), "provider_error", http.StatusInternalServerError})
	case r.status == http.StatusOK:
		return wrap(inner{"Upstream response could not be parsed: " + shorten(string(r.body), 60), "proxy_error", 0})
	case json.Valid(r.body):
		return r.body
	}
	return wrap(inner{string(r.body), "provider_error", r.status})
}
