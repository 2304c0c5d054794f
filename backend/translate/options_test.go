package translate

import (
	"testing"
)

// TestOptions shows what becomes of the request's other fields, one a row. Where
// the want is empty the chat request has no such field.
func TestOptions(t *testing.T) {
	const openAI, other = "openai/gpt-5.6-terra", "zai/glm-5"
	const tool = `"tools":[{"type":"function","name":"f"}],`
	for _, c := range []struct {
		name, field, model, chatField, want string
		to                                  Target
	}{
		{"parallel calls", tool + `"parallel_tool_calls":true`, other, "parallel_tool_calls", `true`, Target{}},
		{"no parallel calls", tool + `"parallel_tool_calls":false`, other, "parallel_tool_calls", `false`, Target{}},
		{"parallel calls null", tool + `"parallel_tool_calls":null`, other, "parallel_tool_calls", ``, Target{}},
		{"effort", `"reasoning":{"effort":"high","summary":"auto"}`, openAI, "reasoning_effort", `"high"`, Target{}},
		{"effort that OpenAI knows", `"reasoning":{"effort":"xhigh"}`, openAI, "reasoning_effort", `"xhigh"`, Target{}},
		{"effort that others do not", `"reasoning":{"effort":"xhigh"}`, other, "reasoning_effort", `"high"`, Target{}},
		{"effort below the least", `"reasoning":{"effort":"minimal"}`, other, "reasoning_effort", `"low"`, Target{}},
		{"effort none", `"reasoning":{"effort":"none"}`, openAI, "reasoning_effort", `"none"`, Target{}},
		{"effort none where nobody can be told so", `"reasoning":{"effort":"none"}`, other, "reasoning_effort", ``, Target{}},
		{"effort that nobody knows", `"reasoning":{"effort":"turbo"}`, openAI, "reasoning_effort", ``, Target{}},
		{"effort absent", `"reasoning":{"summary":"auto"}`, openAI, "reasoning_effort", ``, Target{}},
		{"effort null", `"reasoning":{"effort":null}`, openAI, "reasoning_effort", ``, Target{}},
		{"effort of a model that does not reason", `"reasoning":{"effort":"high"}`, openAI, "reasoning_effort", ``, Target{NoReasoning: true}},
		{"limit", `"max_output_tokens":123`, other, "max_tokens", `123`, Target{}},
		{"limit under its newer name", `"max_output_tokens":123`, other, "max_completion_tokens", `123`, Target{MaxTokensField: "max_completion_tokens"}},
		{"limit of the target", `"user":"u"`, other, "max_tokens", `4096`, Target{MaxTokens: 4096}},
		{"limit of both: the client's", `"max_output_tokens":123`, other, "max_tokens", `123`, Target{MaxTokens: 4096}},
		{"no limit", `"max_output_tokens":null`, other, "max_tokens", ``, Target{}},
		{"temperature", `"temperature":0.25`, other, "temperature", `0.25`, Target{}},
		{"top_p", `"top_p":0.5`, other, "top_p", `0.5`, Target{}},
		{"presence_penalty", `"presence_penalty":1`, other, "presence_penalty", `1`, Target{}},
		{"frequency_penalty", `"frequency_penalty":-1`, other, "frequency_penalty", `-1`, Target{}},
		{"stop", `"stop":["a","b"]`, other, "stop", `["a","b"]`, Target{}},
		{"seed", `"seed":7`, other, "seed", `7`, Target{}},
		{"user", `"user":"u"`, other, "user", `"u"`, Target{}},
		{"null is nothing", `"temperature":null`, other, "temperature", ``, Target{}},
		{"verbosity", `"text":{"verbosity":"low"}`, openAI, "verbosity", `"low"`, Target{}},
		{"verbosity is OpenAI's", `"text":{"verbosity":"low"}`, other, "verbosity", ``, Target{}},
		{"service_tier", `"service_tier":"flex"`, openAI, "service_tier", `"flex"`, Target{}},
		{"service_tier is OpenAI's", `"service_tier":"flex"`, other, "service_tier", ``, Target{}},
		{"prompt_cache_key", `"prompt_cache_key":"k"`, openAI, "prompt_cache_key", `"k"`, Target{}},
		{"prompt_cache_key is OpenAI's", `"prompt_cache_key":"k"`, other, "prompt_cache_key", ``, Target{}},
		{"metadata stays here", `"metadata":{"a":"b"}`, openAI, "metadata", ``, Target{}},
		{"plain text", `"text":{"format":{"type":"text"}}`, other, "response_format", ``, Target{}},
		{"JSON", `"text":{"format":{"type":"json_object"}}`, other, "response_format", `{"type":"json_object"}`, Target{}},
		{"JSON by a schema", `"text":{"format":{"type":"json_schema","name":"n","description":"d","strict":true,"schema":{"type":"object"}}}`, other, "response_format",
			`{"type":"json_schema","json_schema":{"name":"n","description":"d","schema":{"type":"object"},"strict":true}}`, Target{}},
		{"a schema without a name", `"text":{"format":{"type":"json_schema","schema":{"type":"object"}}}`, other, "response_format",
			`{"type":"json_schema","json_schema":{"name":"answer","schema":{"type":"object"}}}`, Target{}},
		{"a format without its schema", `"text":{"format":{"type":"json_schema","name":"n"}}`, other, "response_format", ``, Target{}},
		{"stream", `"user":"u"`, other, "stream", `true`, Target{Stream: true}},
		{"usage of a stream", `"user":"u"`, other, "stream_options", `{"include_usage":true}`, Target{Stream: true}},
		{"no stream", `"stream":true`, other, "stream", ``, Target{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.to.Model = c.model
			chat, turn := translated(t, `{"model":"m","input":"x",`+c.field+`}`, c.to)
			if err := checkChat(chat); err != nil {
				t.Error(err)
			}
			if got := string(members(t, chat)["model"]); got != string(quote(c.model)) || turn.Model != c.model {
				t.Errorf("the model is %s, of the turn %q", got, turn.Model)
			}
			got, there := members(t, chat)[c.chatField]
			if c.want == "" {
				if there {
					t.Errorf("%s is %s", c.chatField, got)
				}
				return
			}
			if !there {
				t.Fatalf("no %s in %s", c.chatField, chat)
			}
			wantJSON(t, c.want, string(got))
		})
	}
}

// TestResponseEchoesRequest shows what the Response object repeats, and what it
// says where the request said nothing.
func TestResponseEchoesRequest(t *testing.T) {
	for _, c := range []struct{ name, body, want string }{
		{
			"nothing said", `{"model":"m","input":"x"}`,
			`{"instructions":null,"tools":[],"tool_choice":"auto","parallel_tool_calls":true,"reasoning":{"effort":null,"summary":null},
			"text":{"format":{"type":"text"},"verbosity":"medium"},"temperature":1,"top_p":1,"top_logprobs":0,"presence_penalty":0,"frequency_penalty":0,
			"max_output_tokens":null,"max_tool_calls":null,"metadata":{},"truncation":"disabled","service_tier":"default","safety_identifier":null,
			"prompt_cache_key":null,"user":null}`,
		},
		{
			"all said",
			`{"model":"m","input":"x","instructions":"Be \"brief\".","tools":[{"type":"function","name":"f"}],"tool_choice":"none","parallel_tool_calls":false,
			"reasoning":{"effort":"high","summary":"auto"},"text":{"format":{"type":"json_object"},"verbosity":"low"},"temperature":0.5,"top_p":0.25,"top_logprobs":2,
			"presence_penalty":0.1,"frequency_penalty":0.2,"max_output_tokens":9,"max_tool_calls":3,"metadata":{"a":"b"},"truncation":"auto","service_tier":"flex",
			"safety_identifier":"s","prompt_cache_key":"k","user":"u"}`,
			`{"instructions":"Be \"brief\".","tools":[{"type":"function","name":"f"}],"tool_choice":"none","parallel_tool_calls":false,
			"reasoning":{"effort":"high","summary":"auto"},"text":{"format":{"type":"json_object"},"verbosity":"low"},"temperature":0.5,"top_p":0.25,"top_logprobs":2,
			"presence_penalty":0.1,"frequency_penalty":0.2,"max_output_tokens":9,"max_tool_calls":3,"metadata":{"a":"b"},"truncation":"auto","service_tier":"flex",
			"safety_identifier":"s","prompt_cache_key":"k","user":"u"}`,
		},
		{
			"null is nothing",
			`{"model":"m","input":"x","instructions":null,"tools":null,"tool_choice":null,"parallel_tool_calls":null,"reasoning":null,"text":null,"temperature":null,"metadata":null}`,
			`{"instructions":null,"tools":[],"tool_choice":"auto","parallel_tool_calls":true,"reasoning":{"effort":null,"summary":null},
			"text":{"format":{"type":"text"},"verbosity":"medium"},"temperature":1,"metadata":{}}`,
		},
		{
			"indented",
			"{\"model\":\"m\",\"input\":\"x\",\"tools\":[\r\n  {\n\"type\": \"function\", \"name\": \"g\"}\n],\"tool_choice\":{\n\"type\":\"function\",\"name\":\"g\"},\"metadata\":{\n\"a\":\"b\"\n},\"text\":{\"format\":{\n\"type\":\"text\"}}}",
			`{"tools":[{"type":"function","name":"g"}],"tool_choice":{"type":"function","name":"g"},"metadata":{"a":"b"},"text":{"format":{"type":"text"},"verbosity":"medium"}}`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newStream(t, c.body, false)
			out := buffered(s, []byte(`{"choices":[{"message":{"content":"Hi"},"finish_reason":"stop"}]}`))
			mustRead(t, out)
			got := members(t, s.Response())
			for field, want := range members(t, []byte(c.want)) {
				wantJSON(t, string(want), string(got[field]))
			}
		})
	}
}
