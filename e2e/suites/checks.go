package main

import (
	"context"
	"fmt"
	"io"
	"strings"
)

// check is one command that must exit 0, and where quiet is set must also
// print nothing.
type check struct {
	name  string
	env   []string
	args  []string
	quiet bool
}

// checks are the ones that read the code and run none of it. The other two
// systems are vetted without cgo, which is how their command line is built.
func checks(ctx context.Context, log io.Writer) outcome {
	files, err := goFiles(ctx)
	if err != nil {
		return outcome{failed: 1, detail: err.Error()}
	}
	list := []check{
		{name: "gofmt", args: append([]string{"gofmt", "-l"}, files...), quiet: true},
		{name: "vet", args: []string{"go", "vet", "./..."}},
		{name: "vet e2e", args: []string{"go", "vet", "-tags=e2e", "./e2e/..."}},
		{name: "vet macOS", env: []string{"GOOS=darwin", "CGO_ENABLED=0"}, args: []string{"go", "vet", "./..."}},
		{name: "vet Windows", env: []string{"GOOS=windows", "CGO_ENABLED=0"}, args: []string{"go", "vet", "./..."}},
		// Tray and window in one, which needs no cgo there.
		{name: "build Windows", env: []string{"GOOS=windows", "CGO_ENABLED=0"}, args: []string{"go", "build", "-o", ".cache/bin/clawrouter-codex-app.exe",
			"-tags=desktop,production", "-ldflags=-H windowsgui -s -w", "."}},
	}
	var sum outcome
	for _, c := range list {
		out, err := command(ctx, c.env, c.args[0], c.args[1:]...).CombinedOutput()
		fmt.Fprintf(log, "# %s\n%s", c.name, out)
		if err == nil && (!c.quiet || len(out) == 0) {
			sum.passed++
			continue
		}
		sum.failed++
		sum.detail += fmt.Sprintf("--- %s\n%s", c.name, out)
		if err != nil {
			sum.detail += err.Error() + "\n"
		}
	}
	return sum
}

// goFiles lists every Go file of the module, whatever its build tags say.
func goFiles(ctx context.Context) ([]string, error) {
	const each = `{{$d := .Dir}}{{range .GoFiles}}{{$d}}/{{.}}
{{end}}{{range .CgoFiles}}{{$d}}/{{.}}
{{end}}{{range .IgnoredGoFiles}}{{$d}}/{{.}}
{{end}}{{range .TestGoFiles}}{{$d}}/{{.}}
{{end}}{{range .XTestGoFiles}}{{$d}}/{{.}}
{{end}}`
	cmd := command(ctx, nil, "go", "list", "-e", "-f", each, "./...")
	var complaint strings.Builder
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w\n%s", err, complaint.String())
	}
	return strings.Fields(string(out)), nil
}
