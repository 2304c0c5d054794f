package translate

import (
	"testing"
)

const (
	openAIModel = "openai/gpt-5.6-terra"
	otherModel  = "zai/glm-5"
	oneTool     = `"tools":[{"type":"function","name":"f"}],`
)

// optionRows show what becomes of the request's other fields. Where the want is
// empty the chat request has no such field.
var optionRows = []struct {
	name, field, model, chatField, want string
	to                                  Target
}{
	{"parallel calls", oneTool + `"parallel_tool_calls":true`, otherModel, "parallel_tool_calls", `true`, Target{}},
	{"no parallel calls", oneTool + `"parallel_tool_calls":false`, otherModel, "parallel_tool_calls", `false`, Target{}},
	{"parallel calls null", oneTool + `"parallel_tool_calls":null`, otherModel, "parallel_tool_calls", ``, Target{}},
	{"effort", `"reasoning":{"effort":"high","summary":"auto"}`, openAIModel, "reasoning_effort", `"high"`, Target{}},
	{"effort that OpenAI knows", `"reasoning":{"effort":"xhigh"}`, openAIModel, "reasoning_effort", `"xhigh"`, Target{}},
	{"effort that others do not", `"reasoning":{"effort":"xhigh"}`, otherModel, "reasoning_effort", `"high"`, Target{}},
	{"effort below the least", `"reasoning":{"effort":"minimal"}`, otherModel, "reasoning_effort", `"low"`, Target{}},
	{"effort none", `"reasoning":{"effort":"none"}`, openAIModel, "reasoning_effort", `"none"`, Target{}},
	{"effort none where nobody can be told so", `"reasoning":{"effort":"none"}`, otherModel, "reasoning_effort", ``, Target{}},
	{"effort that nobody knows", `"reasoning":{"effort":"turbo"}`, openAIModel, "reasoning_effort", ``, Target{}},
	{"effort absent", `"reasoning":{"summary":"auto"}`, openAIModel, "reasoning_effort", ``, Target{}},
	{"effort null", `"reasoning":{"effort":null}`, openAIModel, "reasoning_effort", ``, Target{}},
	{"effort of a model that does not reason", `"reasoning":{"effort":"high"}`, openAIModel, "reasoning_effort", ``, Target{NoReasoning: true}},
	{"limit", `"max_output_tokens":123`, otherModel, "max_tokens", `123`, Target{}},
	{"limit under its newer name", `"max_output_tokens":123`, otherModel, "max_completion_tokens", `123`, Target{MaxTokensField: "max_completion_tokens"}},
	{"limit of the target", `"user":"u"`, otherModel, "max_tokens", `4096`, Target{MaxTokens: 4096}},
	{"limit of both: the client's", `"max_output_tokens":123`, otherModel, "max_tokens", `123`, Target{MaxTokens: 4096}},
	{"no limit", `"max_output_tokens":null`, otherModel, "max_tokens", ``, Target{}},
	{"temperature", `"temperature":0.25`, otherModel, "temperature", `0.25`, Target{}},
	{"top_p", `"top_p":0.5`, otherModel, "top_p", `0.5`, Target{}},
	{"presence_penalty", `"presence_penalty":1`, otherModel, "presence_penalty", `1`, Target{}},
	{"frequency_penalty", `"frequency_penalty":-1`, otherModel, "frequency_penalty", `-1`, Target{}},
	{"stop", `"stop":["a","b"]`, otherModel, "stop", `["a","b"]`, Target{}},
	{"seed", `"seed":7`, otherModel, "seed", `7`, Target{}},
	{"user", `"user":"u"`, otherModel, "user", `"u"`, Target{}},
	{"null is nothing", `"temperature":null`, otherModel, "temperature", ``, Target{}},
	{"verbosity", `"text":{"verbosity":"low"}`, openAIModel, "verbosity", `"low"`, Target{}},
	{"verbosity is OpenAI's", `"text":{"verbosity":"low"}`, otherModel, "verbosity", ``, Target{}},
	{"service_tier", `"service_tier":"flex"`, openAIModel, "service_tier", `"flex"`, Target{}},
	{"service_tier is OpenAI's", `"service_tier":"flex"`, otherModel, "service_tier", ``, Target{}},
	{"prompt_cache_key", `"prompt_cache_key":"k"`, openAIModel, "prompt_cache_key", `"k"`, Target{}},
	{"prompt_cache_key is OpenAI's", `"prompt_cache_key":"k"`, otherModel, "prompt_cache_key", ``, Target{}},
	{"metadata stays here", `"metadata":{"a":"b"}`, openAIModel, "metadata", ``, Target{}},
	{"plain text", `"text":{"format":{"type":"text"}}`, otherModel, "response_format", ``, Target{}},
	{"JSON", `"text":{"format":{"type":"json_object"}}`, otherModel, "response_format", `{"type":"json_object"}`, Target{}},
	{"JSON by a schema", `"text":{"format":{"type":"json_schema","name":"n","description":"d","strict":true,"schema":{"type":"object"}}}`, otherModel, "response_format",
		`{"type":"json_schema","json_schema":{"name":"n","description":"d","schema":{"type":"object"},"strict":true}}`, Target{}},
	{"a schema without a name", `"text":{"format":{"type":"json_schema","schema":{"type":"object"}}}`, otherModel, "response_format",
		`{"type":"json_schema","json_schema":{"name":"answer","schema":{"type":"object"}}}`, Target{}},
	{"a format without its schema", `"text":{"format":{"type":"json_schema","name":"n"}}`, otherModel, "response_format", ``, Target{}},
	{"stream", `"user":"u"`, otherModel, "stream", `true`, Target{Stream: true}},
	{"usage of a stream", `"user":"u"`, otherModel, "stream_options", `{"include_usage":true}`, Target{Stream: true}},
	{"no stream", `"stream":true`, otherModel, "stream", ``, Target{}},
}

func TestOptions(t *testing.T) {
	for _, c := range optionRows {
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
			"prompt_cache_key":null,"user":null,
			"object":"response","status":"completed","created_at":1800000000,"completed_at":1800000000,"error":null,"incomplete_details":null,
			"store":false,"background":false,"previous_response_id":null,"conversation":null,"prompt":null,"prompt_cache_retention":null,"moderation":null,"access_programs":null}`,
		},
		{
			"all said",
			`{"model":"m","input":"x","instructions":"Be \"brief\".","tools":[{"type":"function","name":"f"}],"tool_choice":"none","parallel_tool_calls":false,
			"reasoning":{"effort":"high","summary":"auto"},"text":{"format":{"type":"json_object"},"verbosity":"low"},"temperature":0.5,"top_p":0.25,"top_logprobs":2,
			"presence_penalty":0.1,"frequency_penalty":0.2,"max_output_tokens":9,"max_tool_calls":3,"metadata":{"a":"b"},"truncation":"auto","service_tier":"flex",
			"safety_identifier":"s","prompt_cache_key":"k","user":"u"}`,
			`{"instructions":"Be \"brief\".","tools":[{"type":"function","name":"f","description":"","parameters":{},"strict":false}],"tool_choice":"none","parallel_tool_calls":false,
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
			"what a strict client wants of tools and format",
			`{"model":"m","input":"x","tools":[{"type":"function","name":"f","description":"d","parameters":{"type":"object"}},{"type":"custom","name":"c"},
			{"type":"function","name":"whole","description":null,"parameters":null,"strict":true}],"text":{"format":{"type":"json_schema","name":"n","schema":{}}}}`,
			`{"tools":[{"type":"function","name":"f","description":"d","parameters":{"type":"object"},"strict":false},{"type":"custom","name":"c"},
			{"type":"function","name":"whole","description":null,"parameters":null,"strict":true}],
			"text":{"format":{"type":"json_schema","name":"n","schema":{},"description":"","strict":false},"verbosity":"medium"}}`,
		},
		{
			"indented",
			"{\"model\":\"m\",\"input\":\"x\",\"tools\":[\r\n  {\n\"type\": \"function\", \"name\": \"g\"}\n],\"tool_choice\":{\n\"type\":\"function\",\"name\":\"g\"},\"metadata\":{\n\"a\":\"b\"\n},\"text\":{\"format\":{\n\"type\":\"text\"}}}",
			`{"tools":[{"type":"function","name":"g","description":"","parameters":{},"strict":false}],"tool_choice":{"type":"function","name":"g"},"metadata":{"a":"b"},"text":{"format":{"type":"text"},"verbosity":"medium"}}`,
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
