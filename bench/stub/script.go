package stub

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/bench/body"
)

// script is an answer rendered once and sent often, so that the stub's own work
// does not dilute what is measured.
type script struct {
	answer Answer
	json   []byte   // the whole body of an answer that is not streamed
	chunks [][]byte // SSE events, one a chunk
	// firstText is the index of the first chunk with text.
	firstText int
	// stamped is the chunk that carries a time, cut in two around it.
	stamped [2][]byte
}

const created = 1_795_355_209

func event(choices string) []byte {
	return []byte(fmt.Sprintf(`data: {"id":"chatcmpl-stub","object":"chat.completion.chunk","created":%d,"model":%q,`+
		`"system_fingerprint":null,"choices":%s}`+"\n\n", created, body.Model, choices))
}

func delta(fields string) []byte {
	return event(`[{"index":0,"delta":{` + fields + `},"logprobs":null,"finish_reason":null}]`)
}

func finish(reason string) []byte {
	return event(`[{"index":0,"delta":{},"logprobs":null,"finish_reason":"` + reason + `"}]`)
}

func (a Answer) finishReason() string {
	if a.Calls > 0 {
		return "tool_calls"
	}
	return "stop"
}

func (a Answer) usage() string {
	return fmt.Sprintf(`{"prompt_tokens":20000,"completion_tokens":%d,"total_tokens":%d}`, a.Chunks, 20_000+a.Chunks)
}

func (a Answer) usageChunk() []byte {
	return []byte(fmt.Sprintf(`data: {"id":"chatcmpl-stub","object":"chat.completion.chunk","created":%d,"model":%q,"choices":[],"usage":%s}`+"\n\n",
		created, body.Model, a.usage()))
}

// render prepares a's answer to a request that asked to be streamed, or not.
func (a Answer) render(streamed bool) *script {
	s := &script{answer: a}
	switch {
	case !streamed:
		s.json = a.completion()
	case a.Buffered:
		s.chunks, s.firstText = a.burst(), 1
	default:
		s.chunks, s.firstText = a.stream(), 1+a.Reasoning
		s.stamped = stampedChunk()
	}
	return s
}

func stampedChunk() [2][]byte {
	whole := delta(`"content":"@`)
	// The time goes in right after the @; what follows closes the chunk.
	cut := len(whole) - len(`},"logprobs":null,"finish_reason":null}]}`+"\n\n")
	return [2][]byte{whole[:cut], append([]byte(` "`), whole[cut:]...)}
}

// stream is a's answer token by token, as models' own APIs send it. With
// a.Stamp, an empty chunk stands where a stamped one is to be written.
func (a Answer) stream() [][]byte {
	out := [][]byte{delta(`"role":"assistant","content":""`)}
	for i := range a.Reasoning {
		out = append(out, delta(`"reasoning_content":`+strconv.Quote(text(i+3, 6))))
	}
	for i := range a.Chunks {
		if a.Stamp {
			out = append(out, nil)
			continue
		}
		out = append(out, delta(`"content":`+strconv.Quote(text(i, a.Size))))
	}
	for i, c := range a.ToolCalls() {
		out = append(out, delta(fmt.Sprintf(`"tool_calls":[{"index":%d,"id":%q,"type":"function","function":{"name":%q,"arguments":""}}]`, i, c.ID, c.Name)))
		const piece = 12
		for rest := c.Arguments; rest != ""; rest = rest[min(piece, len(rest)):] {
			args := mustJSON(rest[:min(piece, len(rest))])
			out = append(out, delta(fmt.Sprintf(`"tool_calls":[{"index":%d,"function":{"arguments":%s}}]`, i, args)))
		}
	}
	return append(out, finish(a.finishReason()), a.usageChunk(), []byte("data: [DONE]\n\n"))
}

// burst is a's answer as ClawRouter streams it: everything at once, the text in
// one chunk, all calls in one chunk and without an index, no reasoning.
func (a Answer) burst() [][]byte {
	out := [][]byte{delta(`"role":"assistant"`), delta(`"content":` + mustJSON(a.Text()))}
	if a.Calls > 0 {
		out = append(out, delta(`"tool_calls":`+mustJSON(wireCalls(a.ToolCalls()))))
	}
	return append(out, finish(a.finishReason()), a.usageChunk(), []byte("data: [DONE]\n\n"))
}

type wireFunction struct {
	Name      string `json:"name"`
	Arguments string `json:"arguments"`
}

type wireCall struct {
	ID       string       `json:"id"`
	Type     string       `json:"type"`
	Function wireFunction `json:"function"`
}

func wireCalls(calls []Call) []wireCall {
	out := make([]wireCall, len(calls))
	for i, c := range calls {
		out[i] = wireCall{c.ID, "function", wireFunction{c.Name, c.Arguments}}
	}
	return out
}

// completion is a's answer to stream:false.
func (a Answer) completion() []byte {
	message := map[string]any{"role": "assistant", "content": a.Text()}
	if a.Reasoning > 0 {
		message["reasoning_content"] = a.Thoughts()
	}
	if a.Calls > 0 {
		message["tool_calls"] = wireCalls(a.ToolCalls())
	}
	return []byte(mustJSON(map[string]any{
		"id": "chatcmpl-stub", "object": "chat.completion", "created": created, "model": body.Model,
		"choices": []any{map[string]any{"index": 0, "message": message, "finish_reason": a.finishReason()}},
		"usage":   json.RawMessage(a.usage()),
	}))
}

// mustJSON encodes strings and structs of strings, which cannot fail.
func mustJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic("bench/stub: " + err.Error())
	}
	return string(b)
}

// appendChunk appends the i-th chunk, stamped with now where the answer wants it.
func (s *script) appendChunk(dst []byte, i int, now time.Time) []byte {
	if s.chunks[i] != nil {
		return append(dst, s.chunks[i]...)
	}
	dst = append(dst, s.stamped[0]...)
	dst = strconv.AppendInt(dst, now.UnixNano(), 10)
	return append(dst, s.stamped[1]...)
}
