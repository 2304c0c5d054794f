package daemon

import (
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/BlockRunAI/clawrouter-codex/backend/settings"
)

// logged writes records and returns what a person was told and what the file holds.
func logged(t *testing.T, choice logChoice, write func(*slog.Logger)) (told []string, lines []map[string]any) {
	t.Helper()
	paths := settings.Paths{Root: t.TempDir()}
	log, err := openLog(paths, choice, []string{"upstream-key-1"}, func(steps ...Step) {
		for _, s := range steps {
			told = append(told, s.Part+" "+s.Text)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	write(log.Logger)
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(paths.ProgramLog())
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		var record map[string]any
		if err := json.Unmarshal([]byte(line), &record); err != nil {
			t.Fatalf("not JSON: %s", line)
		}
		if record["time"] == "" {
			t.Errorf("no time: %s", line)
		}
		delete(record, "time")
		lines = append(lines, record)
	}
	return told, lines
}

func TestTheLogIsForPeopleOnATerminalAndJSONInTheFile(t *testing.T) {
	told, lines := logged(t, logChoice{}, func(log *slog.Logger) {
		log.Debug("not worth a line")
		log.Info("told nobody", "thread", "t1")
		log.Info("turn", "thread", "t1", "model", "clawrouter/selected", "used", "zai/glm-5.2", "in", int64(12345), "out", int64(210), "usd", 0.0021, "first_ms", int64(1200), "ms", int64(4000))
		log.With("thread", "t2").WithGroup("g").Warn("turn", "error", errors.New("no money"), "stack", "frames")
	})
	want := []string{
		"turn clawrouter/selected by zai/glm-5.2, 12345 tokens in, 210 out, $0.0021, 1.2 s to the first byte, 4.0 s in all",
		"warning: turn, error: no money",
	}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Error(diff)
	}
	wantLines := []map[string]any{
		{"level": "INFO", "msg": "told nobody", "thread": "t1"},
		{"level": "INFO", "msg": "turn", "thread": "t1", "model": "clawrouter/selected", "used": "zai/glm-5.2", "in": 12345.0, "out": 210.0, "usd": 0.0021, "first_ms": 1200.0, "ms": 4000.0},
		{"level": "WARN", "msg": "turn", "thread": "t2", "g": map[string]any{"error": "no money", "stack": "frames"}},
	}
	if diff := cmp.Diff(wantLines, lines); diff != "" {
		t.Error(diff)
	}
}

// An upstream's error may repeat the key that it was sent.
func TestTheLogHoldsNoSecret(t *testing.T) {
	told, lines := logged(t, logChoice{}, func(log *slog.Logger) {
		log.Warn("turn", "error", "Incorrect API key provided: upstream-key-1")
		log.Warn("turn", "error", errors.New("Authorization: Bearer abcdefghijklmnop"))
		log.With("with", "brk_0123456789abcdef").Error("x")
	})
	text := strings.Join(told, " ")
	for _, line := range lines {
		raw, err := json.Marshal(line)
		if err != nil {
			t.Fatal(err)
		}
		text += string(raw)
	}
	for _, secret := range []string{"upstream-key-1", "abcdefghijklmnop", "0123456789abcdef"} {
		if strings.Contains(text, secret) {
			t.Errorf("%s is in %s", secret, text)
		}
	}
	if len(lines) != 3 || len(told) != 3 {
		t.Errorf("%d lines, %d told", len(lines), len(told))
	}
}

// What the state tells of ClawRouter a terminal does not hear from the log as well;
// the file holds it, with pauses that a person can read.
func TestTheSupervisorsLogIsUntold(t *testing.T) {
	told, lines := logged(t, logChoice{}, func(log *slog.Logger) {
		untold(log).Warn("ClawRouter does not run", "reason", "Node.js is too old.", "wait", 15*time.Second)
	})
	if len(told) != 0 {
		t.Errorf("told %q", told)
	}
	if len(lines) != 1 || lines[0]["wait"] != "15s" {
		t.Errorf("the file holds %v", lines)
	}
}

func TestLogChoice(t *testing.T) {
	for text, want := range map[string]logChoice{
		"": {}, "info": {}, "debug": {level: slog.LevelDebug}, "DEBUG": {level: slog.LevelDebug}, "error": {level: slog.LevelError},
		"debug,contents": {level: slog.LevelDebug, contents: true}, "contents": {unknown: "contents"}, "debug,all": {unknown: "debug,all"}, "loud": {unknown: "loud"},
	} {
		if got := logChoiceOf([]string{"A=b", logVariable + "=" + text}); got != want {
			t.Errorf("%q: %+v, want %+v", text, got, want)
		}
	}
	told, _ := logged(t, logChoiceOf([]string{logVariable + "=loud"}), func(*slog.Logger) {})
	if len(told) != 1 || !strings.Contains(told[0], "CLAWROUTER_CODEX_LOG=loud is not known") {
		t.Errorf("told %q", told)
	}
}

// A model's name is whatever a client or an upstream says: neither many lines nor one
// that takes the place of all others.
func TestALineOfTheLogIsOneLine(t *testing.T) {
	name := "glm\n{\"level\":\"ERROR\"}\r\n" + strings.Repeat("x", 8<<20)
	told, lines := logged(t, logChoice{}, func(log *slog.Logger) { log.Warn("turn", "model", name, "error", errors.New(name)) })
	if len(lines) != 1 || len(told) != 1 || len(told[0]) > 64<<10 {
		t.Fatalf("%d lines in the file, %d told", len(lines), len(told))
	}
	for _, key := range []string{"model", "error"} {
		if text := lines[0][key].(string); !strings.HasPrefix(text, name[:100]) || len(text) > 32<<10 {
			t.Errorf("%s has %d bytes", key, len(text))
		}
	}
	// Wherever the cut is, no part of a secret is left before it.
	for at := mostLogged - 20; at <= mostLogged; at++ {
		_, lines := logged(t, logChoice{}, func(log *slog.Logger) {
			log.Info("x", "model", strings.Repeat("x", at-1)+" upstream-key-1"+strings.Repeat("x", 100))
		})
		if text := lines[0]["model"].(string); strings.Contains(text, "upst") {
			t.Errorf("cut at %d: …%q", at, text[len(text)-30:])
		}
	}
}
