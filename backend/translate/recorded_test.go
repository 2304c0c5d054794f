package translate

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// recording is one exchange with the real ClawRouter, as curl -i showed it.
type recording struct {
	name     string
	body     []byte
	streamed bool
}

// recorded is the request behind the recordings: both tools are functions there.
const recorded = `{"model":"openai/gpt-5.6-terra","stream":true,"input":"hi","tools":[` +
	`{"type":"function","name":"shell","strict":false,"parameters":{"type":"object","properties":{"command":{"type":"array","items":{"type":"string"}}}}},` +
	`{"type":"function","name":"apply_patch","strict":false,"parameters":{"type":"object","properties":{}}}]}`

func recordings(t testing.TB) []recording {
	t.Helper()
	files, err := filepath.Glob("testdata/clawrouter/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no recordings: %v", err)
	}
	var all []recording
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		head, body, ok := bytes.Cut(text, []byte("\r\n\r\n"))
		if !ok {
			t.Fatalf("%s: no blank line ends the headers", file)
		}
		all = append(all, recording{
			name:     strings.TrimSuffix(filepath.Base(file), ".txt"),
			body:     body,
			streamed: bytes.Contains(head, []byte("text/event-stream")),
		})
	}
	return all
}

func (r recording) play(t testing.TB) []byte {
	_, turn := translated(t, recorded, Target{Stream: true, ClawRouter: true})
	turn.Codex = true
	s := turn.Stream(StreamOptions{NewID: numbered(), Now: noon})
	if r.streamed {
		return stream(s, r.body)
	}
	return buffered(s, r.body)
}

func TestRecordedFromClawRouter(t *testing.T) {
	for _, r := range recordings(t) {
		t.Run(r.name, func(t *testing.T) {
			events := mustRead(t, r.play(t))
			golden(t, "clawrouter/"+r.name+".events", []byte(show(t, events)))
		})
	}
}
