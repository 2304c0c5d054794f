package translate

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAlternation(t *testing.T) {
	const input = `[{"role":"developer","content":"rules"},{"role":"user","content":"env"},{"role":"user","content":"task"},
		{"role":"assistant","content":"one"},{"role":"assistant","content":"two"},
		{"type":"function_call","name":"f","call_id":"c","arguments":"{}"},{"type":"function_call_output","call_id":"c","output":"o"},
		{"role":"assistant","content":"three"},{"role":"user","content":"thanks"}]`
	for _, c := range []struct {
		model string
		want  []string
	}{
		{"mistral/devstral", []string{"system: rules", "user: env\n\ntask", "assistant: one\n\ntwo +1", "tool: o", "assistant: three", "user: thanks"}},
		{"openai/gpt-5.5", []string{"system: rules", "user: env", "user: task", "assistant: one\n\ntwo +1", "tool: o", "assistant: three", "user: thanks"}},
	} {
		t.Run(c.model, func(t *testing.T) {
			req, err := DecodeRequest([]byte(`{"model":"` + c.model + `","input":` + input + `}`))
			if err != nil {
				t.Fatal(err)
			}
			body, _, err := req.Chat(Target{})
			if err != nil {
				t.Fatal(err)
			}
			var chat struct {
				Messages []struct {
					Role, Content string
					Calls         []any `json:"tool_calls"`
				}
			}
			if err := json.Unmarshal(body, &chat); err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, m := range chat.Messages {
				line := m.Role + ": " + m.Content
				if len(m.Calls) > 0 {
					line += " +1"
				}
				got = append(got, line)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
