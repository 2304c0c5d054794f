package main

import (
	"fmt"
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
)

// feature is what the tests of one file of e2e/codex are about.
type feature struct{ file, title string }

// features are the rows of the page, in its order.
var features = []feature{
	{"shell_test.go", "Answers, commands, long sessions"},
	{"patch_test.go", "Patches"},
	{"mcp_test.go", "MCP servers"},
	{"images_test.go", "Pictures"},
	{"subagent_test.go", "Sub-agents"},
	{"schema_test.go", "Answers by a schema"},
	{"resume_test.go", "Resumed threads, with their reasoning"},
	{"compaction_test.go", "Compaction"},
	{"websearch_test.go", "Web search"},
	{"model_test.go", "Menu bar choice"},
	{"leak_test.go", "Answers that ClawRouter spoils"},
	{"errors_test.go", "Errors told once, in words"},
	{"paidonce_test.go", "A broken answer is paid once"},
	{"profile_test.go", "Profile file"},
	{"key_test.go", "The bridge's key"},
	{"catalog_test.go", "Model list"},
	{"desktop_test.go", "Desktop, and Codex without a profile"},
}

// codexTest is one test of e2e/codex.
type codexTest struct {
	name, file string
	about      string // the first sentence of its comment
}

// codexTests reads them from the source, in the order of the rows.
func codexTests(folder string) ([]codexTest, error) {
	paths, err := filepath.Glob(filepath.Join(folder, "*_test.go"))
	if err != nil {
		return nil, err
	}
	var all []codexTest
	for _, path := range paths {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
		if err != nil {
			return nil, fmt.Errorf("read the tests: %w", err)
		}
		for _, d := range file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Recv != nil || !strings.HasPrefix(f.Name.Name, "Test") || f.Name.Name == "TestMain" {
				continue
			}
			about := strings.TrimSuffix(new(doc.Package).Synopsis(f.Doc.Text()), ".")
			all = append(all, codexTest{f.Name.Name, filepath.Base(path), about})
		}
	}
	slices.SortStableFunc(all, func(a, b codexTest) int { return row(a.file) - row(b.file) })
	return all, nil
}

func row(file string) int {
	return slices.IndexFunc(features, func(f feature) bool { return f.file == file })
}
