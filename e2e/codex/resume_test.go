//go:build e2e

package codex

import (
	"strings"
	"testing"

	"github.com/BlockRunAI/clawrouter-codex/e2e/stage"
)

const (
	thinkingModel = "deepseek/deepseek-v4-pro"
	// thought is what the stand-in's models think.
	thought = "Let me think about it step by step."
)

// thoughts are the assistant's messages that carry the model's own reasoning.
func thoughts(chat stage.Chat) int {
	n := 0
	for _, m := range chat.Messages {
		if m.Role == "assistant" && strings.Contains(m.ReasoningContent, thought) {
			n++
		}
	}
	return n
}

// Codex keeps our reasoning items in the session file; after a resume they go
// back to the model that wrote them.
func TestResumeBringsReasoningBack(t *testing.T) {
	t.Parallel()
	c := newCodex(t)
	first := c.exec(`[[reason]] [[say "I thought of a number."]]`, "-m", thinkingModel).succeed()

	var kept bool
	for _, item := range first.transcript() {
		if item.Type != "reasoning" {
			continue
		}
		for _, p := range append(item.Summary, item.Content...) {
			kept = kept || strings.Contains(p.Text, thought)
		}
	}
	if !kept {
		t.Error("codex kept no reasoning that a person can read")
	}
	second := c.resume(first.session(), `[[say "It was seven."]]`, "-m", thinkingModel).succeed()
	if got := second.lastMessage(); got != "It was seven." {
		t.Errorf("codex shows %q", got)
	}
	chats := c.link.Chats(t)
	if len(chats) != 2 {
		t.Fatalf("%d calls reached the gateway, want 2", len(chats))
	}
	if got := thoughts(chats[1]); got != 1 {
		t.Errorf("%d messages of the resumed session carry what the model thought, want 1", got)
	}
}

// What one family of models thought is never sent to another.
func TestReasoningStaysWithItsFamily(t *testing.T) {
	t.Parallel()
	c := newCodex(t)
	first := c.exec(`[[reason]] [[say "I thought of a number."]]`, "-m", thinkingModel).succeed()
	// Codex warns of the other model, so there is a complaint.
	second := c.resume(first.session(), `[[say "Which number?"]]`, "-m", blindModel).finish()
	if got := second.lastMessage(); got != "Which number?" {
		t.Errorf("codex shows %q", got)
	}
	chats := c.link.Chats(t)
	if len(chats) != 2 || !strings.Contains(chats[1].Model, "glm") {
		t.Fatalf("%d calls reached the gateway, the last for %s", len(chats), chats[len(chats)-1].Model)
	}
	for _, m := range chats[1].Messages {
		if strings.Contains(m.ReasoningContent, thought) || strings.Contains(string(m.Content), thought) {
			t.Errorf("another family was told: %+v", m)
		}
	}
}
