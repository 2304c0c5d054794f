//go:build e2e

package codex

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/e2e/stage"
)

// ownProvider stands for what the user had before: it answers every turn with
// the same word, and remembers the models that were asked for.
type ownProvider struct {
	URL string

	mu     sync.Mutex
	models []string
}

func newOwnProvider(t *testing.T) *ownProvider {
	t.Helper()
	p := &ownProvider{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var request struct{ Model string }
		if r.Method != http.MethodPost || json.NewDecoder(r.Body).Decode(&request) != nil {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		p.mu.Lock()
		p.models = append(p.models, request.Model)
		p.mu.Unlock()
		w.Header().Set("Content-Type", "text/event-stream")
		for _, event := range []string{
			`{"type":"response.created","response":{"id":"r"}}`,
			`{"type":"response.output_item.done","item":{"type":"message","role":"assistant","content":[{"type":"output_text","text":"own"}]}}`,
			`{"type":"response.completed","response":{"id":"r"}}`,
		} {
			fmt.Fprintf(w, "data: %s\n\n", event)
		}
	}))
	t.Cleanup(server.Close)
	p.URL = server.URL
	return p
}

func (p *ownProvider) asked() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.models, " ")
}

// desktopUser is a user with a provider and comments of their own in config.toml.
type desktopUser struct {
	*codex
	own      *ownProvider
	original string
}

func newDesktopUser(t *testing.T) *desktopUser {
	t.Helper()
	u := &desktopUser{codex: newCodex(t), own: newOwnProvider(t)}
	// A repository of its own: what Codex trusts is then this folder, and not the
	// checkout that it is in, or the one that this is a worktree of.
	if out, err := exec.CommandContext(t.Context(), "git", "init", "-q", u.work).CombinedOutput(); err != nil {
		t.Fatalf("git init: %v\n%s", err, out)
	}
	u.original = "# my own\nmodel_provider = 'mine' # the best\n\n\nmodel   = \"own-model\"\n\n" +
		"[model_providers.mine] # here\nname = \"Mine\"\nbase_url = \"" + u.own.URL + "/v1\"\nwire_api = \"responses\"\nrequest_max_retries = 0\nstream_max_retries = 0\n\n" +
		// Codex until 0.140 adds this itself when it runs here.
		"[projects.\"" + u.work + "\"]\ntrust_level = \"trusted\"\n\n" +
		"[tui]\n# nothing yet"
	u.write("config.toml", u.original)
	// Our table has requires_openai_auth: Codex wants to be logged in.
	u.write("auth.json", `{"OPENAI_API_KEY":"sk-not-a-key"}`)
	return u
}

func (u *desktopUser) write(name, text string) {
	u.t.Helper()
	if err := os.WriteFile(filepath.Join(u.link.CodexHome, name), []byte(text), 0o600); err != nil {
		u.t.Fatal(err)
	}
}

func (u *desktopUser) config() string { return readFile(u.t, u.link.CodexHome, "config.toml") }

func readFile(t testing.TB, parts ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(parts...))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// ours runs the program under test.
func (u *desktopUser) ours(args ...string) {
	u.t.Helper()
	stdout, stderr, exit := stage.Run(u.t, time.Minute, stage.Command{Path: stage.Program(), Args: args, Env: u.link.Env(), Folder: u.work})
	if exit != 0 {
		u.t.Fatalf("clawrouter-codex %s ended with %d\n%s%s", strings.Join(args, " "), exit, stdout, stderr)
	}
}

// theirs runs Codex on a CODEX_HOME.
func (u *desktopUser) theirs(home string, args ...string) string {
	u.t.Helper()
	stdout, stderr, exit := stage.Run(u.t, turnLimit, stage.Command{
		Path: codexPath(u.t), Args: args, Env: append(u.link.Env(), "CODEX_HOME="+home), Folder: u.work,
	})
	if exit != 0 {
		u.t.Fatalf("codex %s ended with %d\n%s%s", strings.Join(args, " "), exit, stdout, stderr)
	}
	return stdout
}

// change is what a user does in Codex while the switch is on.
func (u *desktopUser) change(home string) {
	u.t.Helper()
	u.theirs(home, "mcp", "add", "files", "--env", "TOKEN=x", "--", "files", "--root", "/srv")
	u.theirs(home, "features", "enable", "goals")
	u.theirs(home, "mcp", "add", "docs", "--url", "https://docs.example.com/mcp")
}

// changed is what Codex makes of a config with the same change.
func (u *desktopUser) changed(text string) string {
	u.t.Helper()
	home, err := os.MkdirTemp(u.link.Folder, "other-")
	if err != nil {
		u.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(home, "config.toml"), []byte(text), 0o600); err != nil {
		u.t.Fatal(err)
	}
	u.change(home)
	return readFile(u.t, home, "config.toml")
}

// plain runs a turn without a profile.
func (u *desktopUser) plain() {
	u.t.Helper()
	u.theirs(u.link.CodexHome, "exec", "--json", "--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox", "--", "Say hello.")
}

// Plain Codex runs on the link while the switch is on, and on the user's own
// provider before and after; what Codex wrote meanwhile is exactly what it would
// have written without us.
func TestDesktopSwitch(t *testing.T) {
	t.Parallel()
	u := newDesktopUser(t)
	u.ours("desktop", "on")
	u.plain()
	if chats := u.link.Chats(t); len(chats) == 0 || u.own.asked() != "" {
		t.Fatalf("%d calls came to the link, %q to the user's own provider", len(chats), u.own.asked())
	}
	calls := len(u.link.Chats(t))
	u.change(u.link.CodexHome)
	u.ours("desktop", "off")
	off := u.config()
	table, rest, ok := cutTable(off)
	if !ok {
		t.Fatalf("no table of ours is left in\n%s", off)
	}
	if want := u.changed(u.original + "\n" + table); off != want {
		t.Errorf("off leaves\n%s\nwant\n%s\n(rest %q)", off, want, rest)
	}
	u.plain()
	if len(u.link.Chats(t)) != calls || u.own.asked() != "own-model" {
		t.Errorf("after off %d more calls came to the link, %q to the user's own provider", len(u.link.Chats(t))-calls, u.own.asked())
	}
	u.link.Bridge.Stop(t)
	u.ours("uninstall")
	if got, want := u.config(), u.changed(u.original); got != want {
		t.Errorf("uninstall leaves\n%s\nwant\n%s", got, want)
	}
}

// cutTable finds our table, from the blank line before it to its last key, which
// is the one that carries the bridge's own.
func cutTable(text string) (table, rest string, ok bool) {
	const header, last = "\n[model_providers.clawrouter]\n", "\nhttp_headers = { x-clawrouter-key = "
	_, found, ok := strings.Cut(text, header)
	keys, rest, headers := strings.Cut(found, last)
	key, rest, ends := strings.Cut(rest, "\n")
	return header + keys + last + key + "\n", rest, ok && headers && ends
}

// A link that stops in order leaves no Codex that points at it.
func TestPlainCodexRunsAfterTheLinkStopped(t *testing.T) {
	t.Parallel()
	u := newDesktopUser(t)
	u.ours("desktop", "on")
	u.link.Bridge.Stop(t)
	if got := u.config(); !strings.HasPrefix(got, u.original) {
		t.Errorf("the config is now\n%s", got)
	}
	u.plain()
	if u.own.asked() != "own-model" {
		t.Errorf("the user's own provider was asked for %q", u.own.asked())
	}
}

// A link that was killed cannot tidy up; the doctor does it.
func TestPlainCodexRunsAfterAKillAndTheDoctor(t *testing.T) {
	t.Parallel()
	u := newDesktopUser(t)
	u.ours("desktop", "on")
	var running struct{ PID int }
	if err := json.Unmarshal([]byte(readFile(t, u.link.State, "running.json")), &running); err != nil || running.PID == 0 {
		t.Fatalf("who runs: %+v, %v", running, err)
	}
	if err := syscall.Kill(running.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-u.link.Bridge.Ended()
	if !strings.Contains(u.config(), "model_provider = \"clawrouter\"") {
		t.Fatalf("the config was not on when the link was killed\n%s", u.config())
	}
	// It ends with 1: the bridge is down.
	stage.Run(t, time.Minute, stage.Command{Path: stage.Program(), Args: []string{"doctor", "--fix"}, Env: u.link.Env(), Folder: u.work})
	if got := u.config(); !strings.HasPrefix(got, u.original) {
		t.Errorf("the config is now\n%s", got)
	}
	u.plain()
	if u.own.asked() != "own-model" {
		t.Errorf("the user's own provider was asked for %q", u.own.asked())
	}
}

// What Codex Desktop reads over its own protocol.
func TestDesktopSeesOurModels(t *testing.T) {
	t.Parallel()
	u := newDesktopUser(t)
	u.ours("desktop", "on")
	s := startAppServer(t, u)
	var list struct {
		Data []struct {
			ID        string
			IsDefault bool `json:"isDefault"`
		}
	}
	s.call("model/list", `{}`, &list)
	var catalog struct{ Models []struct{ Slug string } }
	if err := json.Unmarshal([]byte(readFile(t, u.link.CodexHome, "clawrouter-models.json")), &catalog); err != nil {
		t.Fatal(err)
	}
	if len(list.Data) == 0 || len(list.Data) != len(catalog.Models) {
		t.Fatalf("codex lists %d models, the catalog %d", len(list.Data), len(catalog.Models))
	}
	for i, m := range list.Data {
		if m.ID != catalog.Models[i].Slug || m.IsDefault != (i == 0) {
			t.Errorf("model %d is %+v, want %s", i, m, catalog.Models[i].Slug)
		}
	}
	var read struct {
		Config struct {
			Model         string
			ModelProvider string `json:"model_provider"`
		}
	}
	s.call("config/read", `{"includeLayers":false}`, &read)
	if read.Config.Model != "blockrun/auto" || read.Config.ModelProvider != "clawrouter" {
		t.Errorf("codex reads %+v", read.Config)
	}
}

// appServer is `codex app-server`, over its standard streams.
type appServer struct {
	t     *testing.T
	in    io.Writer
	out   *bufio.Scanner
	calls int
}

func startAppServer(t *testing.T, u *desktopUser) *appServer {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), codexPath(t), "app-server")
	cmd.Env, cmd.Dir = u.link.Env(), u.work
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.WaitDelay = time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		timer := time.AfterFunc(turnLimit, func() { cmd.Process.Kill() })
		defer timer.Stop()
		_ = cmd.Wait()
	})
	s := &appServer{t: t, in: in, out: bufio.NewScanner(out)}
	s.out.Buffer(nil, 64<<20)
	s.call("initialize", `{"clientInfo":{"name":"test","title":"Test","version":"1"}}`, nil)
	fmt.Fprintln(in, `{"method":"initialized"}`)
	return s
}

// call sends a request and waits for its answer; what else Codex says is not
// listened to.
func (s *appServer) call(method, params string, result any) {
	s.t.Helper()
	s.calls++
	fmt.Fprintf(s.in, `{"id":%d,"method":%q,"params":%s}`+"\n", s.calls, method, params)
	for s.out.Scan() {
		var answer struct {
			ID     int
			Method string
			Result json.RawMessage
			Error  json.RawMessage
		}
		if json.Unmarshal(s.out.Bytes(), &answer) != nil || answer.Method != "" || answer.ID != s.calls {
			continue
		}
		if answer.Error != nil {
			s.t.Fatalf("%s: %s", method, answer.Error)
		}
		if result == nil {
			return
		}
		if err := json.Unmarshal(answer.Result, result); err != nil {
			s.t.Fatalf("%s: %v in %.500s", method, err, answer.Result)
		}
		return
	}
	s.t.Fatalf("codex app-server ended before it answered %s: %v", method, s.out.Err())
}
