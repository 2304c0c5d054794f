package main

import (
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func fixed(name string, o outcome) suite {
	return suite{name, func(context.Context, io.Writer) outcome { return o }}
}

func TestTotals(t *testing.T) {
	tests := []struct {
		name    string
		results []result
		failed  bool
		last    string
	}{
		{"all passed", []result{{suite: "a", outcome: outcome{passed: 2}}, {suite: "b", outcome: outcome{passed: 1, skipped: 1}}},
			false, "3 passed, 0 failed, 1 skipped"},
		{"one failed", []result{{suite: "a", outcome: outcome{passed: 2, failed: 1}}},
			true, "2 passed, 1 failed, 0 skipped"},
		{"one ran no test", []result{{suite: "a", outcome: outcome{passed: 2}}, {suite: "b"}},
			true, "2 passed, 1 failed, 0 skipped"},
		{"no suite at all", nil, true, "0 passed, 0 failed, 0 skipped"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var out strings.Builder
			if got := printTotals(&out, test.results, time.Minute); got != test.failed {
				t.Errorf("failed = %v, want %v", got, test.failed)
			}
			lines := strings.Split(strings.TrimSpace(out.String()), "\n")
			if got := lines[len(lines)-1]; got != test.last {
				t.Errorf("last line %q, want %q", got, test.last)
			}
		})
	}
}

func TestKeep(t *testing.T) {
	plan := lanes{{fixed("a", outcome{}), fixed("b", outcome{})}, {fixed("c", outcome{})}}
	kept, err := plan.keep([]string{"c", " b"})
	if err != nil {
		t.Fatal(err)
	}
	var names [][]string
	for _, lane := range kept {
		var some []string
		for _, s := range lane {
			some = append(some, s.name)
		}
		names = append(names, some)
	}
	if diff := cmp.Diff([][]string{{"b"}, {"c"}}, names); diff != "" {
		t.Error(diff)
	}
	if _, err := plan.keep([]string{"d"}); err == nil {
		t.Error("a suite that is not there was accepted")
	}
}

func TestLanesRunEverySuite(t *testing.T) {
	t.Chdir(t.TempDir())
	var out strings.Builder
	results := lanes{
		{fixed("a", outcome{passed: 1}), fixed("b", outcome{failed: 1, detail: "why"})},
		{fixed("c", outcome{})},
	}.run(t.Context(), &out)
	if len(results) != 3 {
		t.Fatalf("%d of 3 suites ran", len(results))
	}
	for _, want := range []string{"ok     a", "FAILED b", "why\n", "FAILED c", "it ran no test"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in:\n%s", want, out.String())
		}
	}
}

func TestLongReport(t *testing.T) {
	report := longReport([]result{
		{suite: "fuzz", took: 90 * time.Second, outcome: outcome{passed: 2, notes: []string{"FuzzA 10 inputs", "FuzzB 20 inputs"}}},
		{suite: "older", outcome: outcome{}},
	}, time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC), "abc123")
	for _, want := range []string{
		"2030-01-02 03:04 UTC, commit abc123",
		"| fuzz | ok | 2 | 0 | 0 | 1m30s | FuzzA 10 inputs; FuzzB 20 inputs |",
		"| older | **failed** | 0 | 0 | 0 | 0s |  |",
	} {
		if !strings.Contains(report, want) {
			t.Errorf("no %q in:\n%s", want, report)
		}
	}
}
