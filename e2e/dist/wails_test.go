//go:build e2e

package dist

import (
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/BlockRunAI/clawrouter-codex/e2e/stage"
)

// "wails build" makes the panel's window, and leaves the checkout as it was. It
// installs the page's packages and builds twice, which takes some minutes.
func TestWailsBuild(t *testing.T) {
	if !all() || runtime.GOOS != "linux" {
		t.Skip("only with DIST_ALL, and for the window of Linux")
	}
	need(t, "npm", "npm")
	clone := filepath.Join(scratch, "wails")
	if err := cloneTo(clone); err != nil {
		t.Fatal(err)
	}
	if _, err := run(clone, nil, "git", "add", "--all"); err != nil {
		t.Fatal(err)
	}
	if out, err := run(clone, nil, "go", "tool", "-modfile="+filepath.Join(stage.Root(), "build", "wails", "go.mod"), "wails", "build", "-nocolour"); err != nil {
		t.Fatal(err)
	} else {
		t.Log(out)
	}
	program := filepath.Join(clone, "build", "bin", "clawrouter-codex-panel")
	if libraries := linked(t, program); !slices.ContainsFunc(libraries, func(l string) bool { return strings.HasPrefix(l, "libwebkit2gtk-4.1.") }) {
		t.Errorf("it is linked to %v, and to no web view", libraries)
	}
	if changed, err := run(clone, nil, "git", "diff", "--stat"); err != nil || changed != "" {
		t.Errorf("%v%s", err, changed)
	}
}
