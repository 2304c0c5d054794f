package bridge_test

import (
	"bytes"
	"io"
	"log/slog"
	"strings"
	"testing"

	"github.com/BlockRunAI/clawrouter-codex/backend/bridge"
)

// At level debug the log shows what a request was made into, and what was written
// in it only where that was asked for as well.
func TestTheTranslatedRequestIsShownWithoutContents(t *testing.T) {
	const body = `{"model":"vendor/one","stream":true,"instructions":"private-1","tools":[{"type":"function","name":"private_2","description":"private-3",
		"parameters":{"type":"object","properties":{"private_4":{"type":"string"}}}}],"input":[{"role":"user","content":[{"type":"input_text","text":"private-5"},
		{"type":"input_image","image_url":"data:image/png;base64,private6"}]},
		{"type":"function_call","call_id":"call_1","name":"private_2","arguments":"{\"private_7\":1}"},{"type":"function_call_output","call_id":"call_1","output":"private-8"}]}`
	for _, c := range []struct {
		name              string
		level             slog.Level
		contents          bool
		requests, private bool
	}{
		{"as usual", slog.LevelInfo, false, false, false},
		{"debug", slog.LevelDebug, false, true, false},
		{"debug,contents", slog.LevelDebug, true, true, true},
		{"contents alone", slog.LevelInfo, true, false, false},
	} {
		var log bytes.Buffer
		url := bridgeFor(t, newUpstream(t, hello()), func(cfg *bridge.Config) {
			cfg.Log, cfg.LogContents = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: c.level})), c.contents
		})
		if _, err := io.Copy(io.Discard, post(t, t.Context(), url, body, "Thread-Id", "thread-1").Body); err != nil {
			t.Fatal(err)
		}
		text := log.String()
		if got := strings.Contains(text, "translated request") && strings.Contains(text, "call_1"); got != c.requests {
			t.Errorf("%s: shows the request: %v\n%s", c.name, got, text)
		}
		if got := strings.Contains(text, "private"); got != c.private {
			t.Errorf("%s: shows what was written: %v\n%s", c.name, got, text)
		}
	}
}
