package main

import (
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestTally(t *testing.T) {
	tests := []struct {
		name   string
		events []string
		want   outcome
	}{
		{
			name: "a pass, a skip and a package without tests",
			events: []string{
				`{"Action":"run","Package":"a","Test":"TestOne"}`,
				`{"Action":"output","Package":"a","Test":"TestOne","Output":"chatter\n"}`,
				`{"Action":"pass","Package":"a","Test":"TestOne"}`,
				`{"Action":"output","Package":"a","Test":"TestTwo","Output":"    x_test.go:3: no display here\n"}`,
				`{"Action":"output","Package":"a","Test":"TestTwo","Output":"--- SKIP: TestTwo (0.00s)\n"}`,
				`{"Action":"skip","Package":"a","Test":"TestTwo"}`,
				`{"Action":"pass","Package":"a"}`,
				`{"Action":"skip","Package":"b"}`,
			},
			want: outcome{passed: 1, skipped: 1, notes: []string{"skipped TestTwo: x_test.go:3: no display here"}},
		},
		{
			name: "a failed test shows its own output, and its package is not counted again",
			events: []string{
				`{"Action":"output","Package":"a","Test":"TestGood","Output":"quiet\n"}`,
				`{"Action":"pass","Package":"a","Test":"TestGood"}`,
				`{"Action":"output","Package":"a","Test":"TestBad","Output":"got 1, want 2\n"}`,
				`{"Action":"fail","Package":"a","Test":"TestBad"}`,
				`{"Action":"output","Package":"a","Output":"FAIL\n"}`,
				`{"Action":"fail","Package":"a"}`,
			},
			want: outcome{passed: 1, failed: 1, detail: "--- a TestBad\ngot 1, want 2\n"},
		},
		{
			name: "a package that died without a failed test fails itself",
			events: []string{
				`{"Action":"output","Package":"a","Output":"panic: boom\n"}`,
				`{"Action":"fail","Package":"a"}`,
			},
			want: outcome{failed: 1, detail: "--- a \npanic: boom\n"},
		},
		{
			name: "a package that does not build shows the compiler's words",
			events: []string{
				`{"Action":"build-output","ImportPath":"a","Output":"./a.go:1:1: expected 'package'\n"}`,
				`{"Action":"build-fail","ImportPath":"a"}`,
				`{"Action":"fail","Package":"a","FailedBuild":"a"}`,
			},
			want: outcome{failed: 1, detail: "./a.go:1:1: expected 'package'\n--- a \n"},
		},
		{
			name:   "nothing ran",
			events: []string{`{"Action":"skip","Package":"a"}`},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			tally := newTally(io.Discard)
			if err := tally.read(strings.NewReader(strings.Join(test.events, "\n"))); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, tally.outcome(), cmp.AllowUnexported(outcome{}), cmpopts.IgnoreFields(outcome{}, "verdicts")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestGoTestFailsWhenGoDoes(t *testing.T) {
	o := goTest(t.Context(), io.Discard, nil, "./no-such-folder")
	if o.ok() || !strings.Contains(o.detail, "no-such-folder") {
		t.Errorf("a folder that is not there gave %+v", o)
	}
}
