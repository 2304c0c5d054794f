package translate_test

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/backend/translate"
)

// A Responses request becomes a Chat Completions request; what is wrong with one
// comes back as an error that can be sent to the client as it is.
func ExampleDecodeRequest() {
	req, err := translate.DecodeRequest([]byte(`{
		"model": "zai/glm-5",
		"instructions": "Be brief.",
		"input": [
			{"type": "message", "role": "user", "content": [{"type": "input_text", "text": "What is here?"}]},
			{"type": "function_call", "name": "exec_command", "arguments": "{\"cmd\":\"ls\"}", "call_id": "call_1"},
			{"type": "function_call_output", "call_id": "call_1", "output": "main.go"}
		]
	}`))
	if err != nil {
		panic(err)
	}
	chat, _, err := req.Chat(translate.Target{})
	if err != nil {
		panic(err)
	}
	fmt.Println(strings.ReplaceAll(string(chat), `{"role"`, "\n"+`{"role"`))

	_, err = translate.DecodeRequest([]byte(`{"model": "zai/glm-5", "input": "Go on.", "previous_response_id": "resp_1"}`))
	var bad *translate.RequestError
	if errors.As(err, &bad) {
		fmt.Println(bad.Param, bad.Code)
	}
	// Output:
	// {"model":"zai/glm-5","messages":[
	// {"role":"system","content":"Be brief."},
	// {"role":"user","content":"What is here?"},
	// {"role":"assistant","content":null,"tool_calls":[{"id":"call_1","type":"function","function":{"name":"exec_command","arguments":"{\"cmd\":\"ls\"}"}}]},
	// {"role":"tool","tool_call_id":"call_1","content":"main.go"}]}
	// previous_response_id unsupported_parameter
}

// The chunks of a Chat answer become the events of a Responses answer, each as
// soon as it can be told.
func ExampleTurn_Stream() {
	req, err := translate.DecodeRequest([]byte(`{"model": "zai/glm-5", "stream": true, "input": "Say hello."}`))
	if err != nil {
		panic(err)
	}
	_, turn, err := req.Chat(translate.Target{Stream: true})
	if err != nil {
		panic(err)
	}
	s := turn.Stream(translate.StreamOptions{
		NewID: func(prefix string) string { return prefix + "1" },
		Now:   func() time.Time { return time.Unix(1_800_000_000, 0) },
	})
	s.Begin()
	upstream := "data: {\"choices\":[{\"delta\":{\"content\":\"Hel\"}}]}\n\n" +
		"data: {\"choices\":[{\"delta\":{\"content\":\"lo.\"},\"finish_reason\":\"stop\"}]}\n\n" +
		"data: [DONE]\n\n"
	var dec translate.SSEDecoder
	if err := dec.Feed([]byte(upstream), s.Chunk); err != nil {
		panic(err)
	}
	if err := s.End(); err != nil {
		panic(err)
	}
	for line := range strings.Lines(string(s.Take())) {
		if name, ok := strings.CutPrefix(line, "event: "); ok {
			fmt.Print(name)
		}
	}
	fmt.Println(s.Result().Finish)
	// Output:
	// response.created
	// response.in_progress
	// response.output_item.added
	// response.content_part.added
	// response.output_text.delta
	// response.output_text.delta
	// response.output_text.done
	// response.content_part.done
	// response.output_item.done
	// response.completed
	// stop
}

// A turn that searches the web goes on with what was found: its caller runs the
// searches, and asks upstream again with what Next returns.
func ExampleStream_Searches() {
	req, err := translate.DecodeRequest([]byte(`{"model": "zai/glm-5", "stream": true, "input": "What is new in Go?", "tools": [{"type": "web_search"}]}`))
	if err != nil {
		panic(err)
	}
	to := translate.Target{WebSearch: true}
	_, turn, err := req.Chat(to)
	if err != nil {
		panic(err)
	}
	s := turn.Stream(translate.StreamOptions{})
	s.Begin()
	if err := s.Completion([]byte(`{"choices":[{"message":{"tool_calls":[{"function":{"name":"web_search","arguments":"{\"query\":\"Go 1.26\"}"}}]},"finish_reason":"tool_calls"}]}`)); err != nil {
		panic(err)
	}
	for _, search := range s.Searches() {
		fmt.Println("search for", search.Query)
		s.Found("Go 1.26 is out.", true)
	}
	to.SearchRounds++
	chat, err := s.Next(to)
	if err != nil {
		panic(err)
	}
	_, found, _ := strings.Cut(string(chat), `{"role":"tool"`)
	found, _, _ = strings.Cut(found, "]")
	fmt.Println(found)
	if err := s.Completion([]byte(`{"choices":[{"message":{"content":"A release."},"finish_reason":"stop"}]}`)); err != nil {
		panic(err)
	}
	if err := s.End(); err != nil {
		panic(err)
	}
	fmt.Println(strings.Count(string(s.Take()), "event: response.output_item.done"), "items")
	// Output:
	// search for Go 1.26
	// ,"tool_call_id":"search","content":"Go 1.26 is out."}
	// 2 items
}
