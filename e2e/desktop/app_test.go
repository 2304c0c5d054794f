//go:build e2e && linux

package desktop

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/e2e/stage"
)

// TestMain builds the program as it is released: systray has a data race of its
// own (it emits a signal from a goroutine that reads the menu's version), which the
// race detector would find again and again. Ours are found in app/.
func TestMain(m *testing.M) {
	bin := filepath.Join(stage.Root(), ".cache", "e2e", "bin", "desktop")
	program = filepath.Join(bin, "clawrouter-codex")
	build(program, "CGO_ENABLED=0", "-trimpath")
	os.Exit(m.Run())
}

// program is what the tests run.
var program string

func build(path, env string, args ...string) {
	cmd := exec.Command("go", append(append([]string{"build", "-o", path}, args...), ".")...)
	cmd.Dir, cmd.Env = stage.Root(), append(os.Environ(), env)
	if out, err := cmd.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "go build: %v\n%s", err, out)
		os.Exit(1)
	}
}

// desk is a user's desktop: a home folder, a stand-in ClawRouter, programs that the
// app starts, and what of a session the test gives it.
type desk struct {
	t       *testing.T
	folder  string
	simURL  string
	port    int
	session []string // variables of the session: DISPLAY, the bus
}

// newDesk starts a stand-in with $12.34 and sets the files of a new user up.
func newDesk(t *testing.T, session ...string) *desk {
	t.Helper()
	d := &desk{t: t, folder: stage.Folder(t), port: stage.FreePort(t), session: session}
	for _, name := range []string{"home", "codex", "bin", "runtime"} {
		if err := os.Mkdir(filepath.Join(d.folder, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	// What opens pages notes them instead.
	d.script("xdg-open", `printf '%s\n' "$1" >>`+d.path("opened"))
	simPort := stage.FreePort(t)
	d.simURL = fmt.Sprintf("http://127.0.0.1:%d", simPort)
	stage.Start(t, stage.Command{Path: program, Folder: d.folder, Env: d.env(),
		Args: []string{"sim", "--port", fmt.Sprint(simPort), "--balance", "12.34"}})
	eventually(t, "the stand-in", func() error {
		_, err := stage.Get(t.Context(), d.simURL+"/health")
		return err
	})
	return d
}

func (d *desk) path(name string) string { return filepath.Join(d.folder, name) }

// script puts a program on the user's PATH.
func (d *desk) script(name, line string) {
	d.t.Helper()
	if err := os.WriteFile(d.path("bin/"+name), []byte("#!/bin/sh\n"+line+"\n"), 0o700); err != nil {
		d.t.Fatal(err)
	}
}

// env is the whole environment of the app.
func (d *desk) env() []string {
	return append([]string{
		"PATH=" + d.path("bin") + string(os.PathListSeparator) + os.Getenv("PATH"),
		"HOME=" + d.path("home"), "LANG=C.UTF-8", "GORACE=atexit_sleep_ms=0",
		"CODEX_HOME=" + d.path("codex"), "CLAWROUTER_CODEX_HOME=" + d.path("state"),
		"CLAWROUTER_PROXY_URL=" + d.simURL, "BLOCKRUN_MODEL_CATALOG_URL=off",
		fmt.Sprintf("PORT=%d", d.port),
	}, d.session...)
}

// start starts the program, without arguments the app.
func (d *desk) start(args ...string) *stage.Process {
	d.t.Helper()
	return stage.Start(d.t, stage.Command{Path: program, Args: args, Env: d.env(), Folder: d.folder})
}

// run runs a command to its end.
func (d *desk) run(args ...string) string {
	d.t.Helper()
	stdout, stderr, exit := stage.Run(d.t, patience, stage.Command{Path: program, Args: args, Env: d.env(), Folder: d.folder})
	if exit != 0 {
		d.t.Fatalf("%v ended with %d\n%s%s", args, exit, stdout, stderr)
	}
	return stdout + stderr
}

// config is Codex's base config, "" where there is none.
func (d *desk) config() string {
	d.t.Helper()
	text, err := os.ReadFile(d.path("codex/config.toml"))
	if err != nil && !os.IsNotExist(err) {
		d.t.Fatal(err)
	}
	return string(text)
}

func (d *desk) write(name, text string) {
	d.t.Helper()
	if err := os.WriteFile(d.path(name), []byte(text), 0o600); err != nil {
		d.t.Fatal(err)
	}
}

// opened are the pages that were opened in the browser.
func (d *desk) opened() []string {
	text, _ := os.ReadFile(d.path("opened")) // there is none before the first
	return strings.Fields(string(text))
}

// ended waits for the end of p and fails unless that was orderly.
func (d *desk) ended(p *stage.Process) {
	d.t.Helper()
	if code, err := p.ExitCode(patience); err != nil || code != 0 {
		d.t.Fatalf("ended with %d, %v\n%s", code, err, p.Output())
	}
}

// said waits until p has printed text.
func (d *desk) said(p *stage.Process, text string) {
	d.t.Helper()
	eventually(d.t, "the program", func() error {
		if out := p.Output(); !strings.Contains(out, text) {
			return fmt.Errorf("no %q in:\n%s", text, out)
		}
		return nil
	})
}

// mine is a base config of the user's own.
const mine = "# mine\nmodel = \"gpt-5.5\" # the plan's\n\n[tui]\nnotifications = true\n"

func checked(path string) func([]row) error {
	return func(rows []row) error {
		if r, ok := find(rows, path); !ok || !r.checked {
			return fmt.Errorf("%q is not checked in\n%s", path, seen(rows))
		}
		return nil
	}
}

// A person reads the menu, switches, and sees icon, menu and Codex's config follow.
func TestTheMenuShowsAndSwitches(t *testing.T) {
	b := newBus(t)
	h := newHost(t, b)
	d := newDesk(t, "DISPLAY=:9999", "DBUS_SESSION_BUS_ADDRESS="+b.address)
	d.write("codex/config.toml", mine)
	app := d.start()
	i := h.icon(t, 1)

	var id string
	if err := i.property("Id", &id); err != nil || id != "clawrouter-codex" {
		t.Errorf("the icon is called %q, %v", id, err)
	}
	var isMenu bool
	if err := i.property("ItemIsMenu", &isMenu); err != nil || !isMenu {
		t.Errorf("a click on the icon opens the menu: %v, %v", isMenu, err)
	}
	const want = `  Subscription · your ChatGPT plan (grey)
x Subscription
  ClawRouter
  Model: Auto
  Web search
---
  Today $0.00 (grey)
  Pause spending
---
  Open panel
  Open in browser
  Copy wallet address
---
  Launch at login
  Doctor…
  Logs…
  Quit
`
	i.await(t, "the menu", func(rows []row) error {
		if got := strings.Replace(seen(rows), "  Launch at login (grey)\n", "  Launch at login\n", 1); got != want {
			return fmt.Errorf("it is\n%s", got)
		}
		return nil
	})
	outline := i.picture(t)

	i.click(t, "ClawRouter")
	i.await(t, "the switch", checked("ClawRouter"))
	if text := d.config(); !strings.Contains(text, `model_provider = "clawrouter"`) {
		t.Errorf("config.toml is\n%s", text)
	}
	i.await(t, "the status line", func(rows []row) error {
		if !strings.HasPrefix(seen(rows), "  ClawRouter · Auto · $12.34 (grey)\n") || !strings.Contains(seen(rows), "Restart Codex to apply (grey)") {
			return fmt.Errorf("the menu is\n%s", seen(rows))
		}
		return nil
	})
	if filled := i.picture(t); filled == outline {
		t.Error("the icon is the same on ClawRouter as on the subscription")
	}

	model := aModel(t, i)
	i.click(t, "Model: Auto/Anthropic/"+model)
	i.await(t, "the model", func(rows []row) error {
		if r, ok := find(rows, "Model: "+model+"/Anthropic/"+model); !ok || !r.checked {
			return fmt.Errorf("the menu is\n%s", seen(rows))
		}
		return nil
	})
	i.click(t, "Web search")
	i.await(t, "web search", checked("Web search"))
	i.click(t, "Pause spending")
	i.await(t, "the pause", checked("Pause spending"))

	i.click(t, "Subscription")
	i.await(t, "the switch back", checked("Subscription"))
	if text := d.config(); !strings.HasPrefix(text, mine) {
		t.Errorf("config.toml is\n%s", text)
	}
	eventually(t, "the icon", func() error {
		if i.picture(t) != outline {
			return fmt.Errorf("it is not the outline again")
		}
		return nil
	})
	i.click(t, "Quit")
	d.ended(app)
}

// What launch at login means stands beside its switch, with the limit of now.
func TestLaunchAtLoginSaysWhatItMeans(t *testing.T) {
	b := newBus(t)
	h := newHost(t, b)
	d := newDesk(t, "DISPLAY=:9999", "DBUS_SESSION_BUS_ADDRESS="+b.address)
	app := d.start()
	i := h.icon(t, 1)
	d.said(app, "The link is up")
	says := func(words string) func([]row) error {
		return func(rows []row) error {
			var text []string
			r, _ := find(rows, "Launch at login")
			for _, line := range r.children {
				if !line.hidden && line.off {
					text = append(text, line.text)
				}
			}
			if all := strings.Join(text, " "); !strings.Contains(all, words) {
				return fmt.Errorf("it says %q", all)
			}
			return nil
		}
	}
	i.await(t, "what it means", says("spends from your wallet, also while nobody looks. There is no daily cap"))
	d.run("cap", "7")
	i.await(t, "the limit", says("The daily cap is $7.00."))

	item := d.path("home/.config/autostart/clawrouter-codex.desktop")
	i.click(t, "Launch at login/Start at login")
	i.await(t, "launch at login", checked("Launch at login: on/Start at login"))
	if _, err := os.Stat(item); err != nil {
		t.Error(err)
	}
	i.click(t, "Launch at login: on/Start at login")
	i.await(t, "no launch at login", func(rows []row) error {
		if r, ok := find(rows, "Launch at login/Start at login"); !ok || r.checked {
			return fmt.Errorf("the menu is\n%s", seen(rows))
		}
		return nil
	})
	if _, err := os.Stat(item); !os.IsNotExist(err) {
		t.Errorf("its file is still there: %v", err)
	}
	i.click(t, "Quit")
	d.ended(app)
}

// aModel is the first model of Anthropic's in the menu.
func aModel(t *testing.T, i *icon) string {
	t.Helper()
	rows := i.await(t, "the models", func(rows []row) error {
		if r, ok := find(rows, "Model: Auto/Anthropic"); !ok || len(r.children) == 0 {
			return fmt.Errorf("the menu is\n%s", seen(rows))
		}
		return nil
	})
	r, _ := find(rows, "Model: Auto/Anthropic")
	return r.children[0].text
}

// What others change shows at once: a command, and an editor.
func TestTheMenuFollowsOthers(t *testing.T) {
	b := newBus(t)
	h := newHost(t, b)
	d := newDesk(t, "DISPLAY=:9999", "DBUS_SESSION_BUS_ADDRESS="+b.address)
	d.write("codex/config.toml", mine)
	app := d.start()
	i := h.icon(t, 1)
	d.said(app, "The link is up")
	i.await(t, "the menu", checked("Subscription"))

	d.run("websearch", "on")
	i.await(t, "web search, by a command", checked("Web search"))
	d.run("desktop", "on")
	i.await(t, "the provider, by a command", checked("ClawRouter"))

	// An editor that replaces the file, as most do.
	d.write("codex/config.new", mine)
	if err := os.Rename(d.path("codex/config.new"), d.path("codex/config.toml")); err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	i.await(t, "the provider, by an editor", checked("Subscription"))
	t.Logf("an editor's change was in the menu after %v", time.Since(begin).Round(time.Millisecond))
	i.click(t, "Quit")
	d.ended(app)
}

// Quit ends everything and gives Codex back; the next start takes the switch up.
func TestQuitAndTheNextStart(t *testing.T) {
	b := newBus(t)
	h := newHost(t, b)
	d := newDesk(t, "DISPLAY=:9999", "DBUS_SESSION_BUS_ADDRESS="+b.address)
	// A ClawRouter of its own, so that there is a child which must go too.
	d.session = append(d.session, "CLAWROUTER_PROXY_URL=", "CLAWROUTER_CMD="+program+" sim", fmt.Sprintf("PROXY_PORT=%d", stage.FreePort(t)))
	d.write("codex/config.toml", mine)
	for round, end := range []string{"Quit", "SIGTERM", "Quit"} {
		app := d.start()
		i := h.icon(t, round+1)
		if round == 0 {
			i.click(t, "ClawRouter")
		}
		i.await(t, "the switch is on", checked("ClawRouter"))
		eventually(t, "config.toml", func() error {
			if !strings.Contains(d.config(), `model_provider = "clawrouter"`) {
				return fmt.Errorf("it is\n%s", d.config())
			}
			return nil
		})
		if end == "Quit" {
			i.click(t, "Quit")
		} else if err := syscall.Kill(app.PID(), syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		d.ended(app)
		if text := d.config(); strings.Contains(text, "model_provider = \"clawrouter\"") || !strings.HasPrefix(text, mine) {
			t.Errorf("after %s config.toml is\n%s", end, text)
		}
		if left := processes(t, d.folder); len(left) > 1 { // the stand-in of the desk
			t.Errorf("after %s these run on: %q", end, left)
		}
	}
}

// processes are the command lines of all programs whose environment names the
// test's folder.
func processes(t *testing.T, folder string) (lines []string) {
	t.Helper()
	all, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range all {
		environ, err := os.ReadFile(file)
		if err != nil || !strings.Contains(string(environ), folder) {
			continue // not ours to read, or gone meanwhile
		}
		line, _ := os.ReadFile(filepath.Join(filepath.Dir(file), "cmdline"))
		if len(line) > 0 { // else it ended and waits for its parent
			lines = append(lines, strings.ReplaceAll(strings.TrimRight(string(line), "\x00"), "\x00", " "))
		}
	}
	return lines
}
