//go:build e2e

package codex

import (
	"strings"
	"testing"
)

// A small window makes Codex summarise in the middle of the turn, with a
// request of its own, and go on from the summary.
func TestInlineCompaction(t *testing.T) {
	t.Parallel()
	c := newCodex(t)
	first := c.exec(`Remember the word heron. [[say "I will."]]`).succeed()
	// Some releases warn that a summary loses something.
	r := c.resume(first.session(), `[[say "Going on."]]`, "-c", "model_auto_compact_token_limit=200").finish()
	if got := r.lastMessage(); got != "Going on." {
		t.Errorf("codex shows %q", got)
	}
	compactions := 0
	const request, summary = "CONTEXT CHECKPOINT COMPACTION", "Summary of the work so far"
	chats := c.link.Chats(t)
	for _, chat := range chats {
		last := chat.Messages[len(chat.Messages)-1]
		if !strings.Contains(string(last.Content), request) {
			continue
		}
		compactions++
		if len(chat.Tools) != 0 {
			t.Errorf("the summary was asked for with %d tools", len(chat.Tools))
		}
	}
	if compactions != 1 {
		t.Errorf("codex asked for a summary %d times, want once", compactions)
	}
	final := chats[len(chats)-1].Messages
	var carried bool
	for _, m := range final {
		carried = carried || strings.Contains(string(m.Content), summary)
	}
	if !carried {
		t.Error("the turn did not go on from the summary")
	}
}
