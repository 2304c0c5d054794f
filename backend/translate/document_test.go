package translate

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestTranslationIsDocumented holds docs/translation.md to the code: what it names is
// there, and what there is it names.
func TestTranslationIsDocumented(t *testing.T) {
	doc, err := os.ReadFile("../../docs/translation.md")
	if err != nil {
		t.Fatal(err)
	}
	page := string(doc)
	tests := testsBelow(t, "..", "../../e2e")
	for _, m := range regexp.MustCompile("`(Test\\w+)`").FindAllStringSubmatch(page, -1) {
		if !tests[m[1]] {
			t.Errorf("there is no test %s", m[1])
		}
	}
	for _, m := range regexp.MustCompile("`(\\w+\\.go)`").FindAllStringSubmatch(page, -1) {
		here, _ := filepath.Glob(m[1])
		bridge, _ := filepath.Glob(filepath.Join("..", "bridge", m[1]))
		if len(here)+len(bridge) == 0 {
			t.Errorf("there is no file %s", m[1])
		}
	}
	for kind := range itemKinds {
		if !strings.Contains(page, "`"+kind+"`") {
			t.Errorf("the item %s is not in it", kind)
		}
	}
	events, err := os.ReadFile("events.go")
	if err != nil {
		t.Fatal(err)
	}
	names := regexp.MustCompile(`"(response\.[a-z_.]+)"`).FindAllStringSubmatch(string(events), -1)
	if len(names) < 20 {
		t.Fatalf("only %d events in events.go", len(names))
	}
	for _, m := range names {
		if !strings.Contains(page, "`"+m[1]+"`") {
			t.Errorf("the event %s is not in it", m[1])
		}
	}
}

// testsBelow are the names of all tests in these folders.
func testsBelow(t *testing.T, folders ...string) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	declaration := regexp.MustCompile(`(?m)^func (Test\w+)\(`)
	for _, folder := range folders {
		files, err := filepath.Glob(filepath.Join(folder, "*", "*_test.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no tests in %s (%v)", folder, err)
		}
		for _, file := range files {
			source, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range declaration.FindAllStringSubmatch(string(source), -1) {
				found[m[1]] = true
			}
		}
	}
	return found
}
