package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// top is the checkout, from here.
var top = filepath.Join("..", "..")

// The page says what the record says, of tests that exist, and of the releases
// that the tests run.
func TestThePageIsAsMeasured(t *testing.T) {
	all, err := readCompat(top)
	if err != nil {
		t.Fatal(err)
	}
	tests, err := codexTests(filepath.Join(top, "e2e", "codex"))
	if err != nil || len(tests) < 20 {
		t.Fatalf("%d tests, %v", len(tests), err)
	}
	// A test that is gone, or is told otherwise, needs no new run.
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := writeCompat(top, all); err != nil {
			t.Fatal(err)
		}
	}
	page, err := os.ReadFile(filepath.Join(top, compatPage))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(compatText(all, tests), string(page)); diff != "" {
		t.Errorf("%s is not what its record says (UPDATE_GOLDEN=1 writes it anew): %s", compatPage, diff)
	}
	pinned, err := pinnedCodex(top)
	if err != nil {
		t.Fatal(err)
	}
	for _, version := range append(slices.Clone(compatVersions), pinned) {
		if !slices.ContainsFunc(all, func(r release) bool { return r.Codex == version }) {
			t.Errorf("Codex %s was not measured: make compat SUITES=%s", version, version)
		}
	}
}

// A new file of tests is a new feature, with a name for people.
func TestEveryFileOfTestsIsAFeature(t *testing.T) {
	tests, err := codexTests(filepath.Join(top, "e2e", "codex"))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range tests {
		if row(test.file) < 0 {
			t.Errorf("%s of %s is in no row of %s: name it in features", test.name, test.file, compatPage)
		}
	}
	for _, f := range features {
		if !slices.ContainsFunc(tests, func(t codexTest) bool { return t.file == f.file }) {
			t.Errorf("%s has no tests", f.file)
		}
	}
}

func TestCompatText(t *testing.T) {
	tests := []codexTest{{"TestPatch", "patch_test.go", "A patch is applied"}, {"TestPatchFails", "patch_test.go", ""}, {"TestTool", "mcp_test.go", "A tool is called"}}
	all := []release{
		{"0.169.0", "2026-11-25", map[string]string{"TestPatch": "pass", "TestPatchFails": "pass", "TestTool": "pass"}},
		{"0.99.0", "2026-11-24", map[string]string{"TestPatch": "pass", "TestPatchFails": "fail", "TestTool": "fail"}},
	}
	page := compatText(all, tests)
	for _, want := range []string{
		"| feature | 0.99.0 | 0.169.0 |\n", "| Patches | 1 of 2 | yes |\n", "| MCP servers | no | yes |\n", "| Pictures | not tried | not tried |\n",
		"| tried on | 2026-11-24 | 2026-11-25 |\n", "## What does not work with 0.99.0\n\n- TestPatchFails (`TestPatchFails`)\n- A tool is called (`TestTool`)\n",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("%q is not in\n%s", want, page)
		}
	}
	if strings.Contains(page, "with 0.169.0") {
		t.Error("a release without a fault has a list of them")
	}
}

// A run that ends otherwise than the page says has failed, whichever way.
func TestARunIsHeldToTheRecord(t *testing.T) {
	all := []release{{"0.140.0", "2026-11-25", map[string]string{"TestA": "pass", "TestB": "fail"}}}
	tests := []struct {
		name, version string
		now           map[string]string
		failed        int
	}{
		{"as recorded", "0.140.0", map[string]string{"TestA": "pass", "TestB": "fail", "TestNew": "pass"}, 0},
		{"one is mended", "0.140.0", map[string]string{"TestB": "pass"}, 1},
		{"one is broken", "0.140.0", map[string]string{"TestA": "fail"}, 1},
		{"another release", "0.169.0", map[string]string{"TestA": "fail"}, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if o := compared(all, tt.version, outcome{passed: 1, verdicts: tt.now}); o.failed != tt.failed {
				t.Errorf("%+v", o)
			}
		})
	}
}
