package main

import (
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
	targets, err := fuzzTargets(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]fuzzTarget{{"m/p", "FuzzIn"}}, targets, cmp.AllowUnexported(fuzzTarget{})); diff != "" {
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

func TestExecutions(t *testing.T) {
	out := "fuzz: elapsed: 0s, gathering\nfuzz: elapsed: 3s, execs: 120 (40/sec)\nfuzz: elapsed: 4s, execs: 170 (50/sec)\nPASS\n"
	if got := executions([]byte(out)); got != "170 inputs" {
		t.Errorf("got %q", got)
	}
}

func TestAFuzzersOwnEndIsNoFinding(t *testing.T) {
	const start = "fuzz: elapsed: 3s, execs: 1025 (342/sec), new interesting: 24 (total: 59)\n"
	for name, c := range map[string]struct {
		out  string
		want bool
	}{
		"its time was up": {start + "--- FAIL: FuzzIn (4.03s)\n    context deadline exceeded\nFAIL\nexit status 1\n", true},
		"an input that hangs": {start + "--- FAIL: FuzzIn (4.03s)\n    fuzzing process hung or terminated unexpectedly: exit status 2\n" +
			"    Failing input written to testdata/fuzz/FuzzIn/0a\nFAIL\n", false},
		"an input whose message is the same": {start + "--- FAIL: FuzzIn (1.00s)\n    --- FAIL: FuzzIn (0.00s)\n" +
			"        in_test.go:9: context deadline exceeded\n    Failing input written to testdata/fuzz/FuzzIn/0a\nFAIL\n", false},
		"both":     {start + "--- FAIL: FuzzIn (4.03s)\n    context deadline exceeded\nFAIL\n    Failing input written to testdata/fuzz/FuzzIn/0a\n", false},
		"no build": {"# m/p\np.go:3: undefined: x\nFAIL\tm/p [build failed]\nFAIL\n", false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := endedByItsClock([]byte(c.out)); got != c.want {
				t.Errorf("got %v", got)
			}
		})
	}
}
