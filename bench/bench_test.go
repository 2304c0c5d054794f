package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/BlockRunAI/clawrouter-codex/bench/load"
	"github.com/BlockRunAI/clawrouter-codex/bench/report"
	"github.com/BlockRunAI/clawrouter-codex/bench/stub"
)

// The test binary is also the stub and the hop, as the program is.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && (os.Args[1] == "stub" || os.Args[1] == "hop") {
		if err := serve(context.Background(), os.Args[1], os.Args[2:]); err != nil {
			os.Stderr.WriteString(err.Error() + "\n")
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

// Everything that a full run does, with a few requests, against the real bridge.
func TestMini(t *testing.T) {
	var progress bytes.Buffer
	r, err := measure(t.Context(), options{effort: mini, only: regexp.MustCompile(""), settle: time.Minute}, &progress)
	if err != nil {
		t.Fatalf("%v\n%s", err, progress.String())
	}
	repeated, err := openStreams{size: lateSize}.repeated()
	if err != nil || repeated < 10<<10 {
		t.Fatalf("%v bytes of tools, %v", repeated, err)
	}
	rows := map[string]report.Row{}
	for _, row := range r.Rows {
		if _, twice := rows[row.Name]; twice {
			t.Errorf("two rows are named %q", row.Name)
		}
		rows[row.Name] = row
		if row.Bridge == nil && row.Unit != "KB" && row.Unit != "× request" {
			t.Errorf("%s: no figure for the bridge", row.Name)
		}
	}
	for name, target := range map[string]string{
		"78 KB request, 50 chunks, 1 stream: added to the first token, p50": "≤ 2 × hop",
		"78 KB request, 50 chunks, 1 stream: added to the first token, p99": "≤ 2 × hop",
		"78 KB request, 2 ms a chunk: added to the whole stream, p50":       "≤ hop + 0.5 ms",
		"78 KB request, 2,000 chunks, 1 stream: chunks a second, p50":       "≥ 0.7 × hop",
		"78 KB request, 50 chunks, 16 streams: requests a second":           "≥ 0.75 × hop",
		"78 KB request, 50 chunks, 256 streams: requests a second":          "≥ 0.75 × hop",
		"78 KB request, 50 chunks, 16 streams: CPU per 1,000 requests":      "≤ 2 × hop",
		"78 KB request, 2,000 chunks, 16 streams: CPU per 1,000 requests":   "≤ 2.5 × hop",
		"1 MB request, 50 chunks, 1 stream: time to first token, p50":       "≤ 1.3 × hop",
		"78 KB request, 50 chunks, 256 streams: RSS after it":               "≤ 1 × hop",
		"78 KB request, 50 chunks, 256 streams: RSS 10ms later":             "≤ 25 MB",
		"1 MB request: live heap of an open stream while it is sent":        "≤ 1.5 × request",
		"1 MB request: live heap of an open stream after that":              fmt.Sprintf("≤ %.0f KB", 32+repeated/1024),
		"growth: CPU per chunk, 1 MB request to 95 KB request":              "≤ 1.25 ×",
		"growth: CPU per MB, 32 MB request to 1 MB request":                 "≤ 1.25 ×",
		"growth: CPU per MB, 32 MB request to 8 MB request":                 "≤ 1.25 ×",
		"from start to serving, p50":                                        "≤ 50 ms",
		"clawrouter-codex version, p50":                                     "≤ 50 ms",
		"idle: PSS (elsewhere than Linux, RSS)":                             "≤ 20 MB",
		"idle: CPU":                                                         "≤ 0.1 % of a core",
	} {
		if rows[name].Target != target {
			t.Errorf("%s: target %q, want %q", name, rows[name].Target, target)
		}
	}
}

func TestAnAnswerThatIsNotTheUpstreamsIsFound(t *testing.T) {
	a := stub.Answer{Chunks: 3, Size: 4, Calls: 2}
	good := load.Transcript{Text: a.Text(), Final: a.Text()}
	for _, c := range a.ToolCalls() {
		good.Calls = append(good.Calls, load.Call{Name: c.Name, Input: c.Freeform()})
	}
	for _, tc := range []struct {
		name  string
		spoil func(*load.Transcript)
		wrong string
	}{
		{"nothing", func(*load.Transcript) {}, ""},
		{"a delta is lost", func(t *load.Transcript) { t.Text = t.Text[4:] }, "deltas"},
		{"the last event is short", func(t *load.Transcript) { t.Final = "" }, "last event"},
		{"a call is lost", func(t *load.Transcript) { t.Calls = t.Calls[:1] }, "tool calls"},
	} {
		got := load.Transcript{Text: good.Text, Final: good.Final, Calls: good.Calls}
		tc.spoil(&got)
		err := compare(expected(load.Responses, a, got), got)
		if (err == nil) != (tc.wrong == "") || err != nil && !strings.Contains(err.Error(), tc.wrong) {
			t.Errorf("%s: %v, want an error with %q", tc.name, err, tc.wrong)
		}
	}
	stamped := stub.Answer{Chunks: 2, Stamp: true}
	if got := (load.Transcript{Text: "@1 @2 ", Final: "@1 @2 "}); compare(expected(load.Chat, stamped, got), got) != nil {
		t.Error("a whole stamped answer was refused")
	}
	if got := (load.Transcript{Text: "@1 ", Final: "@1 "}); compare(expected(load.Chat, stamped, got), got) == nil {
		t.Error("half a stamped answer was accepted")
	}
}

func TestHeapReportsAreRead(t *testing.T) {
	var h heap
	io.WriteString(&h, "bridge listens\ngc 1 @0.005s 1%: 0.01+0.4+0.002 ms clock, 0.02+0.1/0.3/0+0.005 ms cpu, 4->5->2 MB, 4 MB goal, 1 MB stacks, 0 MB globals, 2 P\ngc 2 @0.1s 1%: 0.01+0.4+0.002 ms clock, 0.02+0.1/0.3/0+0.005 ms c")
	if seen, live := h.now(); seen != 1 || live != 3*megabyte {
		t.Errorf("after one report: %d reports, %v bytes live", seen, live)
	}
	io.WriteString(&h, "pu, 40->50->33 MB, 40 MB goal, 2 MB stacks, 0 MB globals, 2 P\n")
	if seen, live := h.now(); seen != 2 || live != 35*megabyte {
		t.Errorf("after two reports: %d reports, %v bytes live", seen, live)
	}
}

func TestMetrics(t *testing.T) {
	ms := time.Millisecond
	of := func(first ...time.Duration) slice {
		s := slice{cpu: 30 * ms, resident: 7 * megabyte, chunks: 100}
		for _, d := range first {
			s.Samples = append(s.Samples, load.Sample{FirstToken: d, Total: d + 100*ms, Late: []time.Duration{d}})
		}
		s.Elapsed = time.Second
		return s
	}
	rounds := []round{
		{of(1*ms, 3*ms), of(4*ms, 4*ms), of(9*ms, 5*ms)},
		{of(2*ms, 2*ms), of(4*ms, 6*ms), of(7*ms, 7*ms)},
	}
	nan := math.NaN()
	for _, tc := range []struct {
		metric metric
		want   report.Values
	}{
		{firstToken(0.5, report.Target{}), report.Values{Direct: 2, Hop: 4, Bridge: 7}},
		{addedFirstToken(0.5, report.Target{}), report.Values{Direct: nan, Hop: 2, Bridge: 5}},
		{addedTotal(report.Target{}), report.Values{Direct: nan, Hop: 2, Bridge: 5}},
		{underWay(1, report.Target{}), report.Values{Direct: 3, Hop: 6, Bridge: 9}},
		{chunkRate(report.Target{}), report.Values{Direct: 1000, Hop: 1000, Bridge: 1000}},
		{requestRate(report.Target{}), report.Values{Direct: 2, Hop: 2, Bridge: 2}},
		{cpuTime(report.Target{}), report.Values{Direct: nan, Hop: 15, Bridge: 15}},
		{residentAfter(report.Target{}), report.Values{Direct: nan, Hop: 7, Bridge: 7}},
	} {
		got := tc.metric.values(rounds)
		for name, pair := range map[string][2]float64{"direct": {tc.want.Direct, got.Direct}, "hop": {tc.want.Hop, got.Hop}, "bridge": {tc.want.Bridge, got.Bridge}} {
			if math.IsNaN(pair[0]) != math.IsNaN(pair[1]) || math.Abs(pair[0]-pair[1]) > 1e-6 {
				t.Errorf("%s of %s = %v, want %v", tc.metric.title, name, pair[1], pair[0])
			}
		}
	}
}

func TestCommandLine(t *testing.T) {
	o, err := parse([]string{"-full", "-check", "-only", "idle"}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if o.effort != full || !o.check || o.write || !o.only.MatchString("idle for 5s") {
		t.Errorf("%+v", o)
	}
	for _, args := range [][]string{{"-only", "("}, {"faster"}, {"-colour"}} {
		if _, err := parse(args, io.Discard); err == nil {
			t.Errorf("%q was accepted", args)
		}
	}
}

func TestCheckFailsOnlyWhenItWasAskedFor(t *testing.T) {
	r := &report.Report{Rows: []report.Row{report.NewRow("idle", "MB", report.Values{Direct: math.NaN(), Hop: 1, Bridge: 30}, nil, report.AtMost(20))}}
	path := filepath.Join(t.TempDir(), "figures.json")
	if err := (options{json: path}).keep(r, io.Discard); err != nil {
		t.Errorf("without -check: %v", err)
	}
	if b, err := os.ReadFile(path); err != nil || !json.Valid(b) {
		t.Errorf("the figures: %v, %s", err, b)
	}
	if err := (options{json: path, check: true}).keep(r, io.Discard); err == nil || !strings.Contains(err.Error(), "idle") {
		t.Errorf("with -check: %v, want an error that names the row", err)
	}
}

func TestTheKeyIsSentWhereThereIsOne(t *testing.T) {
	state := t.TempDir()
	if h, err := installKey(state); err != nil || h != nil {
		t.Errorf("without a key: %q, %v", h, err)
	}
	if err := os.WriteFile(filepath.Join(state, "key"), []byte("abc\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if h, err := installKey(state); err != nil || len(h) != 1 || h[0] != "X-Clawrouter-Key: abc" {
		t.Errorf("with a key: %q, %v", h, err)
	}
}
