package translate

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestCompaction(t *testing.T) {
	const body = `{"model":"zai/glm-5","stream":true,"tools":[{"type":"function","name":"f","parameters":{}}],"input":[{"role":"user","content":"fix it"},{"type":"compaction_trigger"}]}`
	req, err := DecodeRequest([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	chat, turn, err := req.Chat(Target{EnvelopeKey: testKey})
	if err != nil {
		t.Fatal(err)
	}
	if s := string(chat); strings.Contains(s, `"tools"`) || !strings.Contains(s, "hand-over") {
		t.Errorf("the summary is asked for with %s", s)
	}
	s := turn.Stream(StreamOptions{})
	for _, c := range []string{
		`{"choices":[{"delta":{"reasoning_content":"let me see"}}]}`,
		`{"choices":[{"delta":{"content":"The \"user\" wants"}}]}`,
		`{"choices":[{"delta":{"content":" it fixed.\n"},"finish_reason":"stop"}]}`,
	} {
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
	t.Run("comes back as the summary", func(t *testing.T) {
		got := messageAfterCompaction(t, resp.Output[0].Encrypted)
		if want := "[The earlier part of this conversation was replaced by this summary:]\n\nThe \"user\" wants it fixed.\n"; got != want {
			t.Errorf("%q", got)
		}
	})
	t.Run("a changed one is not believed", func(t *testing.T) {
		sealed := resp.Output[0].Encrypted
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
