package clawsim

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"
)

var (
	thinkTag = regexp.MustCompile(`(?s)<think(?:ing)?>.*?</think(?:ing)?>\s*`)
	xmlCalls = regexp.MustCompile(`(?s)<invoke name="([^"]+)">(.*?)</invoke>`)
	xmlParam = regexp.MustCompile(`(?s)<parameter name="([^"]+)">(.*?)</parameter>`)
)

const degradedPrefix = "degraded response: "

func isDegraded(r reply) bool { return strings.HasPrefix(string(r.body), degradedPrefix) }

// judge finds failures hidden in a status of 200: they become a 503 in plain text.
func judge(r reply) reply {
	reason := ""
	switch {
	case r.good != nil:
		m := r.good.Choices[0].Message
		text := ""
		if m.Content != nil {
			text = *m.Content
		}
		switch {
		case strings.Contains(text, "temporarily overloaded"):
			reason = "overloaded placeholder"
		case strings.TrimSpace(text) == "" && len(m.ToolCalls) == 0:
			reason = "empty turn"
		}
	case r.status == http.StatusOK:
		var e struct{ Error json.RawMessage }
		if json.Unmarshal(r.body, &e) == nil && len(e.Error) > 0 {
			reason = "error payload"
		}
	}
	if reason == "" {
		return r
	}
	return reply{turn: r.turn, status: http.StatusServiceUnavailable, body: []byte(degradedPrefix + reason)}
}

// compose writes the reply as the client is to see it.
func (s *Sim) compose(x *exchange, r reply, used string) answer {
	a := answer{status: http.StatusOK, wire: r.turn.Wire, pace: time.Duration(r.turn.PaceMS) * time.Millisecond}
	if r.good != nil {
		s.changeAnswer(x, r.good, used)
	}
	switch {
	case x.stream && r.good != nil:
		a.header = http.Header{"Content-Type": {"text/event-stream"}}
		a.chunks = s.events(x, r.good, used)
	case x.stream && (s.spoils(SpoilErrors) || r.status == http.StatusOK):
		a.header = http.Header{"Content-Type": {"text/event-stream"}}
		a.chunks = [][]byte{event(streamError(r)), []byte("data: [DONE]\n\n")}
	case r.good != nil:
		a.header = s.answerHeaders(x, r, used)
		a.body = encode(r.good)
		a.header.Set("Content-Length", fmt.Sprint(len(a.body)))
	case r.dropped:
		a.status, a.body = http.StatusInternalServerError, []byte(r.why())
		a.header = http.Header{"Content-Type": {"application/json"}}
	case r.status == http.StatusOK:
		a.body = r.body
		a.header = http.Header{"Content-Type": {"application/json"}, "Content-Length": {fmt.Sprint(len(r.body))}}
	default:
		a.status, a.body = r.status, r.body
		a.header = http.Header{"Content-Type": {"application/json"}}
		if after := r.header.Get("Retry-After"); after != "" && !s.spoils(SpoilRetryAfter) {
			a.header.Set("Retry-After", after)
		}
	}
	return a
}

// changeAnswer does to a completion what the proxy does before it goes on.
func (s *Sim) changeAnswer(x *exchange, c *completion, used string) {
	c.Model = used
	m := &c.Choices[0].Message
	if s.spoils(SpoilThink) && m.Content != nil {
		text := thinkTag.ReplaceAllString(*m.Content, "")
		m.Content = &text
	}
	if s.spoils(SpoilTextCalls) && m.Content != nil && len(m.ToolCalls) == 0 && len(x.chat.toolNames()) > 0 {
		if calls := callsInText(*m.Content, c.ID); len(calls) > 0 {
			m.ToolCalls, c.Choices[0].FinishReason = calls, "tool_calls"
		}
	}
	if s.spoils(SpoilPreamble) && m.Content != nil && len(m.ToolCalls) > 0 {
		empty := ""
		m.Content = &empty
	}
	if x.notice == "" || x.stream {
		return
	}
	text := x.notice
	switch {
	case m.Content != nil:
		text += *m.Content
	case s.spoils(SpoilNull):
		text += "null"
	}
	m.Content = &text
}

// callsInText reads tool calls that a model wrote as XML.
func callsInText(text, seed string) []wireCall {
	var calls []wireCall
	for i, m := range xmlCalls.FindAllStringSubmatch(text, -1) {
		args := newObject()
		for _, p := range xmlParam.FindAllStringSubmatch(m[2], -1) {
			args.set(p[1], p[2])
		}
		calls = append(calls, wireCall{ID: fmt.Sprintf("call_%s_%d", strings.TrimPrefix(seed, "chatcmpl-"), i),
			Type: "function", Function: wireFunction{m[1], string(args.bytes())}})
	}
	return calls
}

func (s *Sim) answerHeaders(x *exchange, r reply, used string) http.Header {
	h := r.header.Clone()
	h.Set("Content-Type", "application/json")
	d := x.route
	if d == nil {
		return h
	}
	if x.debug {
		h.Set("X-Clawrouter-Profile", d.profile)
		h.Set("X-Clawrouter-Tier", d.tier)
		h.Set("X-Clawrouter-Model", used)
		h.Set("X-Clawrouter-Confidence", d.confidence())
		h.Set("X-Clawrouter-Reasoning", d.reasoning())
		h.Set("X-Clawrouter-Agentic-Score", "0.00")
	}
	h.Set("X-Clawrouter-Cost", fmt.Sprintf("%.6f", d.cost))
	h.Set("X-Clawrouter-Savings", fmt.Sprintf("%.0f%%", d.savings*100))
	return h
}
