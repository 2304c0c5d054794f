//go:build e2e

package judges

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/BlockRunAI/clawrouter-codex/e2e/stage"
)

// sdkRun is what the AI SDK made of one prompt.
type sdkRun struct {
	Parts     []string
	Deltas    int
	Calls     []struct{ City string }
	Errors    []string
	Text      string
	Reasoning string
	Finish    string
	Steps     int
	Usage     struct{ InputTokens, OutputTokens int }
}

func TestAISDK(t *testing.T) {
	link := stage.StartLink(t)
	tests := []struct {
		name, prompt string
		want         sdkRun
	}{
		{"text", `[[say "The answer is four."]]`,
			sdkRun{Text: "The answer is four.", Finish: "stop", Steps: 1}},
		{"two calls, then a text", `[[calls [{"name":"weather","arguments":{"city":"Ulm"}},{"name":"weather","arguments":{"city":"Bonn"}}] then "Rain in both."]]`,
			sdkRun{Text: "Rain in both.", Finish: "stop", Steps: 2, Calls: []struct{ City string }{{"Ulm"}, {"Bonn"}}}},
		{"reasoning", `[[reason]] [[say "Four."]]`,
			sdkRun{Text: "Four.", Finish: "stop", Steps: 1, Reasoning: thought}},
	}
	for _, test := range tests {
		for _, store := range []string{"false", "unsaid"} {
			t.Run(test.name+", store "+store, func(t *testing.T) { checkSDK(t, link, test.prompt, store, test.want) })
		}
	}
}

func checkSDK(t *testing.T, link *stage.Link, prompt, store string, want sdkRun) {
	var got sdkRun
	ask(t, &got, "aisdk.mjs", link.URL(), prompt, store)
	if len(got.Errors) > 0 {
		t.Errorf("the SDK complained: %q", got.Errors)
	}
	if got.Deltas == 0 || got.Usage.InputTokens == 0 || got.Usage.OutputTokens == 0 {
		t.Errorf("%d deltas, usage %+v", got.Deltas, got.Usage)
	}
	if parts := strings.Join(got.Parts, " "); !strings.Contains(parts, "text-start") || !strings.HasSuffix(parts, "finish-step finish") {
		t.Errorf("parts: %s", parts)
	}
	got.Parts, got.Errors, got.Deltas, got.Usage = nil, nil, 0, want.Usage
	if len(got.Calls) == 0 {
		got.Calls = nil
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
