//go:build e2e

package codex

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/e2e/stage"
)

func TestMain(m *testing.M) { stage.Main(m) }

// turnLimit ends a Codex that waits for ever, for instance for a network that
// it thinks is down.
const turnLimit = 90 * time.Second

// older reports whether CODEX_VERSION names another Codex than the pinned one.
// The few tests that ask it say what that release does otherwise.
func older() bool { return os.Getenv("CODEX_VERSION") != "" }

// codexPath is the Codex under test: the pinned one, or the release that
// CODEX_VERSION names.
func codexPath(t testing.TB) string {
	t.Helper()
	folder := "e2e"
	if version := os.Getenv("CODEX_VERSION"); version != "" {
		folder = filepath.Join(".cache", "codex-"+version)
	}
	path := filepath.Join(stage.Root(), folder, "node_modules", ".bin", "codex")
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("%v; e2e/install.sh installs it", err)
	}
	return path
}

// codex is one user: a link, a CODEX_HOME that our setup wrote, and a folder
// to work in.
type codex struct {
	t    testing.TB
	link *stage.Link
	work string
}

// newCodex starts a link and runs setup.
func newCodex(t testing.TB, options ...stage.Option) *codex {
	t.Helper()
	link := stage.StartLink(t, options...)
	link.Setup(t, codexPath(t))
	work := filepath.Join(link.Folder, "work")
	if err := os.Mkdir(work, 0o700); err != nil {
		t.Fatal(err)
	}
	c := &codex{t: t, link: link, work: work}
	if !profiles(t) {
		c.switchOn()
	}
	return c
}

// profiles reports whether the Codex under test reads profile files. The releases
// that do not are tried on a base config that is switched on.
func profiles(t testing.TB) bool {
	t.Helper()
	help, _, _ := stage.Run(t, time.Minute, stage.Command{Path: codexPath(t), Args: []string{"--help"}, Folder: stage.Root()})
	_, about, ok := strings.Cut(help, "--profile <")
	about, _, _ = strings.Cut(about, "--")
	return ok && strings.Contains(about, ".config.toml")
}

// switchOn lets a Codex without a profile use the link.
func (c *codex) switchOn() {
	c.t.Helper()
	// Our table in the base config has requires_openai_auth: Codex wants a login.
	login := filepath.Join(c.link.CodexHome, "auth.json")
	if err := os.WriteFile(login, []byte(`{"OPENAI_API_KEY":"sk-not-a-key"}`), 0o600); err != nil {
		c.t.Fatal(err)
	}
	stdout, stderr, exit := stage.Run(c.t, time.Minute, stage.Command{Path: stage.Program(), Args: []string{"desktop", "on"}, Env: c.link.Env(), Folder: c.work})
	if exit != 0 {
		c.t.Fatalf("desktop on ended with %d\n%s%s", exit, stdout, stderr)
	}
}

// exec runs one `codex exec` with the prompt; flags stand before it.
func (c *codex) exec(prompt string, flags ...string) *run {
	c.t.Helper()
	return c.command(flags, "--", prompt)
}

// resume goes on with the session of an earlier run. Only what stands before
// the word resume may be a profile.
func (c *codex) resume(session, prompt string, flags ...string) *run {
	c.t.Helper()
	return c.command(flags, "resume", session, "--", prompt)
}

func (c *codex) command(flags []string, rest ...string) *run {
	c.t.Helper()
	own := []string{"exec", "--json", "--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox"}
	if profiles(c.t) {
		own = append(own, "--profile", "clawrouter")
	}
	args := slices.Concat(own, flags, rest)
	stdout, stderr, exit := stage.Run(c.t, turnLimit, stage.Command{
		Path: codexPath(c.t), Args: args, Env: c.link.Env(), Folder: c.work,
	})
	r := &run{t: c.t, exit: exit, stderr: stderr, codexHome: c.link.CodexHome}
	for line := range strings.Lines(stdout) {
		var e event
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			c.t.Fatalf("codex printed what is not JSON: %q", line)
		}
		r.events = append(r.events, e)
	}
	c.t.Cleanup(func() {
		if c.t.Failed() {
			c.t.Logf("codex %s\nexit %d\n%s\n%s", strings.Join(args, " "), exit, stdout, stderr)
		}
	})
	return r
}

// read returns a file of the folder that Codex worked in.
func (c *codex) read(name string) string {
	c.t.Helper()
	text, err := os.ReadFile(filepath.Join(c.work, name))
	if err != nil {
		c.t.Fatal(err)
	}
	return string(text)
}
