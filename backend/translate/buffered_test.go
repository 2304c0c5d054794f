package translate

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// answer is what a model said, before anybody decides how it is sent.
type answer struct {
	Thought, Text string
	Calls         []answerCall
	Finish        string
}

type answerCall struct{ Name, Arguments string }

func drawAnswer(t *rapid.T) answer {
	text := rapid.OneOf(
		rapid.String(),
		rapid.SampledFrom([]string{"", "\n\n", "Hello, wörld ✓ 😀", "a \"b\" \\ c\td\r\n", "</x> & <y>\u2028"}),
	)
	a := answer{Thought: text.Draw(t, "thought"), Text: text.Draw(t, "text"), Finish: "stop"}
	for range rapid.IntRange(0, 3).Draw(t, "calls") {
		c := answerCall{Name: rapid.SampledFrom([]string{"exec_command", "apply_patch", "mcp__echo__echo", "tool_search", "unknown"}).Draw(t, "name")}
		value, _ := json.Marshal(map[string]string{"input": text.Draw(t, "input")})
		c.Arguments = rapid.SampledFrom([]string{string(value), "", "{}", `{"a":1, "b":[null]}`, `{"broken`, "bare text"}).Draw(t, "arguments")
		a.Calls = append(a.Calls, c)
		a.Finish = "tool_calls"
	}
	if len(a.Calls) == 0 && rapid.Bool().Draw(t, "leaks") {
		// Beside proper calls it depends on what came first whether text is searched.
		a.Text = rapid.SampledFrom([]string{"<think>\nHm.\n</think>\n\nYes.", "I look.\n\n<tool_call>\n{\"name\": \"exec_command\", \"arguments\": {\"cmd\": \"é\"}}\n</tool_call>", "Say <tool_call> or [TOOL_CALLS]."}).Draw(t, "leak")
	}
	return a
}

// completion is the answer as one JSON object.
func (a answer) completion() []byte {
	var calls []any
	for i, c := range a.Calls {
		calls = append(calls, map[string]any{"id": "call_" + strconv.Itoa(i), "type": "function", "function": map[string]any{"name": c.Name, "arguments": c.Arguments}})
	}
	message := map[string]any{"role": "assistant", "reasoning_content": a.Thought, "content": a.Text, "tool_calls": calls}
	body, _ := json.Marshal(map[string]any{"choices": []any{map[string]any{"index": 0, "message": message, "finish_reason": a.Finish}}, "usage": usageOfTests})
	return body
}

var usageOfTests = map[string]any{"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}

// wire is the answer as an event stream of pieces.
func (a answer) wire(t *rapid.T) []byte {
	var b bytes.Buffer
	chunk := func(v any) {
		data, _ := json.Marshal(v)
		b.WriteString("data: " + string(data) + "\n\n")
	}
	delta := func(d map[string]any, finish any) {
		chunk(map[string]any{"choices": []any{map[string]any{"index": 0, "delta": d, "finish_reason": finish}}})
	}
	for _, p := range cut(t, a.Thought) {
		delta(map[string]any{"reasoning_content": p}, nil)
	}
	for _, p := range cut(t, a.Text) {
		delta(map[string]any{"content": p}, nil)
	}
	for i, c := range a.Calls {
		for j, p := range append([]string{""}, cut(t, c.Arguments)...) {
			call := map[string]any{"index": i, "function": map[string]any{"arguments": p}}
			if j == 0 {
				call["id"], call["function"] = "call_"+strconv.Itoa(i), map[string]any{"name": c.Name, "arguments": p}
			}
			delta(map[string]any{"tool_calls": []any{call}}, nil)
		}
	}
	delta(map[string]any{}, a.Finish)
	chunk(map[string]any{"choices": []any{}, "usage": usageOfTests})
	b.WriteString("data: [DONE]\n\n")
	return b.Bytes()
}

// cut draws a way to send s in pieces, cut between characters.
func cut(t *rapid.T, s string) (pieces []string) {
	runes := []rune(s)
	for len(runes) > 0 {
		n := rapid.IntRange(1, len(runes)).Draw(t, "cut")
		pieces, runes = append(pieces, string(runes[:n])), runes[n:]
	}
	return pieces
}

// TestStreamedIsBuffered says that it does not matter to the final Response
// object how upstream sent an answer.
func TestStreamedIsBuffered(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		a := drawAnswer(rt)
		whole, pieces := newStream(t, declared, true), newStream(t, declared, true)
		outWhole := buffered(whole, a.completion())
		outPieces := stream(pieces, a.wire(rt))
		for _, out := range [][]byte{outWhole, outPieces} {
			events, err := readEvents(out)
			if err == nil {
				err = checkOrder(events)
			}
			if err != nil {
				rt.Fatalf("%v in:\n%s", err, shortened(out))
			}
		}
		if diff := cmp.Diff(string(whole.Response()), string(pieces.Response())); diff != "" {
			rt.Fatalf("(-buffered +streamed):\n%s", diff)
		}
		if diff := cmp.Diff(whole.Result(), pieces.Result()); diff != "" {
			rt.Fatalf("Result (-buffered +streamed):\n%s", diff)
		}
	})
}

// TestDeltasComeAtOnce says that a piece is not held back once it is known to
// belong to the answer: a user watches the text grow.
func TestDeltasComeAtOnce(t *testing.T) {
	pieces := []string{
		`{"choices":[{"index":0,"delta":{"reasoning_content":"Hm"}}]}`,
		`{"choices":[{"index":0,"delta":{"content":"Hello"}}]}`,
		`{"choices":[{"index":0,"delta":{"content":" world"}}]}`,
		`{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"exec_command","arguments":"{\"cmd\":"}}]}}]}`,
		`{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"\"ls"}}]}}]}`,
		`{"choices":[{"index":0,"delta":{"tool_calls":[{"index":1,"id":"b","function":{"name":"apply_patch","arguments":"{\"input\":\"*** Be\\\""}}]}}]}`,
	}
	want := []string{"Hm", "Hello", " world", `{"cmd":`, `"ls`, `*** Be"`}
	s := newStream(t, declared, true)
	s.Begin()
	s.Take()
	seq := 2
	for i, data := range pieces {
		if err := s.Chunk([]byte(data)); err != nil {
			t.Fatal(err)
		}
		events, err := readEvents(s.Take())
		if err != nil {
			t.Fatal(err)
		}
		at := slices.IndexFunc(events, func(e event) bool { return e.Delta != nil && *e.Delta == want[i] })
		if at < 0 {
			t.Errorf("after piece %d there is no delta %q:\n%s", i, want[i], show(t, events))
		}
		if *events[0].Seq != seq {
			t.Errorf("piece %d: sequence_number %d, want %d", i, *events[0].Seq, seq)
		}
		seq += len(events)
	}
}
