//go:build e2e

package soak

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
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
const answersBetween = sessions

// kills are those of the stand-in.
type kills struct {
	mu    sync.Mutex
	pid   int // of the one that was killed last
	spans []span
	last  int           // index of the span of the last kill
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

func (k *kills) begin(pid int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.pid = pid
	k.back = make(chan struct{})
	k.last, k.spans = len(k.spans), append(k.spans, span{from: time.Now()})
}

func (k *kills) end() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.spans[k.last].to = time.Now()
	close(k.back)
}

// all are those so far.
func (k *kills) all() []span {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Clone(k.spans)
}

// ended notes a stand-in that was there at seen and is gone, and reports whether the
// supervisor ended it, which gives it five seconds.
func (k *kills) ended(pid int, seen time.Time) (bySupervisor bool) {
	const grace = 6 * time.Second
	k.mu.Lock()
	defer k.mu.Unlock()
	if pid == k.pid {
		return false
	}
	k.spans = append(k.spans, span{seen.Add(-grace), time.Now()})
	return true
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
		w.kills.begin(pid)
		if syscall.Kill(pid, syscall.SIGKILL) == nil {
			times++
		}
		if !w.comesBack(ctx) {
			w.command("start")
		}
		w.await("ClawRouter is back after a kill", time.Minute, w.upstreamAnswers)
		w.kills.end()
		answered = results.answered()
	}
	return times
}

// comesBack waits a moment for the supervisor to mend a kill by itself.
func (w *world) comesBack(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, killEvery/5)
	defer cancel()
	return stage.Eventually(ctx, w.upstreamAnswers) == nil
}

func (w *world) upstreamAnswers() error {
	_, err := stage.Get(w.t.Context(), fmt.Sprintf("http://127.0.0.1:%d/health", w.upstream))
	return err
}

// watchUpstream notes, until ctx ends, each stand-in that the supervisor ends, and
// returns how many: on a machine that has no time for it the supervisor takes it for
// hung, or an order to start it comes when it has just been started.
func (w *world) watchUpstream(ctx context.Context) (times int) {
	pid, seen := 0, time.Now()
	for pause(ctx, 50*time.Millisecond) {
		switch now := time.Now(); {
		case pid == 0:
			pid = w.findSim()
		case syscall.Kill(pid, 0) == nil:
			seen = now
		default:
			times += one(w.kills.ended(pid, seen))
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
