package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// fuzzTarget is a fuzz function; the fuzzer reads and writes testdata/fuzz below dir.
type fuzzTarget struct{ pkg, dir, name string }

var fuzzFunc = regexp.MustCompile(`(?m)^func (Fuzz\w+)\(\w+ \*testing\.F\)`)

// fuzzTargets finds every fuzz target below the current folder by reading the
// test files, which takes no build.
func fuzzTargets(ctx context.Context) ([]fuzzTarget, error) {
	cmd := command(ctx, nil, "go", "list", "-json=ImportPath,Dir,TestGoFiles,XTestGoFiles", "./...")
	var complaint strings.Builder
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w\n%s", err, complaint.String())
	}
	var targets []fuzzTarget
	decoder := json.NewDecoder(strings.NewReader(string(out)))
	for {
		var p struct {
			ImportPath, Dir           string
			TestGoFiles, XTestGoFiles []string
		}
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return targets, nil
		} else if err != nil {
			return nil, fmt.Errorf("go list: %w", err)
		}
		for _, file := range slices.Concat(p.TestGoFiles, p.XTestGoFiles) {
			text, err := os.ReadFile(filepath.Join(p.Dir, file))
			if err != nil {
				return nil, err
			}
			for _, match := range fuzzFunc.FindAllSubmatch(text, -1) {
				targets = append(targets, fuzzTarget{p.ImportPath, p.Dir, string(match[1])})
			}
		}
	}
}

// fuzz tries inputs on each target for d, as many targets at a time as there are
// cores, each with one worker: a target that waits for a build then does not idle a
// core.
func fuzz(ctx context.Context, log io.Writer, d time.Duration) outcome {
	targets, err := fuzzTargets(ctx)
	if err != nil {
		return outcome{failed: 1, detail: err.Error()}
	}
	scratch, err := os.MkdirTemp("", "fuzz-")
	if err != nil {
		return outcome{failed: 1, detail: err.Error()}
	}
	defer os.RemoveAll(scratch)
	var (
		mu  sync.Mutex
		sum outcome
		wg  sync.WaitGroup
	)
	slots := make(chan struct{}, runtime.NumCPU())
	for i, target := range targets {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			text, err := fuzzOne(ctx, target, d, filepath.Join(scratch, fmt.Sprint(i)))
			mu.Lock()
			defer mu.Unlock()
			log.Write(text)
			if err != nil {
				sum.failed++
				sum.detail += fmt.Sprintf("--- %s %s: %v\n%s", target.pkg, target.name, err, text)
				return
			}
			sum.passed++
			sum.notes = append(sum.notes, fmt.Sprintf("%s %d inputs", target.name, tried(text)))
		})
	}
	wg.Wait()
	slices.Sort(sum.notes)
	return sum
}

// fuzzOne builds the target's package below scratch and fuzzes it. Its time begins
// when all known inputs were run: until then nothing new is tried, and where there
// are hundreds, or the machine is busy, that takes longer than a run of seconds.
func fuzzOne(ctx context.Context, target fuzzTarget, d time.Duration, scratch string) ([]byte, error) {
	program := filepath.Join(scratch, "fuzz.test")
	build := command(ctx, nil, "go", "test", "-c", "-fuzz=.", "-o", program, target.pkg)
	if out, err := build.CombinedOutput(); err != nil {
		return out, err
	}
	known, err := knownInputs(ctx, target, d, scratch)
	if err != nil {
		return nil, err
	}
	// Each input that reaches new code is made small first, for up to a minute by
	// default, in which nothing else is tried: a run of seconds tried none. There is
	// no -test.fuzztime: until Go 1.27 the fuzzer takes its end for an error now and
	// then (https://go.dev/issue/75804).
	cmd := command(ctx, nil, program, "-test.run=^$", "-test.fuzz=^"+target.name+"$", "-test.fuzzcachedir="+known,
		"-test.fuzzminimizetime=20x", "-test.parallel=1", "-test.timeout=0", "-test.paniconexit0")
	cmd.Dir = target.dir
	w := &fuzzWatch{}
	w.stop = func() { time.AfterFunc(d, func() { _ = cmd.Process.Signal(os.Interrupt) }) }
	cmd.Stdout, cmd.Stderr = w, w
	err = cmd.Run()
	return w.text.Bytes(), err
}

// shortRun is too short to run first what earlier runs found.
const shortRun = time.Minute

// knownInputs is the folder of the inputs which earlier runs found to reach new code:
// the go command's own for a long run. A short one begins with those of the tree.
func knownInputs(ctx context.Context, target fuzzTarget, d time.Duration, scratch string) (string, error) {
	if d < shortRun {
		return filepath.Join(scratch, "known"), nil
	}
	cache, err := command(ctx, nil, "go", "env", "GOCACHE").Output()
	return filepath.Join(strings.TrimSpace(string(cache)), "fuzz", filepath.FromSlash(target.pkg)), err
}

// fuzzWatch keeps what a fuzzer prints, and calls stop once, when it begins to try
// new inputs.
type fuzzWatch struct {
	text  bytes.Buffer
	begun bool
	stop  func()
}

func (w *fuzzWatch) Write(p []byte) (int, error) {
	w.text.Write(p)
	if !w.begun && baseline.Match(w.text.Bytes()) {
		w.begun = true
		w.stop()
	}
	return len(p), nil
}

var (
	baseline  = regexp.MustCompile(`baseline coverage: \d+/(\d+) completed, now fuzzing`)
	execsLine = regexp.MustCompile(`execs: (\d+) `)
)

// tried is how many new inputs a target was given: the fuzzer's last progress line
// counts the known ones too.
func tried(output []byte) int {
	known := baseline.FindSubmatch(output)
	all := execsLine.FindAllSubmatch(output, -1)
	if known == nil || len(all) == 0 {
		return 0
	}
	first, _ := strconv.Atoi(string(known[1]))
	last, _ := strconv.Atoi(string(all[len(all)-1][1]))
	return max(0, last-first)
}
