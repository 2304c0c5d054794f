package report

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/BlockRunAI/clawrouter-codex/bench/machine"
)

func TestQuantile(t *testing.T) {
	for _, tc := range []struct {
		name   string
		values []float64
		q      float64
		want   float64
	}{
		{"odd median", []float64{3, 1, 2}, 0.5, 2},
		{"even median", []float64{4, 1, 3, 2}, 0.5, 2.5},
		{"first", []float64{3, 1, 2}, 0, 1},
		{"last", []float64{3, 1, 2}, 1, 3},
		{"between", []float64{0, 10}, 0.99, 9.9},
		{"without the unknown", []float64{math.NaN(), 5}, 0.5, 5},
		{"of nothing", nil, 0.5, math.NaN()},
	} {
		got := Quantile(tc.values, tc.q)
		if math.Abs(got-tc.want) > 1e-9 || math.IsNaN(got) != math.IsNaN(tc.want) {
			t.Errorf("%s: %v, want %v", tc.name, got, tc.want)
		}
	}
}

func TestVerdicts(t *testing.T) {
	nan := math.NaN()
	for _, tc := range []struct {
		name   string
		all    Values
		rounds []Values
		target Target
		want   Verdict
	}{
		{"ratio met", Values{0, 10, 20}, nil, RatioAtMost(2), Met},
		{"ratio missed", Values{0, 10, 21}, []Values{{0, 10, 21}, {0, 10, 22}}, RatioAtMost(2), Missed},
		{"ratio missed in some rounds", Values{0, 10, 21}, []Values{{0, 10, 15}, {0, 10, 15}, {0, 10, 30}}, RatioAtMost(2), Unsure},
		{"rate met", Values{0, 100, 80}, nil, RatioAtLeast(0.75), Met},
		{"rate missed", Values{0, 100, 60}, []Values{{0, 100, 60}}, RatioAtLeast(0.75), Missed},
		{"difference met", Values{0, 1, 1.4}, nil, OverAtMost(0.5), Met},
		{"difference missed", Values{0, 1, 1.6}, []Values{{0, 1, 1.6}}, OverAtMost(0.5), Missed},
		{"absolute met without a hop", Values{nan, nan, 19}, nil, AtMost(20), Met},
		{"absolute missed", Values{nan, nan, 21}, nil, AtMost(20), Missed},
		{"nothing asked", Values{0, 10, 1000}, nil, Target{}, None},
		{"not measured", Absent(), nil, RatioAtMost(2), None},
		{"hop lost in noise", Values{0, -0.1, 1}, nil, RatioAtMost(2), None},
	} {
		if got := NewRow(tc.name, "ms", tc.all, tc.rounds, tc.target).Verdict; got != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
}

func TestNumber(t *testing.T) {
	for f, want := range map[float64]string{0: "0", 0.3: "0.3", 0.31415: "0.314", 3.14159: "3.14", 31.4159: "31.4", 314.159: "314",
		3141.59: "3142", 230_123: "230 k", -1.5: "-1.5", 20: "20", 0.00002: "2e-05"} {
		if got := number(f); got != want {
			t.Errorf("number(%v) = %q, want %q", f, got, want)
		}
	}
}

func sample() *Report {
	others := 0.1
	return &Report{
		Date: time.Date(2026, 11, 22, 23, 0, 0, 0, time.UTC), Commit: "abc1234", Mode: "quick", Took: "1m2s",
		Machine: machine.Description{CPU: "Some CPU", Cores: 2, OS: "linux/amd64", Go: "go1.26"}, Others: &others,
		Rows: []Row{
			NewRow("first token", "ms", Values{0, 0.3, 0.51}, []Values{{0, 0.3, 0.45}, {0, 0.3, 0.6}}, RatioAtMost(2)),
			NewRow("stream", "ms", Values{0, 0.3, 0.9}, []Values{{0, 0.3, 0.9}}, OverAtMost(0.5)),
			NewRow("idle", "MB", Values{math.NaN(), 8, 19}, nil, AtMost(20)),
			NewRow("growth", "×", Values{math.NaN(), 0.9, 1.1}, []Values{{0, 1, 1}, {0, 0.8, 1.2}}, AtMost(1.25)),
		},
	}
}

const sampleTable = `| what | unit | direct | hop | bridge | bridge to hop | (quartiles) | target | met |
|---|---|--:|--:|--:|--:|---|---|---|
| first token | ms | 0 | 0.3 | 0.51 | 1.7 × | (1.62 × … 1.88 ×) | ≤ 2 × hop | yes |
| stream | ms | 0 | 0.3 | 0.9 | +0.6 | (+0.6 … +0.6) | ≤ hop + 0.5 ms | no |
| idle | MB | – | 8 | 19 |  |  | ≤ 20 MB | yes |
| growth | × | – | 0.9 | 1.1 |  | (1.05 … 1.15) | ≤ 1.25 × | yes |
`

func TestReadmeKeepsItsProse(t *testing.T) {
	path := filepath.Join(t.TempDir(), "README.md")
	write := func(s string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(s), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("# Before\n" + sectionBegin + "\nold\n" + sectionEnd + "\nAfter.\n")
	want := "# Before\n" + sectionBegin + "\n\n2026-11-22, commit abc1234, quick run of 1m2s: Some CPU, 2 cores, linux/amd64, go1.26." +
		" Other programs kept 0.1 cores busy meanwhile.\n\n" + sampleTable + "\n" + sectionEnd + "\nAfter.\n"
	for _, time := range []string{"first", "second"} {
		if err := sample().UpdateReadme(path); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, string(got)); d != "" {
			t.Errorf("the %s time (-want +got):\n%s", time, d)
		}
	}
	write("no section here")
	if err := sample().UpdateReadme(path); err == nil {
		t.Error("a README without the section was accepted")
	}
}

func TestANoisyRunSaysSo(t *testing.T) {
	r := sample()
	for others, want := range map[float64]bool{0.1: false, 1.5: true} {
		r.Others = &others
		if got := strings.Contains(r.caption(), "quiet machine"); got != want {
			t.Errorf("%v cores used by others: warned %t, want %t", others, got, want)
		}
	}
}

func TestTextAndJSONSayTheSame(t *testing.T) {
	var text bytes.Buffer
	if err := sample().WriteText(&text); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"first token", "1.7 ×", "≤ hop + 0.5 ms", "Some CPU"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("no %q in:\n%s", want, text.String())
		}
	}
	path := filepath.Join(t.TempDir(), "latest.json")
	if err := sample().WriteJSON(path); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var back Report
	if err := json.Unmarshal(b, &back); err != nil {
		t.Fatal(err)
	}
	if len(back.Rows) != 4 || *back.Rows[0].Bridge != 0.51 || back.Rows[2].Direct != nil {
		t.Errorf("read back %+v", back.Rows)
	}
	if d := cmp.Diff([]string{"stream"}, back.Missed()); d != "" {
		t.Errorf("missed rows (-want +got):\n%s", d)
	}
}
