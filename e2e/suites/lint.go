package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
)

// lint runs the linter that build/lint/go.mod pins, with the list of
// .golangci.yml. Its build takes two minutes on two cold cores.
func lint(ctx context.Context, log io.Writer) outcome {
	folder, err := filepath.Abs(".cache")
	if err != nil {
		return outcome{failed: 1, detail: err.Error()}
	}
	linter := filepath.Join(folder, "bin", "golangci-lint")
	for _, args := range [][]string{
		{"go", "build", "-C", filepath.Join("build", "lint"), "-o", linter, "github.com/golangci/golangci-lint/v2/cmd/golangci-lint"},
		{linter, "run", "--allow-parallel-runners", "--timeout=20m", "./..."},
	} {
		out, err := command(ctx, []string{"GOLANGCI_LINT_CACHE=" + filepath.Join(folder, "lint")}, args[0], args[1:]...).CombinedOutput()
		log.Write(out)
		if err != nil {
			return outcome{failed: 1, detail: fmt.Sprintf("%s%s: %v", out, filepath.Base(args[0]), err)}
		}
	}
	return outcome{passed: 1}
}
