package main

import (
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
	"strings"
	"sync"
	"time"
)

type fuzzTarget struct{ pkg, name string }

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
				targets = append(targets, fuzzTarget{p.ImportPath, string(match[1])})
			}
		}
	}
}

// fuzz runs each target for d, as many at a time as there are cores, each with
// one worker: a target that waits for a build then does not idle a core.
func fuzz(ctx context.Context, log io.Writer, d time.Duration) outcome {
	targets, err := fuzzTargets(ctx)
	if err != nil {
		return outcome{failed: 1, detail: err.Error()}
	}
	var (
		mu  sync.Mutex
		sum outcome
		wg  sync.WaitGroup
	)
	slots := make(chan struct{}, runtime.NumCPU())
	for _, target := range targets {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			text, err := fuzzOne(ctx, target, d)
			mu.Lock()
			defer mu.Unlock()
			log.Write(text)
			if err != nil {
				sum.failed++
				sum.detail += fmt.Sprintf("--- %s %s: %v\n%s", target.pkg, target.name, err, text)
				return
			}
			sum.passed++
			sum.notes = append(sum.notes, fmt.Sprintf("%s %s", target.name, executions(text)))
		})
	}
	wg.Wait()
	slices.Sort(sum.notes)
	return sum
}

func fuzzOne(ctx context.Context, target fuzzTarget, d time.Duration) ([]byte, error) {
	// Each input that reaches new code is made small first, for up to a minute by
	// default, in which nothing else is tried: a run of seconds tried none.
	cmd := command(ctx, nil, "go", "test", "-run=^$", "-fuzz=^"+target.name+"$",
		"-fuzztime="+d.String(), "-fuzzminimizetime=20x", "-parallel=1", "-timeout=0", target.pkg)
	out, err := cmd.CombinedOutput()
	if err != nil && endedByItsClock(out) {
		err = nil
	}
	return out, err
}

var (
	clockEnd = regexp.MustCompile(`(?m)^--- FAIL: Fuzz\w+ \([0-9.]+s\)\n    context deadline exceeded\nFAIL\n`)
	finding  = regexp.MustCompile(`Failing input written|panic|race detected|failure while testing`)
)

// endedByItsClock tells a run whose time was up from one that found something.
// Until Go 1.27 the fuzzer takes the end of its own -fuzztime for an error now
// and then, where it sees its context end before its worker's has
// (https://go.dev/issue/75804); it found nothing then, and no input failed.
func endedByItsClock(output []byte) bool {
	return clockEnd.Match(output) && !finding.Match(output)
}

var execsLine = regexp.MustCompile(`execs: (\d+) `)

// executions is how many inputs a target was given, from the fuzzer's last
// progress line.
func executions(output []byte) string {
	all := execsLine.FindAllSubmatch(output, -1)
	if len(all) == 0 {
		return "told no number of inputs"
	}
	return string(all[len(all)-1][1]) + " inputs"
}
