package proxy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/backend/atomicfile"
)

// run is the record of a started tree, kept in the state folder while it lives,
// so that the next start can end what a crash left behind.
type run struct {
	Mark string      `json:"mark"`
	Port int         `json:"port"`
	Tree []processID `json:"tree"` // the guardian first
}

// recordRun writes who belongs to c now.
func recordRun(path string, c *child, port int) error {
	r := run{Mark: c.mark, Port: port}
	for _, pid := range slices.Backward(c.tree()) {
		if id, ok := inspect(pid); ok {
			r.Tree = append(r.Tree, id)
		}
	}
	b, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("record the child: %w", err)
	}
	if err := atomicfile.Write(path, append(b, '\n'), 0o600); err != nil {
		return fmt.Errorf("record the child: %w", err)
	}
	return nil
}

// endLeftover ends what a former run of ours left, and forgets it. Only a
// process that has the recorded number, start time and executable, or that
// carries the run's random mark, is touched: numbers are used again. It returns
// how many were ended.
func endLeftover(ctx context.Context, path string, grace time.Duration) (int, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	var r run
	if err == nil {
		err = json.Unmarshal(b, &r)
	}
	if err != nil {
		// Unreadable means useless, and it would stay so at every start.
		_ = os.Remove(path)
		return 0, fmt.Errorf("read the record of the last run: %w", err)
	}
	n := endAll(ctx, grace, func(all []process) []processID { return r.survivors(all) })
	if ctx.Err() != nil {
		return n, ctx.Err()
	}
	return n, os.Remove(path)
}

func (r run) survivors(all []process) []processID {
	var out []processID
	for _, want := range r.Tree {
		if have, ok := inspect(want.PID); ok && have == want && want.PID != os.Getpid() {
			out = append(out, have)
		}
	}
	return append(out, markedIDs(all, r.Mark, out)...)
}

func markedIDs(all []process, mark string, known []processID) []processID {
	if mark == "" {
		return nil
	}
	var out []processID
	for _, pid := range marked(all, mark) {
		if id, ok := inspect(pid); ok && !slices.Contains(known, id) {
			out = append(out, id)
		}
	}
	return out
}

// endMarked ends every process that carries mark.
func endMarked(ctx context.Context, mark string, grace time.Duration) int {
	return endAll(ctx, grace, func(all []process) []processID { return markedIDs(all, mark, nil) })
}

// endAll asks what find returns to stop, until nothing is left, and after the
// grace kills it. It returns how many processes it met.
func endAll(ctx context.Context, grace time.Duration, find func([]process) []processID) int {
	deadline := time.Now().Add(grace)
	var met []processID
	for {
		all, err := processes()
		if err != nil {
			return len(met)
		}
		alive := find(all)
		if len(alive) == 0 {
			return len(met)
		}
		late := time.Now().After(deadline)
		for _, id := range alive {
			if !slices.Contains(met, id) {
				met = append(met, id)
				signalVerified(id, false)
			} else if late {
				signalVerified(id, true)
			}
		}
		select {
		case <-ctx.Done():
			return len(met)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// signalVerified looks at the process again through a handle to it, where the
// system has such handles, so that the signal cannot reach a newcomer.
func signalVerified(id processID, kill bool) {
	p, err := os.FindProcess(id.PID)
	if err != nil {
		return
	}
	defer func() { _ = p.Release() }()
	if have, ok := inspect(id.PID); !ok || have != id {
		return
	}
	if kill {
		_ = p.Kill()
		return
	}
	if err := p.Signal(terminate); err != nil {
		_ = p.Kill()
	}
}
