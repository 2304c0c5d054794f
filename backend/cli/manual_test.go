package cli

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// everyCommand calls look with each command that does something itself.
func everyCommand(look func(cmd *cobra.Command, path string)) {
	a := &app{}
	var walk func(cmd *cobra.Command, path string)
	walk = func(cmd *cobra.Command, path string) {
		if len(cmd.Commands()) == 0 {
			look(cmd, strings.TrimSpace(path))
			return
		}
		for _, sub := range cmd.Commands() {
			walk(sub, path+" "+sub.Name())
		}
	}
	walk(a.root(), "")
}

// Every command is shown at work by the script that bears its name, with --json
// too where it answers with something.
func TestEveryCommandHasAScript(t *testing.T) {
	seen := 0
	everyCommand(func(_ *cobra.Command, path string) {
		seen++
		name, _, _ := strings.Cut(path, " ")
		if name == "resume" {
			name = "pause" // one page for both
		}
		text, err := os.ReadFile(filepath.Join("testdata", name+".txt"))
		if err != nil {
			t.Errorf("%s: %v", path, err)
			return
		}
		var runs []string
		for line := range strings.Lines(string(text)) {
			if strings.Contains(line, "exec clawrouter-codex "+path) {
				runs = append(runs, line)
			}
		}
		switch {
		case len(runs) == 0:
			t.Errorf("%s.txt does not run %q", name, path)
		case path != "sim" && !strings.Contains(string(text), "--json"):
			t.Errorf("%s.txt does not show --json", name)
		}
	})
	if seen < 15 {
		t.Errorf("only %d commands were seen", seen)
	}
}

// Every command explains itself, and shows an example that begins with it.
func TestEveryCommandExplainsItself(t *testing.T) {
	everyCommand(func(cmd *cobra.Command, path string) {
		if cmd.Short == "" || strings.HasSuffix(cmd.Short, ".") || cmd.Long == "" {
			t.Errorf("%s: short %q, long %d bytes", path, cmd.Short, len(cmd.Long))
		}
		if !strings.Contains(cmd.Example, "clawrouter-codex "+path) && !strings.Contains(cmd.Example, "--headless") {
			t.Errorf("%s: its example is %q", path, cmd.Example)
		}
	})
}

// The README's table of exit codes is that of the program.
func TestExitCodesAreDocumented(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, table, found := strings.Cut(string(readme), "| exit code | meaning |")
	if !found {
		t.Fatal("the README has no table of exit codes")
	}
	var documented []string
	for line := range strings.Lines(table) {
		if cells := strings.Split(line, "|"); len(cells) == 4 && !strings.Contains(line, "---") {
			documented = append(documented, strings.TrimSpace(cells[1])+" "+strings.TrimSpace(cells[2]))
		} else if strings.TrimSpace(line) != "" && !strings.Contains(line, "---") {
			break
		}
	}
	_, help, _ := strings.Cut(strings.Join(strings.Fields(rootLong), " "), "Exit codes: ")
	if want := strings.Split(strings.TrimSuffix(help, "."), " · "); !slices.Equal(documented, want) {
		t.Errorf("the README says %q, the help %q", documented, want)
	}
	for i, code := range []int{exitOK, exitFailed, exitUsage, exitMissing, exitTaken} {
		if code != i || i >= len(documented) || documented[i][0] != byte('0'+i) {
			t.Errorf("exit code %d is not documented", code)
		}
	}
}
