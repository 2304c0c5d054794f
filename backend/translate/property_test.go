package translate

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// pick draws one of several strings.
func pick(t *rapid.T, label string, values ...string) string {
	return rapid.SampledFrom(values).Draw(t, label)
}

// drawChunk draws the data of one event as any server might send it.
func drawChunk(t *rapid.T) string {
	content := []string{`"Hello"`, `" "`, `"\n"`, `""`, `null`, `"é✓😀"`, `"\ud83d"`, `"\ude00x"`, `"a\\\"b"`, `[{"type":"text","text":"x"}]`, `7`, "\"\xe2\x9c\"", "\"\x93\"",
		`"<think>Hm"`, `"</think>"`, `"` + "```" + `\n"`, `"<tool_call>\n{\"name\":\"exec_command\",\"arguments\":{\"cmd\":\"ls\"}}\n</tool_call>"`}
	var delta string
	switch rapid.IntRange(0, 11).Draw(t, "kind") {
	case 0, 1, 2:
		delta = `"content":` + pick(t, "content", content...)
	case 3:
		delta = `"reasoning_content":` + pick(t, "thought", content...)
	case 4, 5, 6, 7:
		delta = `"tool_calls":[` + drawCallPiece(t) + `]`
	case 8:
		delta = `"refusal":` + pick(t, "refusal", content...) + `,"reasoning_details":` + pick(t, "details", `[]`, `[{"type":"reasoning.text","text":"d","index":0}]`, `[{"type":"reasoning.encrypted","data":"x"}]`, `{}`)
	case 9:
		return `{"choices":[],"usage":` + pick(t, "usage", `null`, `{}`, `{"prompt_tokens":5,"completion_tokens":1e99}`, `{"prompt_tokens":5,"completion_tokens":2,"total_tokens":7}`) + `}`
	case 10:
		return pick(t, "odd", `{}`, ``, ` `, `7`, `[DONE]`, `{"model":"x","choices":null}`, `{"choices":[{"delta":null}]}`, `{"choices":[7]}`)
	case 11:
		return pick(t, "bad", `{"error":"x","message":"y"}`, `{"error":{"message":"z","code":429}}`, `<html>`, `{"choices":[{"delta":{"content":"cut`, `{"error":null}`, `{"error":null}`, `{"error":null}`)
	}
	return `{"choices":[{"index":0,"delta":{` + delta + `},"finish_reason":` + pick(t, "finish", `null`, `null`, `null`, `null`, `"stop"`, `"tool_calls"`, `"length"`, `"content_filter"`, `"error"`) + `}]}`
}

func drawCallPiece(t *rapid.T) string {
	var fields []string
	if v := pick(t, "index", ``, `0`, `0`, `1`, `2`, `-1`, `"0"`); v != "" {
		fields = append(fields, `"index":`+v)
	}
	if v := pick(t, "id", ``, ``, `"call_a"`, `"call_b"`, `""`, `null`, `"\ud83d"`); v != "" {
		fields = append(fields, `"id":`+v)
	}
	var function []string
	if v := pick(t, "name", ``, ``, `"exec_command"`, `"apply_patch"`, `"tool_search"`, `"mcp__echo__echo"`, `"none \"such\""`, `""`); v != "" {
		function = append(function, `"name":`+v)
	}
	if v := pick(t, "arguments", ``, `""`, `"{\"input\":\""`, `"a\\n\\d\\ud83d"`, `"\ud83d"`, `"\ude00"`, `"\"}"`, `"{\"cmd\":\"ls\"}"`, `"{"`, `"}"`, `{"cmd": "ls"}`, `null`, `"{\"a\":1,}"`, `"x\ny"`); v != "" {
		function = append(function, `"arguments":`+v)
	}
	fields = append(fields, `"function":{`+strings.Join(function, ",")+`}`)
	return "{" + strings.Join(fields, ",") + "}"
}

// TestAnyAnswerIsWellFormed: whatever upstream sends, the client gets a whole
// answer in the right order, and never half a call that looks like a whole one.
func TestAnyAnswerIsWellFormed(t *testing.T) {
	_, turn := translated(t, declared, Target{Stream: true})
	rapid.Check(t, func(rt *rapid.T) {
		var wire strings.Builder
		for range rapid.IntRange(0, 12).Draw(rt, "chunks") {
			wire.WriteString("data: " + drawChunk(rt) + "\n\n")
		}
		turn.Codex = rapid.Bool().Draw(rt, "codex")
		out := stream(turn.Stream(StreamOptions{NewID: numbered(), Now: noon}), []byte(wire.String()))
		events, err := readEvents(out)
		if err == nil {
			err = checkOrder(events)
		}
		if err != nil {
			rt.Fatalf("%v\nupstream:\n%s\nclient:\n%s", err, wire.String(), shortened(out))
		}
	})
}

// drawItem draws one input item as any client might send it; word is a text that
// must reach the model.
func drawItem(t *rapid.T, word string) string {
	id := `"call_id":` + pick(t, "call_id", `"a"`, `"a"`, `"b"`, `"a_2"`, `""`, `null`)
	quoted, _ := json.Marshal(word)
	text := string(quoted)
	parts := pick(t, "content", text, `[{"type":"input_text","text":`+text+`}]`, `{"type":"text","text":`+text+`}`,
		`[{"type":"input_text","text":""},{"type":"output_text","text":`+text+`},{"type":"input_image","image_url":"data:x"}]`)
	switch rapid.IntRange(0, 9).Draw(t, "kind") {
	case 0, 1:
		return `{"type":"message","role":` + pick(t, "role", `"user"`, `"developer"`, `"system"`, `"assistant"`, `"critic"`) + `,"content":` + parts + `}`
	case 2, 3:
		return `{"type":"function_call","name":"exec_command","arguments":` + pick(t, "arguments", text, `{"a":`+text+`}`) + `,` + id + `}`
	case 4:
		return `{"type":"custom_tool_call","name":"apply_patch","input":` + text + `,` + id + `}`
	case 5, 6:
		return `{"type":"function_call_output","output":` + parts + `,` + id + `}`
	case 7:
		return `{"type":"custom_tool_call_output","output":` + parts + `,` + id + `}`
	case 8:
		return `{"type":"local_shell_call","action":{"type":"exec","command":[` + text + `]},` + id + `}`
	default:
		return `{"type":"agent_message","content":` + parts + `}`
	}
}

// TestNothingOfTheHistoryIsLost: whatever the order of items, providers accept
// the request, and every text in it reaches the model exactly once.
func TestNothingOfTheHistoryIsLost(t *testing.T) {
	targets := []Target{{}, {Model: "mistral/devstral"}, {ClawRouter: true}, {NoVision: true}}
	rapid.Check(t, func(rt *rapid.T) {
		var items, words []string
		for i := range rapid.IntRange(1, 14).Draw(rt, "items") {
			word := fmt.Sprintf("word%02d", i)
			items, words = append(items, drawItem(rt, word)), append(words, word)
		}
		body := `{"model":"m","input":[` + strings.Join(items, ",") + `]}`
		req, err := DecodeRequest([]byte(body))
		if err != nil {
			rt.Fatal(err)
		}
		chat, _, err := req.Chat(rapid.SampledFrom(targets).Draw(rt, "target"))
		if err != nil {
			rt.Fatal(err)
		}
		if err := checkChat(chat); err != nil {
			rt.Fatalf("%v\nrequest: %s\nchat: %s", err, body, chat)
		}
		for _, word := range words {
			if n := strings.Count(string(chat), word); n != 1 {
				rt.Fatalf("%q stands %d times in the chat request\nrequest: %s\nchat: %s", word, n, body, chat)
			}
		}
	})
}
