package translate

import (
	"encoding/json"
	"strings"
	"testing"
)

var testKey = []byte("0123456789abcdef0123456789abcdef")

// think runs a turn whose answer has that reasoning, and returns the reasoning
// item as a client would send it back.
func think(t *testing.T, request, model string, chunks ...string) string {
	t.Helper()
	req, err := DecodeRequest([]byte(request))
	if err != nil {
		t.Fatal(err)
	}
	_, turn, err := req.Chat(Target{Model: model, EnvelopeKey: testKey})
	if err != nil {
		t.Fatal(err)
	}
	s := turn.Stream(StreamOptions{})
	for _, c := range append(chunks, `{"choices":[{"delta":{"content":"done"},"finish_reason":"stop"}]}`) {
		if err := s.Chunk([]byte(c)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.End(); err != nil {
		t.Fatal(err)
	}
	var resp struct{ Output []json.RawMessage }
	if err := json.Unmarshal(s.Response(), &resp); err != nil {
		t.Fatal(err)
	}
	return string(resp.Output[0])
}

// recalled sends that reasoning item back before an answer, and returns the
// assistant message that goes upstream.
func recalled(t *testing.T, item, model string) map[string]any {
	t.Helper()
	req, err := DecodeRequest([]byte(`{"model":"` + model + `","input":[{"role":"user","content":"a"},` + item + `,{"type":"message","role":"assistant","content":[{"type":"output_text","text":"done"}]},{"role":"user","content":"b"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	body, _, err := req.Chat(Target{EnvelopeKey: testKey})
	if err != nil {
		t.Fatal(err)
	}
	var chat struct{ Messages []map[string]any }
	if err := json.Unmarshal(body, &chat); err != nil {
		t.Fatal(err)
	}
	return chat.Messages[1]
}

const (
	asksSummary = `{"model":"deepseek/deepseek-v4-pro","input":"a","stream":true,"include":["reasoning.encrypted_content"],"reasoning":{"summary":"auto"}}`
	asksNone    = `{"model":"deepseek/deepseek-v4-pro","input":"a","stream":true,"include":["reasoning.encrypted_content"]}`
	thinking    = `{"choices":[{"delta":{"reasoning_content":"line \"1\"\n\u00e9\ud83d\ude00"}}]}`
	said        = "line \"1\"\né😀"
)

func TestThoughtsComeBack(t *testing.T) {
	item := think(t, asksSummary, "", thinking)
	t.Run("as Codex echoes them", func(t *testing.T) {
		if got := recalled(t, item, "deepseek/deepseek-v4-pro")["reasoning_content"]; got != said {
			t.Errorf("reasoning_content %q", got)
		}
	})
	t.Run("re-encoded with other escapes", func(t *testing.T) {
		var any map[string]any
		json.Unmarshal([]byte(item), &any)
		again, _ := json.Marshal(any)
		if got := recalled(t, string(again), "deepseek/deepseek-chat")["reasoning_content"]; got != said {
			t.Errorf("reasoning_content %q", got)
		}
	})
	t.Run("from a client that keeps only the envelope", func(t *testing.T) {
		var full struct {
			Encrypted string `json:"encrypted_content"`
		}
		json.Unmarshal([]byte(think(t, asksNone, "", thinking)), &full)
		bare := `{"type":"reasoning","summary":[],"encrypted_content":"` + full.Encrypted + `"}`
		if got := recalled(t, bare, "deepseek/deepseek-v4-pro")["reasoning_content"]; got != said {
			t.Errorf("reasoning_content %q", got)
		}
	})
	t.Run("without any envelope", func(t *testing.T) {
		bare := `{"type":"reasoning","summary":[],"content":[{"type":"reasoning_text","text":"hm"}],"encrypted_content":null}`
		if got := recalled(t, bare, "deepseek/deepseek-v4-pro")["reasoning_content"]; got != "hm" {
			t.Errorf("reasoning_content %q", got)
		}
	})
}

func TestThoughtsAreNotGivenToOthers(t *testing.T) {
	item := think(t, asksSummary, "", thinking)
	for name, c := range map[string]struct{ item, model string }{
		"another family":       {item, "anthropic/claude-opus-5"},
		"a routing profile":    {item, "blockrun/auto"},
		"changed text":         {strings.Replace(item, "line", "LINE", 2), "deepseek/deepseek-v4-pro"},
		"a foreign ciphertext": {`{"type":"reasoning","summary":[{"type":"summary_text","text":"x"}],"encrypted_content":"gAAAAAB"}`, "deepseek/deepseek-v4-pro"},
		"a broken envelope":    {`{"type":"reasoning","summary":[{"type":"summary_text","text":"x"}],"encrypted_content":"cr1.AAAA"}`, "deepseek/deepseek-v4-pro"},
	} {
		t.Run(name, func(t *testing.T) {
			if got, there := recalled(t, c.item, c.model)["reasoning_content"]; there {
				t.Errorf("reasoning_content %q", got)
			}
		})
	}
}

func TestSignaturesComeBackWhole(t *testing.T) {
	item := think(t, strings.Replace(asksSummary, "deepseek/deepseek-v4-pro", "anthropic/claude-opus-5", 1), "",
		`{"choices":[{"delta":{"reasoning":"ab","reasoning_details":[{"type":"reasoning.text","index":0,"text":"ab"}]}}]}`,
		`{"choices":[{"delta":{"reasoning":"cd","reasoning_details":[{"type":"reasoning.text","index":0,"text":"cd","signature":null}]}}]}`,
		`{"choices":[{"delta":{"reasoning_details":[{"type":"reasoning.text","index":0,"signature":"SIG"}]}}]}`,
		`{"choices":[{"delta":{"reasoning_details":[{"type":"reasoning.encrypted","index":1,"data":"XX"}]}}]}`)
	m := recalled(t, item, "anthropic/claude-opus-5")
	got, _ := json.Marshal(m["reasoning_details"])
	want := `[{"index":0,"signature":"SIG","text":"abcd","type":"reasoning.text"},{"data":"XX","index":1,"type":"reasoning.encrypted"}]`
	if string(got) != want {
		t.Errorf("reasoning_details %s", got)
	}
	if m["reasoning_content"] != "abcd" {
		t.Errorf("reasoning_content %q", m["reasoning_content"])
	}
}

func TestEnvelopeIsBounded(t *testing.T) {
	e := envelope{Family: "f", Details: json.RawMessage(`["` + strings.Repeat("x", maxEnvelope) + `"]`)}
	sealed := e.seal(testKey, []byte("t"))
	if len(sealed) > 200 {
		t.Errorf("%d bytes", len(sealed))
	}
	if back, text, ok := openEnvelope(testKey, sealed, []byte("t")); !ok || string(text) != "t" || back.Details != nil {
		t.Errorf("%v %q %v", back, text, ok)
	}
}

// TestEffort: a name that a model does not take is a 400, and so is the parameter
// where a model takes none.
func TestEffort(t *testing.T) {
	for _, c := range []struct{ model, asked, want string }{
		{"openai/gpt-5.6-terra", "none", "none"}, {"openai/gpt-5.6-terra", "minimal", "low"}, {"openai/gpt-5.6-terra", "xhigh", "xhigh"},
		{"openai/gpt-5.6-terra", "max", "xhigh"}, {"openai/gpt-5.6-terra", "turbo", ""}, {"openai/gpt-5.4-mini", "none", "none"},
		{"openai/gpt-5", "minimal", "minimal"}, {"openai/gpt-5", "none", ""}, {"openai/gpt-5-mini", "xhigh", "high"},
		{"gpt-5-nano-2025-08-07", "minimal", "minimal"}, {"openai/gpt-5.1", "none", "none"}, {"openai/gpt-5.1", "xhigh", "high"},
		{"openai/gpt-5-pro", "low", "high"}, {"openai/gpt-5.2-pro", "low", "medium"}, {"openai/gpt-5.4-pro", "xhigh", "xhigh"},
		{"openai/gpt-5.1-codex", "xhigh", "high"}, {"openai/gpt-5.1-codex-max", "xhigh", "xhigh"}, {"openai/gpt-5.3-codex", "none", ""},
		{"openai/gpt-5.2-chat-latest", "high", ""}, {"openai/gpt-4o", "high", ""},
		{"openai/o3", "xhigh", "high"}, {"openai/o3", "none", ""}, {"openai/o4-mini", "minimal", "low"}, {"openai/o1-mini", "high", ""},
		{"anthropic/claude-opus-5", "none", ""}, {"sonnet", "minimal", "low"}, {"anthropic/claude-opus-5", "xhigh", "high"},
		{"xai/grok-4.5", "xhigh", "high"}, {"xai/grok-4.3", "low", "low"}, {"xai/grok-3-mini", "medium", "low"},
		{"xai/grok-3", "low", ""}, {"xai/grok-4-0709", "high", ""}, {"xai/grok-4-1-fast-reasoning", "high", ""}, {"xai/grok-4.20-reasoning", "low", ""},
		{"blockrun/auto", "max", "high"}, {"acme/rocket", "LOW", "low"}, {"free/gpt-oss-120b", "off", ""},
	} {
		if got := effortFor(family(c.model), full(c.model), c.asked); got != c.want {
			t.Errorf("%s asked for %s: %q, want %q", c.model, c.asked, got, c.want)
		}
	}
}

func TestFamily(t *testing.T) {
	for model, want := range map[string]string{
		"anthropic/claude-opus-5": "anthropic", "sonnet": "anthropic", "blockrun/auto": "", "auto": "", "free": "",
		"free/gpt-oss-120b": "gpt-oss", "deepseek-v4": "deepseek", "openrouter/moonshotai/kimi-k2": "moonshot",
		"openai/gpt-5.6-terra": "openai", "openai/o3": "openai", "acme/rocket-1": "acme", "local": "local",
	} {
		if got := family(model); got != want {
			t.Errorf("%s: %q, want %q", model, got, want)
		}
	}
}

// Two thoughts before one message give their details as one list.
func TestDetailsOfTwoThoughts(t *testing.T) {
	if got := string(appendArrays(nil, [][]byte{[]byte(`[ {"a":1} ]`), []byte(`[]`), []byte(`[{"b":2},{"c":3}]`)})); got != `[{"a":1},{"b":2},{"c":3}]` {
		t.Error(got)
	}
}
