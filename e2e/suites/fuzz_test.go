package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// fuzzModule writes a module whose one target fails as soon as it is fuzzed
// when broken, and makes it the current folder.
func fuzzModule(t *testing.T, broken bool) {
	t.Helper()
	body := "f.Fuzz(func(t *testing.T, s string) {})"
	if broken {
		body = `f.Fuzz(func(t *testing.T, s string) { t.Error("found") })`
	}
	folder := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":         "module m\ngo 1.26\n",
		"p/p.go":         "package p\n",
		"p/p_test.go":    "package p\nimport \"testing\"\nfunc FuzzIn(f *testing.F) { f.Add(\"\"); " + body + " }\n",
		"p/note_test.go": "package p\n// func FuzzNot(f *testing.F) is only written about.\n",
	} {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(folder)
}

func TestFuzzTargetsAreFound(t *testing.T) {
	fuzzModule(t, false)
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	targets, err := fuzzTargets(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]fuzzTarget{{"m/p", filepath.Join(here, "p"), "FuzzIn"}}, targets, cmp.AllowUnexported(fuzzTarget{})); diff != "" {
		t.Error(diff)
	}
}

func TestFuzzReportsAFinding(t *testing.T) {
	fuzzModule(t, true)
	o := fuzz(t.Context(), io.Discard, time.Second)
	if o.ok() || o.failed != 1 || !strings.Contains(o.detail, "found") {
		t.Errorf("a target that always fails gave %+v", o)
	}
}

func TestWhatWasKnownIsNotTried(t *testing.T) {
	const begun = "fuzz: elapsed: 2s, gathering baseline coverage: 107/107 completed, now fuzzing with 1 workers\n"
	for name, c := range map[string]struct {
		out  string
		want int
	}{
		"the last line counts": {"fuzz: elapsed: 0s, gathering baseline coverage: 0/107 completed\n" + begun +
			"fuzz: elapsed: 3s, execs: 120 (40/sec)\nfuzz: elapsed: 4s, execs: 170 (50/sec)\nPASS\n", 63},
		"no more than is known":    {begun + "fuzz: elapsed: 3s, execs: 107 (0/sec)\n", 0},
		"it ended before it began": {"fuzz: elapsed: 3s, gathering baseline coverage: 7/107 completed\n", 0},
	} {
		t.Run(name, func(t *testing.T) {
			if got := tried([]byte(c.out)); got != c.want {
				t.Errorf("got %d, want %d", got, c.want)
			}
		})
	}
}

// The time begins when new inputs are: a target with slow seeds tries as long as one
// without.
func TestFuzzTriesNewInputs(t *testing.T) {
	fuzzModule(t, false)
	o := fuzz(t.Context(), io.Discard, time.Second)
	if !o.ok() || o.passed != 1 || len(o.notes) != 1 {
		t.Fatalf("%+v", o)
	}
	var n int
	if _, err := fmt.Sscanf(o.notes[0], "FuzzIn %d inputs", &n); err != nil || n == 0 {
		t.Errorf("%q: %v", o.notes[0], err)
	}
}
