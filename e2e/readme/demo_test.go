//go:build e2e

package readme

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/e2e/stage"
)

// copyTree copies what git would hand to a new user, changes of today among it.
func copyTree(t *testing.T) string {
	t.Helper()
	folder := filepath.Join(stage.Folder(t), "clone")
	list := exec.Command("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	list.Dir = stage.Root()
	out, err := list.Output()
	if err != nil {
		t.Fatalf("git ls-files: %v", err)
	}
	for name := range strings.SplitSeq(strings.TrimRight(string(out), "\x00"), "\x00") {
		info, err := os.Stat(filepath.Join(stage.Root(), name))
		if os.IsNotExist(err) {
			continue // deleted, and not yet committed
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(filepath.Join(stage.Root(), name))
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, text, info.Mode()); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// goEnv keeps Go's caches, so that a new home does not compile all again.
func goEnv(t *testing.T) []string {
	t.Helper()
	var env []string
	for _, name := range []string{"GOCACHE", "GOMODCACHE", "GOPROXY", "GOSUMDB", "GOFLAGS"} {
		out, err := exec.Command("go", "env", name).Output()
		if err != nil {
			t.Fatalf("go env %s: %v", name, err)
		}
		env = append(env, name+"="+strings.TrimSpace(string(out)))
	}
	return env
}

// makeLimit covers a first build, of Go's own packages too, on two cores that
// compile something else.
const makeLimit = 5 * time.Minute

// makeRun starts `make run` in a copy of the tree, for a user whose home is
// empty, and returns the codex line that it printed.
func makeRun(t *testing.T, args []string, env ...string) (home, clone, line string, p *stage.Process) {
	t.Helper()
	clone = copyTree(t)
	home = filepath.Join(filepath.Dir(clone), "home")
	if err := os.Mkdir(home, 0o700); err != nil {
		t.Fatal(err)
	}
	makePath, err := exec.LookPath("make")
	if err != nil {
		t.Fatal(err)
	}
	p = stage.Start(t, stage.Command{
		Path: makePath, Args: append([]string{"run"}, args...), Folder: clone,
		Env: slices.Concat(goEnv(t), env, []string{
			"HOME=" + home, "PATH=" + os.Getenv("PATH"),
			fmt.Sprintf("PORT=%d", stage.FreePort(t)), fmt.Sprintf("PROXY_PORT=%d", stage.FreePort(t)),
		}),
	})
	ctx, cancel := context.WithTimeout(t.Context(), makeLimit)
	defer cancel()
	if err := stage.Eventually(ctx, func() error {
		select {
		case <-p.Ended():
			cancel()
		default:
		}
		match := codexLine.FindString(p.Output())
		if line = strings.TrimSpace(match); line == "" {
			return fmt.Errorf("no codex line in:\n%s", p.Output())
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return home, clone, line, p
}

var codexLine = regexp.MustCompile(`(?m)^ {4}(\w+=\S+ )?codex --profile clawrouter$`)

// runLine runs a printed or written codex line without a person: exec is put in,
// the prompt behind it, and what makes Codex speak JSON and ask nothing.
func runLine(t *testing.T, line, prompt, home, folder string) string {
	t.Helper()
	line = strings.Replace(line, "codex exec ", "codex ", 1)
	line = strings.TrimSuffix(line, ` "what does this repository do?"`)
	line += ` exec --json --skip-git-repo-check --dangerously-bypass-approvals-and-sandbox -- '` + prompt + `'`
	bin := filepath.Join(stage.Root(), "e2e", "node_modules", ".bin")
	stdout, stderr, exit := stage.Run(t, 90*time.Second, stage.Command{
		Path: "/bin/sh", Args: []string{"-c", line}, Folder: folder,
		Env: []string{"HOME=" + home, "PATH=" + bin + string(os.PathListSeparator) + os.Getenv("PATH")},
	})
	if exit != 0 {
		t.Errorf("%s ended with %d\n%s%s", line, exit, stdout, stderr)
	}
	return stdout
}

// A new user runs the demo, then the line that it prints, then the lines of the
// README, and finds nothing of theirs touched.
func TestMakeRunDemo(t *testing.T) {
	home, clone, line, p := makeRun(t, []string{"DEMO=1"})

	out := runLine(t, line, "Please run `echo from the demo > demo.txt`", home, clone)
	if text, err := os.ReadFile(filepath.Join(clone, "demo.txt")); err != nil || string(text) != "from the demo\n" {
		t.Errorf("demo.txt holds %q (%v); codex said:\n%s", text, err, out)
	}
	place := strings.TrimSuffix(line, "codex --profile clawrouter")
	for _, written := range shellLines(readme(t)) {
		if strings.HasPrefix(written, "codex ") {
			if out := runLine(t, place+written, "Say something.", home, clone); !strings.Contains(out, `"turn.completed"`) {
				t.Errorf("%s completed no turn:\n%s", written, out)
			}
		}
	}
	for _, name := range []string{".codex", ".clawrouter-codex", ".blockrun", ".openclaw"} {
		if _, err := os.Stat(filepath.Join(home, name)); !os.IsNotExist(err) {
			t.Errorf("the demo made %s in the user's home (%v)", name, err)
		}
	}
	p.Stop(t)
}

// The same without DEMO, where ClawRouter can be started: Codex's own folder
// gets the profile, and the line of the README is all that is needed.
func TestMakeRun(t *testing.T) {
	home, clone, line, p := makeRun(t, nil, "CLAWROUTER_CMD="+stage.Program()+" sim")
	if line != "codex --profile clawrouter" {
		t.Errorf("the line is %q", line)
	}
	if strings.Contains(p.Output(), "DEMO") {
		t.Errorf("a demo was started:\n%s", p.Output())
	}
	out := runLine(t, line, "Please run `echo for real > real.txt`", home, clone)
	if text, err := os.ReadFile(filepath.Join(clone, "real.txt")); err != nil || string(text) != "for real\n" {
		t.Errorf("real.txt holds %q (%v); codex said:\n%s", text, err, out)
	}
	if _, err := os.Stat(filepath.Join(home, ".codex", "clawrouter.config.toml")); err != nil {
		t.Error(err)
	}
	p.Stop(t)
}

// Where ClawRouter cannot be started, `make run` says why before it starts the
// demo. The command is one that no machine has, so that none is started here.
func TestMakeRunSaysWhyItIsADemo(t *testing.T) {
	const missing = "no-such-clawrouter"
	_, _, _, p := makeRun(t, nil, "CLAWROUTER_CMD="+missing)
	for _, want := range []string{"cannot be started", missing, "DEMO"} {
		if !strings.Contains(p.Output(), want) {
			t.Errorf("no %q in:\n%s", want, p.Output())
		}
	}
	p.Stop(t)
}

func TestGoInstall(t *testing.T) {
	bin := t.TempDir()
	install := exec.Command("go", "install", ".")
	install.Dir = stage.Root()
	install.Env = append(os.Environ(), "GOBIN="+bin)
	if out, err := install.CombinedOutput(); err != nil {
		t.Fatalf("go install .: %v\n%s", err, out)
	}
	if _, err := os.Stat(filepath.Join(bin, "clawrouter-codex")); err != nil {
		t.Error(err)
	}
}
