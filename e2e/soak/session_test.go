//go:build e2e

package soak

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// markers are what the stand-in is told to do with a turn; most turns are well.
var markers = []string{
	"", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "[[slow 2]]", "[[drop]]", "[[badjson]]", "[[garbage]]", "[[cut]]", "[[half]]",
	"[[500]]", "[[503 times=1]]", "[[429 retry=1 times=1]]", "[[error200]]", "[[degraded]]", "[[400]]", "[[402funds]]",
}

// tally is what became of the turns.
type tally struct {
	mu         sync.Mutex
	turns      int
	ok, left   int            // answered; given up by the client
	failures   map[string]int // by the code and the beginning of the message
	unreadable []string       // failures that tell a person nothing
	lost       []string       // turns whose connection to the bridge broke
}

func (r *tally) add(name string, o outcome) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.turns++
	switch {
	case o.left:
		r.left++
	case o.broken != nil:
		r.lost = append(r.lost, fmt.Sprintf("%s: %v", name, o.broken))
	case o.failure == "":
		r.ok++
	default:
		cause := o.failure[:min(len(o.failure), 60)]
		r.failures[o.code+": "+cause]++
		if len(o.failure) < 15 || !strings.Contains(o.failure, " ") || strings.Contains(o.failure, "%!") || strings.Contains(o.failure, "bug of its own") {
			r.unreadable = append(r.unreadable, name+": "+o.failure)
		}
	}
}

func (r *tally) check(t *testing.T) {
	t.Helper()
	for _, what := range r.unreadable {
		t.Errorf("a failure without a readable cause: %s", what)
	}
	for _, what := range r.lost {
		t.Errorf("the bridge's own answer broke: %s", what)
	}
	if 2*r.ok <= r.turns || len(r.failures) < 3 {
		t.Errorf("%d of %d turns went well and there were %d kinds of failures: little was tried", r.ok, r.turns, len(r.failures))
	}
}

// answered is how many turns were, so far.
func (r *tally) answered() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.ok
}

// session asks one turn after the other.
func (w *world) session(ctx context.Context, n int, results *tally) {
	for turn := 0; ctx.Err() == nil; turn++ {
		name := fmt.Sprintf("soak-%d-%d", n, turn)
		o := w.ask(name, markers[rand.IntN(len(markers))], rand.IntN(20) == 0)
		results.add(name, o)
		if strings.HasPrefix(o.failure, "ClawRouter cannot be reached") {
			select {
			case <-ctx.Done():
			case <-w.kills.running():
			}
		}
		// A person's agents do not ask without a break, and the machine has other
		// work: the supervisor, and what breaks things.
		select {
		case <-ctx.Done():
		case <-time.After(time.Duration(rand.IntN(1500)) * time.Millisecond):
		}
	}
}

// outcome is what a client saw of a turn.
type outcome struct {
	left          bool // it went away
	code, failure string
	broken        error
}

// patience is far above what the bridge needs to give a turn up, on a machine that has
// little time for it as well.
const patience = 3 * time.Minute

func (w *world) ask(name, marker string, leaves bool) outcome {
	limit := patience
	if leaves {
		limit = time.Duration(10+rand.IntN(300)) * time.Millisecond
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	body, err := json.Marshal(map[string]any{"model": "zai/glm-5.2", "stream": true, "input": name + " " + marker})
	if err != nil {
		return outcome{broken: err}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url()+"/v1/responses", bytes.NewReader(body))
	if err != nil {
		return outcome{broken: err}
	}
	for key, value := range map[string]string{"Content-Type": "application/json", "Originator": "codex_exec", "Thread-Id": name, "X-Clawrouter-Key": w.key} {
		req.Header.Set(key, value)
	}
	resp, err := w.client.Do(req)
	if err != nil {
		return outcome{left: leaves && ctx.Err() != nil, broken: err}
	}
	defer resp.Body.Close()
	o := readAnswer(resp)
	o.left = o.broken != nil && leaves && ctx.Err() != nil
	return o
}

type apiError struct{ Code, Message string }

func readAnswer(resp *http.Response) outcome {
	if resp.StatusCode != http.StatusOK {
		var answer struct{ Error apiError }
		if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
			return outcome{broken: fmt.Errorf("status %d: %w", resp.StatusCode, err)}
		}
		return outcome{code: fmt.Sprint(resp.StatusCode), failure: answer.Error.Message}
	}
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		data, ok := strings.CutPrefix(lines.Text(), "data: ")
		if !ok {
			continue
		}
		var event struct {
			Type     string
			Response struct{ Error apiError }
		}
		if err := json.Unmarshal([]byte(data), &event); err != nil {
			return outcome{broken: err}
		}
		switch event.Type {
		case "response.completed", "response.incomplete":
			return outcome{}
		case "response.failed":
			return outcome{code: event.Response.Error.Code, failure: event.Response.Error.Message}
		}
	}
	return outcome{broken: errors.Join(lines.Err(), io.ErrUnexpectedEOF)}
}
