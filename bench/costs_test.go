//go:build !race

// The race detector would be in the hop, which is this test's own program, and not in
// the bridge.

package main

import (
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/BlockRunAI/clawrouter-codex/bench/report"
)

// The targets that can be looked at whatever else the machine does: CPU time and memory
// are a process's own. Times and rates are left to a run on a quiet machine.
func TestCostsThatTellOfARegression(t *testing.T) {
	only := regexp.MustCompile(`^78 KB request, (50|2,000) chunks, 16 streams$|open streams`)
	r, err := measure(t.Context(), options{effort: quick, only: only}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	looked := 0
	for _, row := range r.Rows {
		if !strings.Contains(row.Name, "CPU per") && !strings.Contains(row.Name, "live heap") {
			continue
		}
		if looked++; row.Verdict != report.Met && row.Verdict != report.Unsure {
			t.Errorf("%s: %v, where the target is %s (%q)", row.Name, row.Compared, row.Target, row.Verdict)
		}
		t.Logf("%s: hop %.3g, bridge %.3g %s", row.Name, *row.Hop, *row.Bridge, row.Unit)
	}
	if looked != 4 {
		t.Errorf("%d rows were looked at", looked)
	}
}
