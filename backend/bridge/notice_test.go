package bridge_test

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/BlockRunAI/clawrouter-codex/backend/bridge"
)

// A model that answers in place of the one asked for is not news to the model,
// but it is to the user.
func TestNoticeIsToldOnceAndNotGivenToTheModel(t *testing.T) {
	p := newPaid(t, `{"model":"free/gpt-oss-120b","choices":[{"message":{"content":"> **⚠️ Wallet empty** — using free model. Send USDC to `+"`0xabc`"+`.\n\nHello"},"finish_reason":"stop"}]}`)
	close(p.released)
	lines := make(logLines, 16)
	url := bridgeFor(t, p, func(c *bridge.Config) { c.Log = slog.New(slog.NewTextHandler(lines, nil)) })
	for range 2 {
		if got := deltas(events(t, post(t, t.Context(), url, threadTurn))); got != "Hello" {
			t.Errorf("text %q", got)
		}
	}
	told := 0
	for turns := 0; turns < 2; { // a turn's own line is the last that it writes
		line := <-lines
		if strings.Contains(line, "Wallet empty") {
			told++
		}
		if strings.Contains(line, "msg=turn") {
			turns++
		}
	}
	if told != 1 {
		t.Errorf("told %d times", told)
	}
}

// logLines passes on each line of a log.
type logLines chan string

func (l logLines) Write(p []byte) (int, error) {
	l <- string(p)
	return len(p), nil
}
