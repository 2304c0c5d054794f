//go:build e2e

package soak

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/e2e/stage"
)

// killEvery is how often ClawRouter is killed.
const killEvery = 10 * time.Second

// answersBetween is how many turns are answered between two kills, however long that
// takes, so that on a busy machine too most turns meet a ClawRouter.
const answersBetween = 2 * sessions

// kills are those of the stand-in.
type kills struct {
	mu    sync.Mutex
	spans []span
	back  chan struct{} // closed while it answers
}

// span is from the moment before a kill to the one in which ClawRouter answered again;
// without an end as long as it does not.
type span struct{ from, to time.Time }

func newKills() *kills {
	k := &kills{back: make(chan struct{})}
	close(k.back)
	return k
}

// running returns a channel that is closed as soon as ClawRouter runs.
func (k *kills) running() <-chan struct{} {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.back
}

func (k *kills) begin() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.back = make(chan struct{})
	k.spans = append(k.spans, span{from: time.Now()})
}

func (k *kills) end() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.spans[len(k.spans)-1].to = time.Now()
	close(k.back)
}

// during reports whether ClawRouter was killed in that time.
func (k *kills) during(from, to time.Time) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, s := range k.spans {
		if !s.from.After(to) && (s.to.IsZero() || !s.to.Before(from)) {
			return true
		}
	}
	return false
}

// ended notes a stand-in that was there at seen and ended without a kill of ours. The
// supervisor ends one that does not answer it, and gives it five seconds.
func (k *kills) ended(seen time.Time) {
	const grace = 6 * time.Second
	k.mu.Lock()
	defer k.mu.Unlock()
	k.spans = append(k.spans, span{seen.Add(-grace), time.Now()})
}

// killUpstream kills the stand-in every killEvery until ctx ends, and has it started
// again. It returns how often it did.
func (w *world) killUpstream(ctx context.Context, results *tally) (times int) {
	next := time.Now().Add(killEvery / 2)
	for answered := 0; pause(ctx, time.Until(next)); next = next.Add(killEvery) {
		for results.answered() < answered+answersBetween && pause(ctx, 50*time.Millisecond) {
		}
		pid := w.findSim()
		for ; pid == 0 && pause(ctx, 50*time.Millisecond); pid = w.findSim() {
		}
		if ctx.Err() != nil {
			break
		}
		w.kills.begin()
		if syscall.Kill(pid, syscall.SIGKILL) == nil {
			times++
		}
		w.command("start")
		w.await("ClawRouter is back after a kill", time.Minute, w.upstreamAnswers)
		w.kills.end()
		answered = results.answered()
	}
	return times
}

func (w *world) upstreamAnswers() error {
	_, err := stage.Get(w.t.Context(), fmt.Sprintf("http://127.0.0.1:%d/health", w.upstream))
	return err
}

// watchUpstream notes, until ctx ends, when the stand-in ends that nobody here killed,
// and returns how often it did: on a machine that has no time for it the supervisor
// takes it for hung.
func (w *world) watchUpstream(ctx context.Context) (times int) {
	pid, seen := 0, time.Now()
	for pause(ctx, 50*time.Millisecond) {
		now := time.Now()
		switch {
		case pid == 0:
			pid = w.findSim()
		case syscall.Kill(pid, 0) == nil:
			seen = now
		case w.kills.during(seen, now):
			pid = 0
		default:
			w.kills.ended(seen)
			times++
			pid = 0
		}
	}
	return times
}

// findSim is the process of the stand-in, and not of its guardian; 0 without one.
func (w *world) findSim() int {
	dirs, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return 0
	}
	for _, dir := range dirs {
		line, err := os.ReadFile(filepath.Join(dir, "cmdline"))
		if err != nil || !bytes.Contains(line, []byte(w.simMarks)) || bytes.Contains(line, []byte("guardian")) {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(dir)); err == nil {
			return pid
		}
	}
	return 0
}
