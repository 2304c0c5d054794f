package doctor

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Status is the outcome of one check.
type Status string

// The outcomes, the best first.
const (
	OK   Status = "ok"
	Skip Status = "skip" // there is nothing to look at, and Text says why
	Warn Status = "warn" // it works, and not as the user will expect
	Fail Status = "fail" // something does not work
)

// Result is what one check found. Text is one line for a person and, like Mend,
// holds no secret.
type Result struct {
	Status Status
	Text   string
	Mend   string // the command that helps, or one short sentence
	Fix    *Fix   // nil where only the user can help
}

// Fix mends what a check found without asking. Two checks may name the same one.
type Fix struct {
	ID  string
	Did string // what it does, in words that follow "mended: "
	Do  func(ctx context.Context) error
}

// Line is the result of one check as it is shown.
type Line struct {
	ID      string `json:"id"`
	Title   string `json:"title"`
	Status  Status `json:"status"`
	Text    string `json:"text"`
	Mend    string `json:"mend,omitempty"`
	Fixable bool   `json:"fixable,omitempty"` // --fix mends it

	fix *Fix
}

// Report is what Run and Mend found.
type Report struct {
	Well   bool     `json:"well"` // nothing is to be mended
	Checks []Line   `json:"checks"`
	Mended []string `json:"mended,omitempty"` // what Mend did
}

// Count is how many checks ended with s.
func (r Report) Count(s Status) int {
	n := 0
	for _, line := range r.Checks {
		if line.Status == s {
			n++
		}
	}
	return n
}

// check is one line of the table.
type check struct {
	id, title string
	patience  time.Duration // 0 means defaultPatience
	run       func(ctx context.Context, l *look) Result
}

// defaultPatience bounds a check: the slowest asks an installed Codex twice, whose
// first start takes seconds on a cold disk.
const defaultPatience = 20 * time.Second

// Run makes all checks at once and reports them in the order of the table.
func Run(ctx context.Context, env Env) Report {
	l := newLook(ctx, env)
	lines := make([]Line, len(checks))
	var all sync.WaitGroup
	for i, c := range checks {
		all.Go(func() { lines[i] = c.line(ctx, l) })
	}
	all.Wait()
	report := Report{Well: true, Checks: lines}
	for _, line := range lines {
		if line.Status == Warn || line.Status == Fail {
			report.Well = false
		}
	}
	return report
}

func (c check) line(ctx context.Context, l *look) Line {
	patience := c.patience
	if patience == 0 {
		patience = defaultPatience
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	r := l.unusable(c.id)
	if r == nil {
		found := c.run(ctx, l)
		r = &found
	}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) && r.Status != OK {
		r.Text = fmt.Sprintf("no answer within %v: %s", patience, r.Text)
	}
	return Line{ID: c.id, Title: c.title, Status: r.Status, Text: r.Text, Mend: r.Mend, Fixable: r.Fix != nil, fix: r.Fix}
}

// Mend makes the checks, carries out each fix that they name once, and checks
// again. A fix that fails is a Fail of the check that named it.
func Mend(ctx context.Context, env Env) Report {
	before := Run(ctx, env)
	failed := map[string]error{}
	var did []string
	tried := map[string]bool{}
	for _, line := range before.Checks {
		if line.fix == nil || tried[line.fix.ID] {
			continue
		}
		tried[line.fix.ID] = true
		if err := line.fix.Do(ctx); err != nil {
			failed[line.fix.ID] = err
			continue
		}
		did = append(did, line.fix.Did)
	}
	if len(tried) == 0 {
		return before
	}
	after := Run(ctx, env)
	after.Mended = did
	for i, line := range after.Checks {
		if line.fix != nil && failed[line.fix.ID] != nil {
			after.Checks[i].Text += fmt.Sprintf("; it could not be mended: %v", failed[line.fix.ID])
		}
	}
	return after
}
