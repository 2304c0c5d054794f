package translate

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestCompaction(t *testing.T) {
	const body = `{"model":"zai/glm-5","stream":true,"tools":[{"type":"function","name":"f","parameters":{}}],"input":[{"role":"user","content":"fix it"},{"type":"compaction_trigger"}]}`
	chat, s, sealed := summarise(t, body, "The \"user\" wants", " it fixed.\n")
	if strings.Contains(chat, `"tools"`) || !strings.Contains(chat, "hand-over") {
		t.Errorf("the summary is asked for with %s", chat)
	}
	t.Run("comes back as the summary", func(t *testing.T) {
		got := messageAfterCompaction(t, sealed)
		if want := compacted + "The \"user\" wants it fixed.\n"; got != want {
			t.Errorf("%q", got)
		}
	})
	t.Run("a changed one is not believed", func(t *testing.T) {
		got := messageAfterCompaction(t, sealed[:len(sealed)-4]+"AAAA")
		if !strings.Contains(got, "cannot be read here") {
			t.Errorf("%q", got)
		}
	})
	t.Run("as POST /v1/responses/compact answers", func(t *testing.T) {
		var c struct {
			Object string
			Output []json.RawMessage
		}
		if err := json.Unmarshal(s.Compaction(), &c); err != nil || c.Object != "response.compaction" || len(c.Output) != 1 {
			t.Errorf("%v %+v", err, c)
		}
	})
}

// A session that goes on for long is summed up again and again: what the first
// summary says is before the model that writes the second.
func TestCompactionOverCompaction(t *testing.T) {
	_, _, first := summarise(t, `{"model":"zai/glm-5","input":[{"role":"user","content":"fix it"},{"type":"compaction_trigger"}]}`, "The user wants it fixed.")
	chat, _, second := summarise(t, `{"model":"zai/glm-5","input":[{"type":"compaction","encrypted_content":"`+first+`"},`+
		`{"role":"user","content":"and the tests"},{"type":"compaction_trigger"}]}`, "Fixed; the tests are left.")
	if got, want := strings.Count(chat, "The user wants it fixed."), 1; got != want {
		t.Errorf("the first summary stands %d times in %s", got, chat)
	}
	if got, want := messageAfterCompaction(t, second), compacted+"Fixed; the tests are left."; got != want {
		t.Errorf("%q", got)
	}
	if first == second {
		t.Error("both items are the same")
	}
}

const compacted = "[The earlier part of this conversation was replaced by this summary:]\n\n"

// summarise has a request's answer be these pieces of text, and gives what went
// upstream and the encrypted_content of the one item that came of it.
func summarise(t *testing.T, body string, pieces ...string) (chat string, s *Stream, sealed string) {
	t.Helper()
	req, err := DecodeRequest([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	sent, turn, err := req.Chat(Target{EnvelopeKey: testKey})
	if err != nil {
		t.Fatal(err)
	}
	s = turn.Stream(StreamOptions{})
	chunks := []string{`{"choices":[{"delta":{"reasoning_content":"let me see"}}]}`}
	for _, piece := range pieces {
		quoted, _ := json.Marshal(piece)
		chunks = append(chunks, `{"choices":[{"delta":{"content":`+string(quoted)+`}}]}`)
	}
	for _, c := range append(chunks, `{"choices":[{"delta":{},"finish_reason":"stop"}]}`) {
		if err := s.Chunk([]byte(c)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.End(); err != nil {
		t.Fatal(err)
	}
	var resp struct {
		Output []struct {
			Type      string
			Encrypted string `json:"encrypted_content"`
		}
	}
	if err := json.Unmarshal(s.Response(), &resp); err != nil {
		t.Fatal(err)
	}
	if len(resp.Output) != 1 || resp.Output[0].Type != "compaction" {
		t.Fatalf("output %+v", resp.Output)
	}
	return string(sent), s, resp.Output[0].Encrypted
}

func messageAfterCompaction(t *testing.T, sealed string) string {
	t.Helper()
	req, err := DecodeRequest([]byte(`{"model":"anthropic/claude-opus-5","input":[{"type":"compaction","encrypted_content":"` + sealed + `"},{"role":"user","content":"go on"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	body, _, err := req.Chat(Target{EnvelopeKey: testKey})
	if err != nil {
		t.Fatal(err)
	}
	var chat struct {
		Messages []struct{ Role, Content string }
	}
	if err := json.Unmarshal(body, &chat); err != nil {
		t.Fatal(err)
	}
	return chat.Messages[0].Content
}
