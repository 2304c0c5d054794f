//go:build e2e

package readme

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/BlockRunAI/clawrouter-codex/e2e/stage"
)

func TestMain(m *testing.M) { stage.Main(m) }

func readme(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(stage.Root(), "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

var shellBlock = regexp.MustCompile("(?ms)^ *```sh\n(.*?)^ *```$")

// shellLines are the lines of all blocks that a user may paste into a shell.
func shellLines(text string) []string {
	var lines []string
	for _, block := range shellBlock.FindAllStringSubmatch(text, -1) {
		for line := range strings.Lines(block[1]) {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	return lines
}

// tried says which test tries a command of the README; a command that is not
// here, or one that is here but no longer in the README, fails the test.
var tried = map[string]string{
	"make run DEMO=1":              "TestMakeRunDemo",
	"make run":                     "TestMakeRun",
	"make test":                    "the run that this test is part of",
	"go install .":                 "TestGoInstall",
	"npm install -g @openai/codex": "e2e/install.sh, into e2e/ instead",
	"codex --profile clawrouter":   "TestMakeRunDemo",
	"codex --profile clawrouter -m zai/glm-5.2":                       "TestMakeRunDemo",
	`codex exec --profile clawrouter "what does this repository do?"`: "TestMakeRunDemo",
}

func TestEveryCommandIsTried(t *testing.T) {
	want := slices.Sorted(maps.Keys(tried))
	got := slices.Sorted(slices.Values(shellLines(readme(t))))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("commands of the README (-tried, +written):\n%s", diff)
	}
}

func program(t *testing.T, args ...string) (string, int) {
	t.Helper()
	home := t.TempDir()
	stdout, stderr, exit := stage.Run(t, time.Minute, stage.Command{
		Path: stage.Program(), Args: args, Folder: home,
		Env: []string{"HOME=" + home, "PATH=" + os.Getenv("PATH"), "GORACE=atexit_sleep_ms=0"},
	})
	return stdout + stderr, exit
}

var (
	tableRow    = regexp.MustCompile("(?m)^\\| `clawrouter-codex ([a-z-]+)[^`]*` \\|")
	helpCommand = regexp.MustCompile(`(?m)^  ([a-z-]+) +\S`)
	variable    = regexp.MustCompile("`([A-Z][A-Z_]+)`")
)

func TestTableOfCommandsIsComplete(t *testing.T) {
	help, exit := program(t, "--help")
	if exit != 0 {
		t.Fatalf("--help ended with %d: %s", exit, help)
	}
	_, list, _ := strings.Cut(help, "Available Commands:")
	list, _, _ = strings.Cut(list, "Flags:")
	offered := map[string]bool{}
	for _, match := range helpCommand.FindAllStringSubmatch(list, -1) {
		if match[1] != "help" {
			offered[match[1]] = true
		}
	}
	written := map[string]bool{}
	for _, match := range tableRow.FindAllStringSubmatch(readme(t), -1) {
		written[match[1]] = true
	}
	if diff := cmp.Diff(offered, written); diff != "" || len(offered) == 0 {
		t.Errorf("commands (-offered, +written):\n%s", diff)
	}
}

// Each setting that the README names stands in --help.
func TestVariablesAreKnown(t *testing.T) {
	help, _ := program(t, "--help")
	var n int
	for _, match := range variable.FindAllStringSubmatch(readme(t), -1) {
		n++
		if !strings.Contains(help, match[1]) {
			t.Errorf("--help does not know %s", match[1])
		}
	}
	if n == 0 {
		t.Error("the README names no setting")
	}
}

func TestHeadlessAndJSON(t *testing.T) {
	out, exit := program(t, "--headless", "version", "--json")
	if exit != 0 || !strings.HasPrefix(out, `{"ok":true`) {
		t.Errorf("--headless version --json ended with %d: %s", exit, out)
	}
}

func TestLinksLeadSomewhere(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)]+)\)`)
	for _, match := range link.FindAllStringSubmatch(readme(t), -1) {
		if strings.Contains(match[1], "://") {
			continue
		}
		if _, err := os.Stat(filepath.Join(stage.Root(), match[1])); err != nil {
			t.Error(err)
		}
	}
}
