package translate

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"
)

// jsonValue decodes JSON for a comparison that does not see order and spaces.
func jsonValue(t testing.TB, text string) (v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return v
}

// wantJSON compares JSON with JSON.
func wantJSON(t testing.TB, want, got string) {
	t.Helper()
	if diff := cmp.Diff(jsonValue(t, want), jsonValue(t, got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// members returns the members of a JSON object.
func members(t testing.TB, object []byte) map[string]jsontext.Value {
	t.Helper()
	var m map[string]jsontext.Value
	if err := json.Unmarshal(object, &m); err != nil {
		t.Fatalf("%v in %s", err, object)
	}
	return m
}

// TestRefusedRequests are the requests that get a 400, and what it says.
func TestRefusedRequests(t *testing.T) {
	const invalid, missing, unsupported, wrongType = "", "missing_required_parameter", "unsupported_parameter", "invalid_type"
	for _, c := range []struct{ name, body, message, param, code string }{
		{"empty", ``, "not valid JSON", "", invalid},
		{"not JSON", `hello`, "not valid JSON at byte 0", "", invalid},
		{"cut off", `{"model":"m","input":"x`, "not valid JSON at byte", "/input", invalid},
		{"a comma too many", `{"model":"m",}`, "not valid JSON", "", invalid},
		{"a key that is no string", `{7:8}`, "not valid JSON", "", invalid},
		{"broken in a list", `{"model":"m","input":[{"type":"message","content":[{"text":tru}]}]}`, "not valid JSON", "/input/0/content/0/text", invalid},
		{"an array", `[{"model":"m"}]`, "must be a JSON object", "", invalid},
		{"a string", `"model"`, "must be a JSON object", "", invalid},
		{"something after it", `{"model":"m","input":"x"} {}`, "something after its JSON object", "", invalid},
		{"garbage after it", `{"model":"m","input":"x"}}`, "something after its JSON object", "", invalid},
		{"no model", `{"input":"x"}`, "names no model", "model", missing},
		{"an empty model", `{"model":"","input":"x"}`, "names no model", "model", missing},
		{"a model that is a number", `{"model":5,"input":"x"}`, "names no model", "model", missing},
		{"no input", `{"model":"m"}`, "has no input", "input", missing},
		{"an empty input", `{"model":"m","input":[]}`, "has no input", "input", missing},
		{"an input that is null", `{"model":"m","input":null}`, "input must be a string or an array", "input", wrongType},
		{"an input that is an object", `{"model":"m","input":{}}`, "input must be a string or an array", "input", wrongType},
		{"previous_response_id", `{"model":"m","input":"x","previous_response_id":"resp_1"}`, "send the whole input", "previous_response_id", unsupported},
		{"conversation", `{"model":"m","input":"x","conversation":{"id":"c"}}`, "send the whole input", "conversation", unsupported},
		{"prompt", `{"model":"m","input":"x","prompt":{"id":"p"}}`, "send the whole input", "prompt", unsupported},
		{"store", `{"model":"m","input":"x","store":true}`, "keeps no answers", "store", unsupported},
		{"background", `{"model":"m","input":"x","background":true}`, "at once or not at all", "background", unsupported},
	} {
		t.Run(c.name, func(t *testing.T) {
			req, err := DecodeRequest([]byte(c.body))
			if err == nil {
				_, _, err = req.Chat(Target{})
			}
			var bad *RequestError
			if !errors.As(err, &bad) {
				t.Fatalf("err is %v, not a *RequestError", err)
			}
			if !strings.Contains(bad.Error(), c.message) || bad.Param != c.param || bad.Code != c.code {
				t.Errorf("got %q, param %q, code %q\nwant %q, param %q, code %q", bad.Message, bad.Param, bad.Code, c.message, c.param, c.code)
			}
		})
	}
}

// TestToleratedRequests are requests that are odd, and what goes upstream of them.
func TestToleratedRequests(t *testing.T) {
	const said = `[{"role":"user","content":"x"}]`
	for _, c := range []struct{ name, body, messages string }{
		{"unknown fields of every kind, everywhere", `{"new":{"a":[1]},"list":[{}],"model":"m","reasoning":{"new":{"a":1},"effort":"high"},"text":{"new":[1],"format":{"new":{"a":1},"type":"text"}},
			"tools":[{"new":{"a":1},"list":[1],"type":"custom","name":"p","format":{"new":{"a":1},"type":"text"}}],"tool_choice":{"new":{"a":1},"type":"custom","name":"p"},
			"input":[{"new":{"a":1},"list":[1],"type":"message","role":"user","content":[{"new":{"a":1},"list":[1],"type":"input_text","text":"x"}]}]}`, said},
		{"a string as input", `{"model":"m","input":"x"}`, said},
		{"fields in another order", `{"input":"x","stream":true,"model":"m"}`, said},
		{"nothing stored, nothing continued", `{"model":"m","input":"x","store":false,"background":null,"previous_response_id":null,"conversation":null,"prompt":null}`, said},
		{"fields of a later API", `{"model":"m","input":"x","brand_new":{"a":[1,{"b":2}]},"newer":null}`, said},
		{"an item of a later API", `{"model":"m","input":[{"type":"hologram","id":"h","frames":[[1],{"x":2}]},{"type":"message","role":"user","content":"x"}]}`, said},
		{"items that are no objects", `{"model":"m","input":["x",7,null,[],{"role":"user","content":"x"}]}`, said},
		{"a part of a later API", `{"model":"m","input":[{"role":"user","content":[{"type":"smell","of":"roses"},{"type":"input_text","text":"x"}]}]}`, said},
		{"wrong types where nothing depends on them", `{"model":"m","input":"x","stream":"yes","instructions":7,"tools":{},"include":"all","reasoning":[],"text":3,"max_output_tokens":"many","metadata":null}`, said},
		{"a field twice: the last one counts", `{"model":"a","model":"m","input":"y","input":"x"}`, said},
		{"a name twice in an item", `{"model":"m","input":[{"role":"assistant","role":"user","content":"y","content":"x"}]}`, said},
		{"names with escapes", `{"mod\u0065l":"m","inp\u0075t":"x"}`, said},
		{"spaces and line breaks", "\t{ \"model\" :\r\n \"m\" , \"input\" : [ {\n\"role\" : \"user\" , \"content\" : \"x\" } ] }\n", said},
		{"an item without a type", `{"model":"m","input":[{"role":"user","content":"x"}]}`, said},
		{"half a character", "{\"model\":\"m\",\"input\":\"\xf0\x9f\"}", `[{"role":"user","content":"` + "\ufffd" + `"}]`},
		{"half an emoji", `{"model":"m","input":"a\ud83d b\ude00 c\ud83d\ude00 d\\ud83d"}`, `[{"role":"user","content":"a` + "\ufffd b\ufffd c😀 " + `d\\ud83d"}]`},
		{"text as it was escaped", `{"model":"m","input":"\u00e9\n\"\/\\ \u0000"}`, `[{"role":"user","content":"é\n\"/\\ \u0000"}]`},
	} {
		t.Run(c.name, func(t *testing.T) {
			chat, _ := translated(t, c.body, Target{})
			wantJSON(t, c.messages, string(members(t, chat)["messages"]))
			if err := checkChat(chat); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestWhatIsReadOfARequest checks what the bridge itself acts on.
func TestWhatIsReadOfARequest(t *testing.T) {
	for _, c := range []struct {
		name, body                string
		model                     string
		stream, encryptedReasonig bool
		unknown                   []string
	}{
		{"least", `{"model":"m","input":"x"}`, "m", false, false, nil},
		{"stream", `{"model":"m","input":"x","stream":true}`, "m", true, false, nil},
		{"stream as a string", `{"model":"m","input":"x","stream":"true"}`, "m", false, false, nil},
		{"a name with escapes", `{"model":"a\/b \u00e9","input":"x"}`, "a/b é", false, false, nil},
		{"include", `{"model":"m","input":"x","include":["x","reasoning.encrypted_content",7]}`, "m", false, true, nil},
		{"include other", `{"model":"m","input":"x","include":["message.output_text.logprobs"]}`, "m", false, false, nil},
		{"unknown", `{"model":"m","a":1,"input":"x","b":{"c":2}}`, "m", false, false, []string{"a", "b"}},
		{"known and of no use", `{"model":"m","input":"x","client_metadata":{"a":"b"},"stream_options":{},"prompt_cache_retention":"24h","prompt_cache_options":{},"moderation":{}}`, "m", false, false, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			req, err := DecodeRequest([]byte(c.body))
			if err != nil {
				t.Fatal(err)
			}
			if req.Model != c.model || req.Stream != c.stream || req.EncryptedReasoning != c.encryptedReasonig {
				t.Errorf("got %q %v %v", req.Model, req.Stream, req.EncryptedReasoning)
			}
			if diff := cmp.Diff(c.unknown, req.Unknown); diff != "" {
				t.Errorf("Unknown (-want +got):\n%s", diff)
			}
		})
	}
}

// TestUnknownItemsAreTolerated: Codex changes every week. What is not known is left
// out, and told.
func TestUnknownItemsAreTolerated(t *testing.T) {
	req, err := DecodeRequest([]byte(`{"model":"m","input":[{"type":"new_thing","x":1},{"role":"user","content":[{"type":"new_part","y":2},{"type":"input_text","text":"a"}]},{"x":1}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"new_thing", ""}, req.UnknownItems); diff != "" {
		t.Error(diff)
	}
	chat, _, err := req.Chat(Target{})
	if err != nil {
		t.Fatal(err)
	}
	wantJSON(t, `[{"role":"user","content":"a"}]`, string(members(t, chat)["messages"]))
}

// TestLimitsOfARequest are read by the ledger, which reserves by them.
func TestLimitsOfARequest(t *testing.T) {
	for _, c := range []struct {
		body   string
		effort string
		most   int
	}{
		{`{"model":"m","input":"x"}`, "", 0},
		{`{"model":"m","input":"x","reasoning":{"effort":"high"},"max_output_tokens":9}`, "high", 9},
		{`{"model":"m","input":"x","max_output_tokens":1.5}`, "", 0},
		{`{"model":"m","input":"x","max_output_tokens":null}`, "", 0},
	} {
		req, err := DecodeRequest([]byte(c.body))
		if err != nil {
			t.Fatal(err)
		}
		if req.Effort() != c.effort || req.MaxOutputTokens() != c.most {
			t.Errorf("%s: %q, %d", c.body, req.Effort(), req.MaxOutputTokens())
		}
	}
}

// TestGoldenRequests translates what the real Codex sends, with the long texts
// of others made short. Each file stands beside what it becomes.
func TestGoldenRequests(t *testing.T) {
	files, err := filepath.Glob("testdata/request/codex-*[a-z].json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no requests: %v", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		if strings.HasSuffix(name, ".chat") {
			continue
		}
		t.Run(name, func(t *testing.T) {
			body, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			chat, turn := translated(t, string(body), Target{Stream: true})
			if err := checkChat(chat); err != nil {
				t.Error(err)
			}
			if len(turn.Request.Unknown) > 0 {
				t.Errorf("fields that nobody here knows: %q", turn.Request.Unknown)
			}
			golden(t, "request/"+name+".chat.json", []byte(indented(t, chat, "")+"\n"))
		})
	}
}

// indented writes JSON for a person: what fits on a line stays on one.
func indented(t testing.TB, v jsontext.Value, margin string) string {
	t.Helper()
	short := v.Clone()
	if err := short.Compact(); err != nil {
		t.Fatalf("%v in %s", err, v)
	}
	if len(short)+len(margin) <= 100 || short.Kind() != '{' && short.Kind() != '[' {
		return string(short)
	}
	inner := margin + "  "
	var lines []string
	dec := jsontext.NewDecoder(strings.NewReader(string(short)))
	if _, err := dec.ReadToken(); err != nil {
		t.Fatal(err)
	}
	for dec.PeekKind() != '}' && dec.PeekKind() != ']' {
		line := inner
		if short.Kind() == '{' {
			name, err := dec.ReadValue()
			if err != nil {
				t.Fatal(err)
			}
			line += string(name) + ": "
		}
		value, err := dec.ReadValue()
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, line+indented(t, value, inner))
	}
	open, end := string(short[:1]), string(short[len(short)-1:])
	return open + "\n" + strings.Join(lines, ",\n") + "\n" + margin + end
}
