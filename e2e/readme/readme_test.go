//go:build e2e

package readme

import (
	"encoding/json"
	"fmt"
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
	"git clone https://github.com/BlockRunAI/clawrouter-codex": "a copy of the tree instead, in copyTree",
	"cd clawrouter-codex":                       "TestMakeRunDemo, in that copy",
	"make run DEMO=1":                           "TestMakeRunDemo",
	"make run":                                  "TestMakeRun",
	"make test":                                 "the run that this test is part of",
	"go install .":                              "TestGoInstall",
	"npm install -g @openai/codex":              "e2e/install.sh, into e2e/ instead",
	"codex --profile clawrouter":                "TestMakeRunDemo",
	"codex --profile clawrouter -m zai/glm-5.2": "TestMakeRunDemo",
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

// setting is one of `config show`, as somebody sees it who has set none.
type setting struct{ Key, Env, Value, About string }

func settingsOf(t *testing.T) []setting {
	t.Helper()
	home := t.TempDir()
	stdout, stderr, exit := stage.Run(t, time.Minute, stage.Command{
		Path: stage.Program(), Args: []string{"config", "show", "--json"}, Folder: home,
		Env: []string{"HOME=" + home, "GORACE=atexit_sleep_ms=0"},
	})
	var answer struct{ Data struct{ Settings []setting } }
	if err := json.Unmarshal([]byte(stdout), &answer); err != nil || exit != 0 || len(answer.Data.Settings) == 0 {
		t.Fatalf("config show ended with %d: %s%s", exit, stdout, stderr)
	}
	for i, s := range answer.Data.Settings {
		answer.Data.Settings[i].Value = strings.Replace(s.Value, home, "~", 1)
	}
	return answer.Data.Settings
}

// The table of settings is the program's own.
func TestTableOfSettings(t *testing.T) {
	code := func(text string) string {
		if text == "" {
			return ""
		}
		return "`" + text + "`"
	}
	var want strings.Builder
	want.WriteString("| setting | variable | default | meaning |\n|---|---|---|---|\n")
	for _, s := range settingsOf(t) {
		fmt.Fprintf(&want, "| %s | %s | %s | %s |\n", code(s.Key), code(s.Env), code(s.Value), s.About)
	}
	_, table, _ := strings.Cut(readme(t), "| setting |")
	table, _, _ = strings.Cut("| setting |"+table, "\n\n")
	if diff := cmp.Diff(want.String(), table+"\n"); diff != "" {
		t.Errorf("table of settings (-program, +README):\n%s", diff)
	}
}

// Each variable that the README names is one that the program reads.
func TestVariablesAreKnown(t *testing.T) {
	help, _ := program(t, "--help")
	known := map[string]bool{}
	for _, s := range settingsOf(t) {
		known[s.Env] = true
	}
	for _, match := range variable.FindAllStringSubmatch(readme(t), -1) {
		if !known[match[1]] && !strings.Contains(help, match[1]) {
			t.Errorf("the program does not know %s", match[1])
		}
	}
}

var (
	codeSpan = regexp.MustCompile("`([^`\n]+)`")
	notWord  = regexp.MustCompile(`[^a-z-]+`)
	word     = regexp.MustCompile(`^[a-z][a-z-]*$`)
)

var notSpans = regexp.MustCompile("(?s)```.*?```|``.*?``")

// codeSpans are the pieces of code in sentences and tables.
func codeSpans(text string) []string {
	var spans []string
	for _, match := range codeSpan.FindAllStringSubmatch(notSpans.ReplaceAllString(text, ""), -1) {
		spans = append(spans, strings.TrimSpace(match[1]))
	}
	return spans
}

// Each command of ours in a sentence or a table is one that the program has, with
// the flags that it has.
func TestCommandsInSentencesAreKnown(t *testing.T) {
	var n int
	for _, span := range codeSpans(readme(t)) {
		words := strings.Fields(span)
		if words[0] != "clawrouter-codex" || len(words) == 1 {
			continue
		}
		n++
		help, exit := program(t, append(words[1:], "--help")...)
		_, usage, _ := strings.Cut(help, "Usage:\n  ")
		usage, _, _ = strings.Cut(usage, "\n")
		taken := notWord.Split(usage, -1)
		for _, w := range words {
			if !word.MatchString(w) {
				break // a flag, or a value
			}
			if exit != 0 || !slices.Contains(taken, w) {
				t.Errorf("%s: exit %d, and %q is not in its usage: %s", span, exit, w, usage)
			}
		}
	}
	if n == 0 {
		t.Error("the README names no command")
	}
}

// inlineTried are the commands of others in sentences and tables, and who tries
// them.
var inlineTried = map[string]string{
	"sudo apt install ./clawrouter-codex_*_amd64.deb ./clawrouter-codex-panel_*_amd64.deb":                 "e2e/dist TestDebianPackage, with dpkg in a scratch root",
	"mkdir -p ~/.local && tar -xzf clawrouter-codex_*_linux_amd64.tar.gz -C ~/.local --strip-components=1": "e2e/dist TestLinuxArchive",
	"npx @blockrun/clawrouter-codex up":                        "e2e/dist TestNPM, from packages on disk",
	"npx @blockrun/clawrouter-codex":                           "e2e/dist TestNPM",
	"go install github.com/BlockRunAI/clawrouter-codex@latest": "TestGoInstallLatest",
	"make panel":                         "e2e/desktop, which builds the same",
	"make run":                           "TestMakeRun",
	"man clawrouter-codex":               "e2e/dist TestManualPage",
	"npx -y @blockrun/clawrouter@latest": "the default of a setting; the real ClawRouter cannot be had where tests run",
}

func TestEveryInlineCommandIsTried(t *testing.T) {
	got := map[string]bool{}
	for _, span := range codeSpans(readme(t)) {
		switch first, _, more := strings.Cut(span, " "); first {
		case "sudo", "apt", "mkdir", "tar", "npx", "npm", "go", "make", "man":
			if more { // else it is the name of a setting
				got[span] = true
			}
		}
	}
	want := map[string]bool{}
	for command := range inlineTried {
		want[command] = true
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("commands in sentences (-tried, +written):\n%s", diff)
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
