package translate

import (
	"encoding/json"
	"hash/maphash"
	"slices"
	"strings"
	"testing"
)

func fingerprint(t *testing.T, seed maphash.Seed, body string, sent ...string) (uint64, []string) {
	t.Helper()
	req, err := DecodeRequest([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	return req.Fingerprint(seed, func(id string) bool { return slices.Contains(sent, id) })
}

func TestFingerprint(t *testing.T) {
	seed := maphash.MakeSeed()
	const user = `{"role":"user","content":"fix it"}`
	const said = `{"type":"message","id":"msg_1","role":"assistant","content":[{"type":"output_text","text":"I look."}]}`
	first, _ := fingerprint(t, seed, `{"model":"m","input":[`+user+`]}`)
	for _, c := range []struct {
		name, input string
		same        bool
		have        []string
	}{
		{"the same again", user, true, nil},
		{"with an item that we gave", user + `,` + said, true, []string{"msg_1"}},
		{"with a message of its own", user + `,` + strings.Replace(said, "msg_1", "msg_9", 1), false, nil},
		{"after a call was run", user + `,{"type":"function_call","id":"fc_1","call_id":"c","name":"f","arguments":"{}"},{"type":"function_call_output","call_id":"c","output":"o"}`, false, nil},
		{"other words", `{"role":"user","content":"fix that"}`, false, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			key, have := fingerprint(t, seed, `{"model":"m","input":[`+c.input+`]}`, "msg_1", "fc_1")
			if (key == first) != c.same || !slices.Equal(have, c.have) {
				t.Errorf("same: %v, have %v", key == first, have)
			}
		})
	}
	if other, _ := fingerprint(t, seed, `{"model":"n","input":[`+user+`]}`); other == first {
		t.Error("another model has the same key")
	}
}

// What an older client holds of an answer stands at the end, without ids.
func TestNamelessItems(t *testing.T) {
	const (
		user   = `{"role":"user","content":"fix it"}`
		said   = `,{"type":"message","role":"assistant","content":[{"type":"output_text","text":"I look."}]}`
		named  = `,{"type":"message","id":"msg_1","role":"assistant","content":[{"type":"output_text","text":"I look."}]}`
		thinks = `,{"type":"reasoning","summary":[],"encrypted_content":"x"}`
		called = `,{"type":"function_call","call_id":"c","name":"f","arguments":"{}"}`
	)
	seed := maphash.MakeSeed()
	for input, want := range map[string]int{
		user: 0, user + said: 1, user + thinks + said: 2, user + thinks + `,{"type":"web_search_call","status":"completed"}`: 2,
		user + named: 0, user + said + called: 0, user + said + "," + user: 0, user + named + said: 1,
	} {
		req, err := DecodeRequest([]byte(`{"model":"m","input":[` + input + `]}`))
		if err != nil {
			t.Fatal(err)
		}
		if n := req.Nameless(); n != want {
			t.Errorf("%s: %d, want %d", input, n, want)
		}
		plain, _ := fingerprint(t, seed, `{"model":"m","input":[`+user+`]}`)
		if n := len(req.items) - 1; n == want && req.FingerprintBefore(seed, n) != plain {
			t.Errorf("%s: without its end it is another request", input)
		}
	}
}

// An answer that is given again leaves out what the client has, and only that.
func TestItemsThatTheClientHasAreNotGivenAgain(t *testing.T) {
	req, err := DecodeRequest([]byte(`{"model":"m","stream":true,"input":"x"}`))
	if err != nil {
		t.Fatal(err)
	}
	_, turn, err := req.Chat(Target{})
	if err != nil {
		t.Fatal(err)
	}
	s := turn.Stream(StreamOptions{NewID: func(prefix string) string { return prefix + "1" }, Have: []string{"msg_1"}})
	s.Begin()
	const answer = `{"choices":[{"message":{"reasoning_content":"hm","content":"I look.","tool_calls":[{"id":"c","function":{"name":"f","arguments":"{}"}}]},"finish_reason":"tool_calls"}]}`
	if err := s.Completion([]byte(answer)); err != nil {
		t.Fatal(err)
	}
	if err := s.End(); err != nil {
		t.Fatal(err)
	}
	var seq []int
	for _, line := range strings.Split(string(s.Take()), "\n") {
		data, ok := strings.CutPrefix(line, "data: ")
		if !ok {
			continue
		}
		var e struct {
			Type string
			Seq  int `json:"sequence_number"`
			Item struct{ Type string }
		}
		if err := json.Unmarshal([]byte(data), &e); err != nil {
			t.Fatal(err)
		}
		seq = append(seq, e.Seq)
		if e.Item.Type == "message" || strings.Contains(e.Type, "output_text") {
			t.Errorf("%s was given again", e.Type)
		}
	}
	for i, n := range seq {
		if n != i {
			t.Fatalf("sequence numbers %v", seq)
		}
	}
	var resp struct{ Output []struct{ Type string } }
	if err := json.Unmarshal(s.Response(), &resp); err != nil || len(resp.Output) != 3 {
		t.Errorf("%v, output %+v", err, resp.Output)
	}
}
