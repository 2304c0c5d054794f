package translate

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Calls of tools that no Chat upstream has stay calls, with what they returned.
func TestCallsOfOtherKindsOfTools(t *testing.T) {
	const shown = `{"role":"user","content":[{"type":"text","text":"[Images returned by the tool calls above:]"},{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}]}`
	for _, c := range []struct{ name, items, want string }{
		{
			"file search", `{"type":"file_search_call","id":"fs_1","status":"completed","queries":["q"],"results":[{"text":"hello"}]}`,
			`{"role":"assistant","content":null,"tool_calls":[{"id":"call","type":"function","function":{"name":"file_search","arguments":"{\"queries\":[\"q\"]}"}}]}
{"role":"tool","tool_call_id":"call","content":"{\"results\":[{\"text\":\"hello\"}]}"}`,
		},
		{
			"file search without results", `{"type":"file_search_call","id":"fs_1","status":"completed","queries":["q"],"results":null}`,
			`{"role":"assistant","content":null,"tool_calls":[{"id":"call","type":"function","function":{"name":"file_search","arguments":"{\"queries\":[\"q\"]}"}}]}
{"role":"tool","tool_call_id":"call","content":"[It returned nothing.]"}`,
		},
		{
			"a provider's MCP", `{"type":"mcp_call","id":"mcp_1","name":"echo","server_label":"s","arguments":"{\"a\":1}","output":"out","error":null}`,
			`{"role":"assistant","content":null,"tool_calls":[{"id":"call","type":"function","function":{"name":"echo","arguments":"{\"a\":1}"}}]}
{"role":"tool","tool_call_id":"call","content":"out"}`,
		},
		{
			"a provider's MCP that failed", `{"type":"mcp_call","id":"mcp_1","name":"echo","server_label":"s","arguments":"{}","error":"no"}`,
			`{"role":"assistant","content":null,"tool_calls":[{"id":"call","type":"function","function":{"name":"echo","arguments":"{}"}}]}
{"role":"tool","tool_call_id":"call","content":"{\"error\":\"no\"}"}`,
		},
		{
			"code interpreter", `{"type":"code_interpreter_call","id":"ci_1","code":"print(1)","container_id":"c","outputs":[{"type":"logs","logs":"1"}]}`,
			`{"role":"assistant","content":null,"tool_calls":[{"id":"call","type":"function","function":{"name":"code_interpreter","arguments":"{\"code\":\"print(1)\"}"}}]}
{"role":"tool","tool_call_id":"call","content":"{\"outputs\":[{\"type\":\"logs\",\"logs\":\"1\"}]}"}`,
		},
		{
			"an image that was made", `{"type":"image_generation_call","id":"ig_1","status":"completed","result":"AAAA"}`,
			`{"role":"assistant","content":null,"tool_calls":[{"id":"call","type":"function","function":{"name":"image_generation","arguments":"{}"}}]}
{"role":"tool","tool_call_id":"call","content":"[An image; it is shown below.]"}
` + shown,
		},
		{
			"the computer", `{"type":"computer_call","id":"cu_1","call_id":"c1","action":{"type":"click","x":1}},{"type":"computer_call_output","call_id":"c1","output":{"type":"computer_screenshot","image_url":"data:image/png;base64,AAAA"}}`,
			`{"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"computer","arguments":"{\"type\":\"click\",\"x\":1}"}}]}
{"role":"tool","tool_call_id":"c1","content":"[An image; it is shown below.]"}
` + shown,
		},
		{
			"a patch", `{"type":"apply_patch_call","call_id":"p1","operation":{"type":"delete_file","path":"a"}},{"type":"apply_patch_call_output","call_id":"p1","status":"completed","output":"done"}`,
			`{"role":"assistant","content":null,"tool_calls":[{"id":"p1","type":"function","function":{"name":"apply_patch","arguments":"{\"type\":\"delete_file\",\"path\":\"a\"}"}}]}
{"role":"tool","tool_call_id":"p1","content":"done"}`,
		},
		{
			"a local shell, whose output has no call_id", `{"type":"local_shell_call","id":"ls_1","call_id":"s1","action":{"type":"exec","command":["ls"]}},{"type":"local_shell_call_output","id":"s1","output":"a"}`,
			`{"role":"assistant","content":null,"tool_calls":[{"id":"s1","type":"function","function":{"name":"local_shell","arguments":"{\"type\":\"exec\",\"command\":[\"ls\"]}"}}]}
{"role":"tool","tool_call_id":"s1","content":"a"}`,
		},
		{
			"beside a function, in one step", `{"type":"mcp_call","id":"mcp_1","name":"echo","arguments":"{}","output":"out"},{"type":"function_call","call_id":"x","name":"f","arguments":"{}"},{"type":"function_call_output","call_id":"x","output":"ok"}`,
			`{"role":"assistant","content":null,"tool_calls":[{"id":"call","type":"function","function":{"name":"echo","arguments":"{}"}},{"id":"x","type":"function","function":{"name":"f","arguments":"{}"}}]}
{"role":"tool","tool_call_id":"call","content":"out"}
{"role":"tool","tool_call_id":"x","content":"ok"}`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			chat, _ := translated(t, `{"model":"m","input":[{"role":"user","content":"a"},`+c.items+`]}`, Target{})
			if err := checkChat(chat); err != nil {
				t.Error(err)
			}
			if diff := cmp.Diff(c.want, asText(messagesOf(t, chat)[1:])); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Upstreams read the arguments of old calls again; a history with broken ones would
// be refused for the rest of the session.
func TestArgumentsOfOldCallsAreObjects(t *testing.T) {
	for raw, want := range map[string]string{
		`"{\"a\":1}"`:            `"{\"a\":1}"`,
		`"{\"a\": \"\\u00e9\"}"`: `"{\"a\": \"\\u00e9\"}"`,
		`""`:                     `"{}"`,
		`"  \n"`:                 `"{}"`,
		`null`:                   `"{}"`,
		`"null"`:                 `"{}"`,
		`{"a":1}`:                `"{\"a\":1}"`,
		`"{\"a\":1,}"`:           `"{\"a\":1}"`,
		`"{\"a\":"`:              `"{\"not_a_json_object\":\"{\\\"a\\\":\"}"`,
		`"[1]"`:                  `"{\"not_a_json_object\":\"[1]\"}"`,
		`"ls -l"`:                `"{\"not_a_json_object\":\"ls -l\"}"`,
	} {
		if got := string((&builder{}).acceptableArguments([]byte(raw))); got != want {
			t.Errorf("%s: got %s, want %s", raw, got, want)
		}
	}
}
