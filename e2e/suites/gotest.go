package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"
)

// command is a child without standard input that ends with the context: it is
// interrupted first, so that tests remove what they made, and killed 20 s later.
func command(ctx context.Context, env []string, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGINT) }
	cmd.WaitDelay = 20 * time.Second
	return cmd
}

// goTest runs `go test -json` with args and counts from its events.
func goTest(ctx context.Context, log io.Writer, env []string, args ...string) outcome {
	cmd := command(ctx, env, "go", append([]string{"test", "-json", "-count=1"}, args...)...)
	var stderr bytes.Buffer
	cmd.Stderr = io.MultiWriter(log, &stderr)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return outcome{failed: 1, detail: err.Error()}
	}
	if err := cmd.Start(); err != nil {
		return outcome{failed: 1, detail: err.Error()}
	}
	tally := newTally(log)
	readErr := tally.read(stdout)
	// What stands on stderr matters only when no event says what went wrong.
	err = cmd.Wait()
	o := tally.outcome()
	if err == nil {
		err = readErr
	}
	if err != nil && o.failed == 0 {
		o.failed = 1
		o.detail += fmt.Sprintf("go %s: %v\n%s", strings.Join(cmd.Args[1:], " "), err, stderr.String())
	}
	return o
}

// testEvent is one line of `go test -json` (go doc test2json).
type testEvent struct {
	Action, Package, Test, Output, ImportPath string
}

type testKey struct{ pkg, test string }

// tally turns the events of `go test -json` into an outcome.
type tally struct {
	log    io.Writer
	output map[testKey][]string
	sum    outcome
	// failures keeps the order in which tests failed; a package stands for
	// itself only when none of its tests did (it did not build, or it died).
	failures []testKey
	failedIn map[string]bool
	builds   map[string][]string
}

func newTally(log io.Writer) *tally {
	return &tally{
		log:      log,
		output:   map[testKey][]string{},
		failedIn: map[string]bool{},
		builds:   map[string][]string{},
	}
}

func (t *tally) read(r io.Reader) error {
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			var e testEvent
			if json.Unmarshal(line, &e) != nil {
				e = testEvent{Action: "output", Output: string(line)}
			}
			t.add(e)
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (t *tally) add(e testEvent) {
	key := testKey{e.Package, e.Test}
	switch e.Action {
	case "output":
		io.WriteString(t.log, e.Output)
		t.output[key] = append(t.output[key], e.Output)
	case "build-output":
		io.WriteString(t.log, e.Output)
		t.builds[e.ImportPath] = append(t.builds[e.ImportPath], e.Output)
	case "pass":
		if e.Test != "" {
			t.sum.passed++
		}
		t.judge(e)
		delete(t.output, key)
	case "skip":
		if e.Test != "" {
			t.sum.skipped++
			t.sum.notes = append(t.sum.notes, "skipped "+e.Test+": "+reason(t.output[key]))
		}
		t.judge(e)
	case "fail":
		t.fail(key)
		t.judge(e)
	}
}

// judge notes how a test of its own ended.
func (t *tally) judge(e testEvent) {
	if e.Test == "" || strings.Contains(e.Test, "/") {
		return
	}
	if t.sum.verdicts == nil {
		t.sum.verdicts = map[string]string{}
	}
	t.sum.verdicts[e.Test] = e.Action
}

func (t *tally) fail(key testKey) {
	if key.test == "" {
		if t.failedIn[key.pkg] {
			return
		}
		t.sum.failed++
		t.failures = append(t.failures, key)
		return
	}
	t.sum.failed++
	t.failedIn[key.pkg] = true
	t.failures = append(t.failures, key)
}

func (t *tally) outcome() outcome {
	var detail strings.Builder
	for _, path := range sortedKeys(t.builds) {
		detail.WriteString(strings.Join(t.builds[path], ""))
	}
	for _, key := range t.failures {
		fmt.Fprintf(&detail, "--- %s %s\n", key.pkg, key.test)
		for _, line := range t.output[key] {
			detail.WriteString(line)
		}
	}
	t.sum.detail = detail.String()
	return t.sum
}

// reason is the last line that a skipped test printed before its verdict.
func reason(output []string) string {
	for _, line := range slices.Backward(output) {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "---") && !strings.HasPrefix(line, "===") {
			return line
		}
	}
	return "no reason given"
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
