package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// record replaces the file that says when the long suites last ran, on what,
// and how they ended; also when they failed.
func record(ctx context.Context, path string, results []result, begin time.Time) error {
	commit, err := describeCommit(ctx)
	if err != nil {
		return err
	}
	text := longReport(results, begin, commit)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		return err
	}
	fmt.Printf("recorded in %s\n", path)
	return nil
}

// describeCommit is the commit that ran, and says so when files differed from it.
func describeCommit(ctx context.Context) (string, error) {
	head, err := exec.CommandContext(ctx, "git", "rev-parse", "--short", "HEAD").Output()
	if err != nil {
		return "", fmt.Errorf("git rev-parse HEAD: %w", err)
	}
	changes, err := exec.CommandContext(ctx, "git", "status", "--porcelain").Output()
	if err != nil {
		return "", fmt.Errorf("git status: %w", err)
	}
	commit := strings.TrimSpace(string(head))
	if len(changes) > 0 {
		commit += " with uncommitted changes"
	}
	return commit, nil
}

func longReport(results []result, begin time.Time, commit string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# The long tests, last run\n\n")
	fmt.Fprintf(&b, "Written by `make test-long`. %s, commit %s, %s, %s/%s, %d cores.\n\n",
		begin.UTC().Format("2006-01-02 15:04 UTC"), commit, runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
	b.WriteString("| suite | result | passed | failed | skipped | took | figures |\n|---|---|---|---|---|---|---|\n")
	for _, r := range results {
		verdict := "ok"
		if !r.ok() {
			verdict = "**failed**"
		}
		fmt.Fprintf(&b, "| %s | %s | %d | %d | %d | %s | %s |\n", r.suite, verdict,
			r.passed, r.failed, r.skipped, r.took.Round(time.Second), strings.Join(r.notes, "; "))
	}
	return b.String()
}
