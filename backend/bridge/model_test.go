package bridge_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/BlockRunAI/clawrouter-codex/backend/bridge"
)

// asked returns an upstream that notes the chat requests it gets.
func asked(t *testing.T) (*upstream, chan map[string]any) {
	t.Helper()
	got := make(chan map[string]any, 8)
	return newUpstream(t, func(w http.ResponseWriter, r *http.Request) {
		var req map[string]any
		if err := json.NewDecoder(r.Body).Decode(&req); err != nil {
			t.Error(err)
		}
		got <- req
		hello()(w, r)
	}), got
}

func TestModelOfATurn(t *testing.T) {
	u, got := asked(t)
	chosen := ""
	url := bridgeFor(t, u, func(c *bridge.Config) { c.Selected = func() string { return chosen } })
	for _, c := range []struct {
		name, asks, thread, parent, chosen string
		want                               string
	}{
		{"a listed name", "vendor/one", "t1", "", "", "vendor/one"},
		{"a name with a vendor is never swapped", "vendor/gone", "t2", "", "", "vendor/gone"},
		{"an alias of the gateway's", "gpt", "t2", "", "", "gpt"},
		{"a native name takes the thread's model", "codex-auto-review", "t1", "", "", "vendor/one"},
		{"or the parent thread's", "codex-auto-review", "t9", "t1", "", "vendor/one"},
		{"or the user's choice", "gpt-99-imaginary", "t8", "", "vendor/two", "vendor/two"},
		{"or the default", "gpt-99-imaginary", "t7", "", "", "blockrun/auto"},
		{"the menu bar choice", "clawrouter/selected", "t6", "", "vendor/three", "vendor/three"},
		{"the menu bar choice before any", "clawrouter/selected", "t6", "", "", "blockrun/auto"},
	} {
		t.Run(c.name, func(t *testing.T) {
			chosen = c.chosen
			resp := post(t, t.Context(), url, `{"model":"`+c.asks+`","stream":true,"input":"hi"}`, "Thread-Id", c.thread, "X-Codex-Parent-Thread-Id", c.parent)
			io.Copy(io.Discard, resp.Body)
			if model := (<-got)["model"]; model != c.want {
				t.Errorf("upstream was asked for %v, want %s", model, c.want)
			}
		})
	}
}

// What the model list says of a model decides what it is sent.
func TestModelsThatCannotSee(t *testing.T) {
	u, got := asked(t)
	url := bridgeFor(t, u)
	body := func(model string) string {
		return `{"model":"` + model + `","stream":true,"reasoning":{"effort":"high"},"input":[{"role":"user","content":[{"type":"input_text","text":"look"},{"type":"input_image","image_url":"data:image/png;base64,AAAA"}]}]}`
	}
	for _, c := range []struct {
		model, content string
		effort         any
	}{
		{"deepseek/deepseek-chat", `"look\n[An image was here; this model cannot see images.]"`, nil},
		{"anthropic/claude-opus-5", `[{"text":"look","type":"text"},{"image_url":{"url":"data:image/png;base64,AAAA"},"type":"image_url"}]`, "high"},
		{"local/unknown", `[{"text":"look","type":"text"},{"image_url":{"url":"data:image/png;base64,AAAA"},"type":"image_url"}]`, "high"},
	} {
		t.Run(c.model, func(t *testing.T) {
			io.Copy(io.Discard, post(t, t.Context(), url, body(c.model)).Body)
			req := <-got
			content, _ := json.Marshal(req["messages"].([]any)[0].(map[string]any)["content"])
			if diff := cmp.Diff(c.content, string(content)); diff != "" {
				t.Error(diff)
			}
			if req["reasoning_effort"] != c.effort {
				t.Errorf("reasoning_effort %v, want %v", req["reasoning_effort"], c.effort)
			}
		})
	}
}

func TestCompactEndpoint(t *testing.T) {
	u, got := asked(t)
	url := bridgeFor(t, u, func(c *bridge.Config) { c.EnvelopeKey = []byte("key") })
	req, _ := http.NewRequest(http.MethodPost, url+"/v1/responses/compact", strings.NewReader(`{"model":"vendor/one","input":"do it"}`))
	req.Header.Set("Content-Type", "application/json")
	tr := &http.Transport{}
	defer tr.CloseIdleConnections()
	resp, err := tr.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	<-got
	var c struct {
		Object string
		Output []struct{ Type string }
	}
	if err := json.NewDecoder(resp.Body).Decode(&c); err != nil {
		t.Fatal(err)
	}
	if c.Object != "response.compaction" || len(c.Output) != 1 || c.Output[0].Type != "compaction" {
		t.Errorf("%+v", c)
	}
}

func TestNameOfTheOutputLimit(t *testing.T) {
	for _, c := range []struct {
		model      string
		clawRouter bool
		field      string
	}{
		{"gpt-5.5", false, "max_completion_tokens"},
		{"openai/o3", false, "max_completion_tokens"},
		{"deepseek-chat", false, "max_tokens"},
		{"openai/gpt-5.5", true, "max_tokens"},
	} {
		u, got := asked(t)
		u.clawRouter = c.clawRouter
		url := bridgeFor(t, u)
		io.Copy(io.Discard, post(t, t.Context(), url, `{"model":"`+c.model+`","stream":true,"input":"x","max_output_tokens":7}`).Body)
		if req := <-got; req[c.field] != 7.0 {
			t.Errorf("%s: %v", c.model, req)
		}
	}
}
