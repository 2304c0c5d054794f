//go:build e2e

package outages

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/e2e/stage"
)

func TestMain(m *testing.M) { stage.Main(m) }

// turn is one under way; text is its answer once done is closed.
type turn struct {
	thread string
	done   chan struct{}
	text   string
}

// begin asks for a turn on a thread of its own.
func begin(t *testing.T, link *stage.Link, thread, prompt string) *turn {
	t.Helper()
	body, err := json.Marshal(map[string]any{"model": "zai/glm-5.2", "stream": true, "input": prompt})
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, link.URL()+"/v1/responses", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for key, value := range map[string]string{"Content-Type": "application/json", "Originator": "codex_exec", "Thread-Id": thread} {
		req.Header.Set(key, value)
	}
	req.Close = true
	asked := &turn{thread: thread, done: make(chan struct{})}
	go func() {
		defer close(asked.done)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			asked.text = err.Error()
			return
		}
		defer resp.Body.Close()
		data, err := io.ReadAll(resp.Body)
		asked.text = string(data)
		if err != nil {
			asked.text += err.Error()
		}
	}()
	return asked
}

// want waits for the end of the turn, which has to have these words.
func (a *turn) want(t *testing.T, words ...string) {
	t.Helper()
	<-a.done
	for _, word := range words {
		if !strings.Contains(a.text, word) {
			t.Errorf("%s: no %q in %s", a.thread, word, a.text)
		}
	}
}

const answered = `"type":"response.completed"`

// awaitRequests waits until the stand-in has had n.
func awaitRequests(t *testing.T, link *stage.Link, n int) {
	t.Helper()
	if err := eventually(t, func() error {
		if have := link.Record(t).Requests; have < n {
			return fmt.Errorf("%d requests so far", have)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

// eventually is stage.Eventually with an end that tells what was waited for.
func eventually(t *testing.T, ok func() error) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	return stage.Eventually(ctx, ok)
}

// entries is the ledger: the outcomes of each thread's turns.
func entries(t *testing.T, link *stage.Link) map[string][]string {
	t.Helper()
	days, err := filepath.Glob(filepath.Join(link.State, "spend", "????-??-??.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	outcomes := map[string][]string{}
	for _, day := range days {
		text, err := os.ReadFile(day)
		if err != nil {
			t.Fatal(err)
		}
		for line := range bytes.Lines(text) {
			var e struct{ Kind, Thread, Outcome string }
			if err := json.Unmarshal(line, &e); err != nil {
				t.Fatalf("%s: %q: %v", day, line, err)
			}
			if e.Kind == "" {
				outcomes[e.Thread] = append(outcomes[e.Thread], e.Outcome)
			}
		}
	}
	return outcomes
}

// awaitEntries waits for the ledger to have what is asked for: bookings are written a
// moment after a turn.
func awaitEntries(t *testing.T, link *stage.Link, want map[string][]string) {
	t.Helper()
	var have map[string][]string
	if err := eventually(t, func() error {
		have = entries(t, link)
		for thread, outcomes := range want {
			if fmt.Sprint(have[thread]) != fmt.Sprint(outcomes) {
				return fmt.Errorf("%s: %v", thread, have[thread])
			}
		}
		return nil
	}); err != nil {
		t.Errorf("the ledger has %v, want %v: %v", have, want, err)
	}
}

// run runs a command of the program beside the link.
func run(t *testing.T, link *stage.Link, args ...string) {
	t.Helper()
	stdout, stderr, exit := stage.Run(t, time.Minute, stage.Command{Path: stage.Program(), Args: args, Env: link.Env(), Folder: link.Folder})
	if exit != 0 {
		t.Fatalf("%q ended with %d\n%s%s", args, exit, stdout, stderr)
	}
}
