package translate

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestCallIDs: what one provider makes ids of another refuses, with them the whole
// thread. Upstream sees ids that all take; the client keeps its own.
func TestCallIDs(t *testing.T) {
	long := strings.Repeat("toolu_vrtx_", 5)
	item := func(id string) string {
		return `,{"type":"function_call","call_id":"` + id + `","name":"f","arguments":"{}"},{"type":"function_call_output","call_id":"` + id + `","output":"o"}`
	}
	request := `{"model":"m","input":[{"role":"user","content":"a"}` +
		item("functions.f:0") + item("functions.f:0") + item("functions_f_0") + item(long+"1") + item(long+"2") + item("") + item("call_1") + `]}`
	chat, turn := translated(t, request, Target{})
	if err := checkChat(chat); err != nil {
		t.Fatal(err)
	}
	var req chatRequest
	if err := json.Unmarshal(chat, &req); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range req.Messages {
		for _, c := range m.ToolCalls {
			got = append(got, c.ID)
		}
	}
	want := []string{"functions_f_0", "functions_f_0_2", "functions_f_0_3", "toolu_vrtx_toolu_vrtx_toolu_" + got[3][28:], "toolu_vrtx_toolu_vrtx_toolu_" + got[4][28:], "call", "call_1"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	s := turn.Stream(StreamOptions{NewID: numbered(), Now: noon})
	out := buffered(s, []byte(`{"choices":[{"message":{"tool_calls":[{"id":"functions.f:0","function":{"name":"f","arguments":"{}"}},{"id":"`+long+`1","function":{"name":"f","arguments":"{}"}}]},"finish_reason":"tool_calls"}]}`))
	for _, used := range []string{`"call_id":"functions.f:0"`, `"call_id":"` + long + `1"`} {
		if strings.Contains(string(out), used) {
			t.Errorf("an id of the history is used again: %s", used)
		}
	}
}
