package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// suite is one named part of the tests. run returns when its last process has
// ended, and writes everything those printed to log.
type suite struct {
	name string
	run  func(ctx context.Context, log io.Writer) outcome
}

// outcome counts what a suite ran. detail is shown only when it failed; notes
// always.
type outcome struct {
	passed, failed, skipped int
	detail                  string
	notes                   []string
	// verdicts are "pass", "fail" or "skip" by test, of tests that are no part of
	// another one.
	verdicts map[string]string
}

// ok is false for a suite in which nothing ran: a test that was never started
// has shown nothing.
func (o outcome) ok() bool { return o.failed == 0 && o.passed > 0 }

// lanes run side by side; the suites of one lane run one after the other. They fit
// two cores: one compiles while the others mostly wait for clients.
type lanes [][]suite

type result struct {
	suite string
	took  time.Duration
	outcome
}

const logFolder = ".cache/test"

func (l lanes) keep(names []string) (lanes, error) {
	wanted := map[string]bool{}
	for _, name := range names {
		wanted[strings.TrimSpace(name)] = true
	}
	var kept lanes
	var all []string
	for _, lane := range l {
		var some []suite
		for _, s := range lane {
			all = append(all, s.name)
			if wanted[s.name] {
				some = append(some, s)
				delete(wanted, s.name)
			}
		}
		kept = append(kept, some)
	}
	for name := range wanted {
		return nil, fmt.Errorf("no suite %q; there are: %s", name, strings.Join(all, ", "))
	}
	return kept, nil
}

func (l lanes) run(ctx context.Context, out io.Writer) []result {
	var (
		mu      sync.Mutex
		results []result
		wg      sync.WaitGroup
	)
	for _, lane := range l {
		wg.Go(func() {
			for _, s := range lane {
				if ctx.Err() != nil {
					return
				}
				r := runSuite(ctx, s)
				mu.Lock()
				results = append(results, r)
				printResult(out, r)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return results
}

func runSuite(ctx context.Context, s suite) result {
	begin := time.Now()
	finish := func(o outcome) result {
		return result{suite: s.name, took: time.Since(begin), outcome: o}
	}
	if err := os.MkdirAll(logFolder, 0o755); err != nil {
		return finish(outcome{failed: 1, detail: err.Error()})
	}
	log, err := os.Create(filepath.Join(logFolder, s.name+".log"))
	if err != nil {
		return finish(outcome{failed: 1, detail: err.Error()})
	}
	defer log.Close()
	return finish(s.run(ctx, log))
}

func printResult(out io.Writer, r result) {
	verdict := "ok    "
	if !r.ok() {
		verdict = "FAILED"
	}
	skipped := ""
	if r.skipped > 0 {
		skipped = fmt.Sprintf(", %d skipped", r.skipped)
	}
	fmt.Fprintf(out, "%s %-10s %5d passed, %d failed%s in %s\n",
		verdict, r.suite, r.passed, r.failed, skipped, r.took.Round(100*time.Millisecond))
	for _, note := range r.notes {
		fmt.Fprintf(out, "         %s\n", note)
	}
	if r.ok() {
		return
	}
	if r.failed == 0 {
		fmt.Fprintln(out, "         it ran no test")
	}
	if r.detail != "" {
		fmt.Fprintln(out, strings.TrimRight(r.detail, "\n"))
	}
	fmt.Fprintf(out, "         all of its output: %s/%s.log\n", logFolder, r.suite)
}

// printTotals ends with the line that counts tests, alone, and reports whether
// any suite failed.
func printTotals(out io.Writer, results []result, took time.Duration) bool {
	var sum outcome
	failed := len(results) == 0
	for _, r := range results {
		sum.passed += r.passed
		sum.failed += r.failed
		sum.skipped += r.skipped
		if !r.ok() {
			failed = true
			if r.failed == 0 {
				sum.failed++
			}
		}
	}
	fmt.Fprintf(out, "%d suites in %s\n", len(results), took.Round(time.Second))
	fmt.Fprintf(out, "%d passed, %d failed, %d skipped\n", sum.passed, sum.failed, sum.skipped)
	return failed
}
