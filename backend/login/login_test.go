package login

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/BlockRunAI/clawrouter-codex/backend/link"
)

// machine is a user's computer of any system.
type machine struct {
	t        *testing.T
	o        Options
	env      map[string]string
	ran      []string
	gone     map[string]bool // programs that are not there
	registry registryFake
}

func newMachine(t *testing.T, goos string) *machine {
	t.Helper()
	if runtime.GOOS == "windows" && goos != "windows" {
		t.Skip("NOT RUN: the items of other systems are made of their paths and symlinks")
	}
	home := t.TempDir()
	m := &machine{t: t, env: map[string]string{}, gone: map[string]bool{}, registry: registryFake{}}
	m.o = Options{
		GOOS: goos, Home: home, Program: "/opt/clawrouter-codex", UID: 501,
		Logs: filepath.Join(home, ".clawrouter-codex", "log"), Backup: filepath.Join(home, ".clawrouter-codex", "backup"),
		Now:       func() time.Time { return time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC) },
		LookupEnv: func(name string) (string, bool) { v, ok := m.env[name]; return v, ok },
		Run: func(_ context.Context, name string, args ...string) error {
			m.ran = append(m.ran, name+" "+strings.Join(args, " "))
			return errors.New("no session here")
		},
		Exists:   func(path string) bool { return !m.gone[path] },
		Registry: m.registry,
	}
	return m
}

func (m *machine) set(on bool) {
	m.t.Helper()
	if err := New(m.o).Set(m.t.Context(), on); err != nil {
		m.t.Fatal(err)
	}
}

func (m *machine) state() link.Login { return New(m.o).State(m.t.Context()) }

func (m *machine) path(parts ...string) string {
	return filepath.Join(append([]string{m.o.Home}, parts...)...)
}

func (m *machine) write(path, text string) {
	m.t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		m.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		m.t.Fatal(err)
	}
}

func (m *machine) there(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// registryFake is HKEY_CURRENT_USER in memory.
type registryFake map[string]string

func (r registryFake) Text(key, name string) (string, bool, error) {
	v, ok := r[key+`\`+name]
	return v, ok, nil
}

func (r registryFake) Bytes(key, name string) ([]byte, bool, error) {
	v, ok := r[key+`\`+name]
	return []byte(v), ok, nil
}

func (r registryFake) SetText(key, name, value string) error {
	r[key+`\`+name] = value
	return nil
}

func (r registryFake) Delete(key, name string) error {
	delete(r, key+`\`+name)
	return nil
}

func TestOnAndOff(t *testing.T) {
	tests := []struct {
		name, goos string
		env        map[string]string
		face       Face
		kind, path string // below the home folder
		ran        string
	}{
		{"macOS", "darwin", nil, Auto, LaunchAgent, "Library/LaunchAgents/ai.blockrun.clawrouter-codex.plist", "launchctl enable gui/501/ai.blockrun.clawrouter-codex"},
		{"Linux with a screen", "linux", map[string]string{"DISPLAY": ":0"}, Auto, Autostart, ".config/autostart/clawrouter-codex.desktop", ""},
		{"Linux with Wayland", "linux", map[string]string{"WAYLAND_DISPLAY": "wayland-0"}, Auto, Autostart, ".config/autostart/clawrouter-codex.desktop", ""},
		{"Linux without a screen", "linux", nil, Auto, Systemd, ".config/systemd/user/clawrouter-codex.service", "systemctl --user daemon-reload"},
		{"the menu bar by flag", "linux", nil, Tray, Autostart, ".config/autostart/clawrouter-codex.desktop", ""},
		{"the link alone by flag", "linux", map[string]string{"DISPLAY": ":0"}, Headless, Systemd, ".config/systemd/user/clawrouter-codex.service", "systemctl --user daemon-reload"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := newMachine(t, tt.goos)
			m.env, m.o.Face = tt.env, tt.face
			path := m.path(filepath.FromSlash(tt.path))
			want := link.Login{Available: true, Kind: tt.kind, Path: path}
			if diff := cmp.Diff(want, m.state()); diff != "" {
				t.Errorf("before: %s", diff)
			}
			m.set(true)
			want.On = true
			if diff := cmp.Diff(want, m.state()); diff != "" {
				t.Errorf("on: %s", diff)
			}
			if tt.ran != "" && !slices.Contains(m.ran, tt.ran) {
				t.Errorf("ran %q", m.ran)
			}
			once, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			m.set(true)
			if again, err := os.ReadFile(path); err != nil || string(again) != string(once) {
				t.Errorf("on twice: %v %s", err, cmp.Diff(string(once), string(again)))
			}
			m.set(false)
			want.On = false
			if diff := cmp.Diff(want, m.state()); diff != "" || m.there(path) {
				t.Errorf("off: %s", diff)
			}
			m.set(false)
		})
	}
}

func TestRunKey(t *testing.T) {
	m := newMachine(t, "windows")
	m.o.Program = `C:\Tools\claw\clawrouter-codex.exe`
	const key, approved = runKeyPath + `\` + runName, approvedPath + `\` + runName
	m.set(true)
	if got := m.registry[key]; got != `"C:\Tools\claw\clawrouter-codex-app.exe"` {
		t.Errorf("the item is %s", got)
	}
	if st := m.state(); !st.On || st.Kind != RunKey || st.Path != `HKEY_CURRENT_USER\`+key || st.Problem != "" {
		t.Errorf("%+v", st)
	}
	// What the Task Manager notes when its user switches an item off.
	m.registry[approved] = "\x03\x00\x00"
	if st := m.state(); st.On || !strings.Contains(st.Problem, "switched off") {
		t.Errorf("switched off: %+v", st)
	}
	m.set(true)
	if st := m.state(); !st.On || len(m.registry) != 1 {
		t.Errorf("on again: %+v, %q", st, m.registry)
	}
	m.gone[`C:\Tools\claw\clawrouter-codex-app.exe`] = true
	if st := m.state(); !strings.Contains(st.Problem, "not there any more") {
		t.Errorf("moved away: %+v", st)
	}
	m.set(true)
	if got := m.registry[key]; got != `"C:\Tools\claw\clawrouter-codex.exe" --headless` {
		t.Errorf("without the app: %s", got)
	}
	m.set(false)
	if len(m.registry) != 0 {
		t.Errorf("off leaves %q", m.registry)
	}

	// There is no environment in an item of Windows: the account has to have it.
	m.o.StateHome = `C:\claw`
	if err := New(m.o).Set(t.Context(), true); err == nil || !strings.Contains(err.Error(), `setx CLAWROUTER_CODEX_HOME "C:\claw"`) || len(m.registry) != 0 {
		t.Errorf("with a folder of the session: %v, %q", err, m.registry)
	}
	m.registry[`Environment\CLAWROUTER_CODEX_HOME`] = `C:\claw`
	m.set(true)
}

// The other face of Linux goes, so that the program is not started twice; without
// a flag the one that is there stays.
func TestOneItemAtATime(t *testing.T) {
	m := newMachine(t, "linux")
	m.o.Face = Headless
	m.set(true)
	m.env["DISPLAY"] = ":0"
	m.o.Face = Auto
	m.set(true)
	if st := m.state(); st.Kind != Systemd {
		t.Errorf("the choice was not kept: %+v", st)
	}
	m.o.Face = Tray
	m.set(true)
	if st := m.state(); st.Kind != Autostart || m.there(m.path(".config", "systemd", "user", unitName)) ||
		m.there(m.path(".config", "systemd", "user", "default.target.wants", unitName)) {
		t.Errorf("the other one stays: %+v", st)
	}
	// As a hand could do it.
	twice := unit{m.o}
	if err := twice.write(t.Context()); err != nil {
		t.Fatal(err)
	}
	if st := m.state(); !st.On || !strings.Contains(st.Problem, "started twice") {
		t.Errorf("two items: %+v", st)
	}
}

func TestXDGConfigHome(t *testing.T) {
	m := newMachine(t, "linux")
	elsewhere := t.TempDir()
	m.env["XDG_CONFIG_HOME"], m.env["DISPLAY"] = elsewhere, ":0"
	m.set(true)
	if st := m.state(); st.Path != filepath.Join(elsewhere, "autostart", "clawrouter-codex.desktop") || !m.there(st.Path) {
		t.Errorf("%+v", st)
	}
	m.env["XDG_CONFIG_HOME"] = "relative"
	if st := m.state(); st.Path != m.path(".config", "autostart", "clawrouter-codex.desktop") {
		t.Errorf("%+v", st)
	}
}

// What the user did in the settings of the desktop holds.
func TestSwitchedOffElsewhere(t *testing.T) {
	for _, line := range []string{"Hidden=true", "X-GNOME-Autostart-enabled=false"} {
		m := newMachine(t, "linux")
		m.env["DISPLAY"] = ":0"
		path := m.path(".config", "autostart", "clawrouter-codex.desktop")
		m.write(path, "[Desktop Entry]\nExec=/opt/clawrouter-codex\n"+line+"\n[Other]\nHidden=false\n")
		if st := m.state(); st.On || !strings.Contains(st.Problem, "switched off") {
			t.Errorf("%s: %+v", line, st)
		}
		m.set(true)
		if st := m.state(); !st.On {
			t.Errorf("%s, on again: %+v", line, st)
		}
	}
	m := newMachine(t, "linux")
	m.set(true)
	if err := os.Remove(m.path(".config", "systemd", "user", "default.target.wants", unitName)); err != nil {
		t.Fatal(err)
	}
	if st := m.state(); st.On || st.Problem == "" {
		t.Errorf("disabled with systemctl: %+v", st)
	}
}

// nodeAgent is a LaunchAgent of the tool that this program succeeds: it runs a
// script with node, and launchd keeps it alive.
const nodeAgent = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0"><dict>
  <key>Label</key><string>ai.blockrun.clawrouter-codex</string>
  <key>EnvironmentVariables</key><dict><key>ProgramArguments</key><string>not these</string></dict>
  <key>ProgramArguments</key>
  <array><string>/usr/local/bin/node</string><string>/usr/local/lib/node_modules/@blockrun/clawrouter-codex/bin/start.mjs</string></array>
  <key>RunAtLoad</key><true/><key>KeepAlive</key><true/>
</dict></plist>`

func TestTheNodeToolsAgent(t *testing.T) {
	for _, on := range []bool{true, false} {
		t.Run(fmt.Sprintf("on %v", on), func(t *testing.T) {
			m := newMachine(t, "darwin")
			path := m.path("Library", "LaunchAgents", agentLabel+".plist")
			m.write(path, nodeAgent)
			if st := m.state(); st.On || !strings.Contains(st.Problem, "older tool") {
				t.Errorf("%+v", st)
			}
			m.set(on)
			if want := "launchctl bootout gui/501/" + agentLabel; len(m.ran) == 0 || m.ran[0] != want {
				t.Errorf("ran %q, want %q first", m.ran, want)
			}
			if st := m.state(); st.On != on || st.Problem != "" {
				t.Errorf("%+v", st)
			}
			copies, err := filepath.Glob(filepath.Join(m.o.Backup, agentLabel+".plist.*"))
			if err != nil || len(copies) != 1 {
				t.Fatalf("copies %q, %v", copies, err)
			}
			if kept, err := os.ReadFile(copies[0]); err != nil || string(kept) != nodeAgent {
				t.Errorf("the copy is %s, %v", kept, err)
			}
			// Our own job is never stopped: it may be the one that was asked.
			m.ran = nil
			m.set(on)
			if slices.ContainsFunc(m.ran, func(c string) bool { return strings.Contains(c, "bootout") }) {
				t.Errorf("ran %q", m.ran)
			}
		})
	}
}

func TestAnItemOfAProgramThatIsGone(t *testing.T) {
	for _, goos := range []string{"darwin", "linux"} {
		m := newMachine(t, goos)
		m.set(true)
		m.gone["/opt/clawrouter-codex"] = true
		m.o.Program = "/new/clawrouter-codex"
		if st := m.state(); !st.On || !strings.Contains(st.Problem, "/opt/clawrouter-codex, which is not there any more: clawrouter-codex login on") {
			t.Errorf("%s: %+v", goos, st)
		}
		m.set(true)
		if st := m.state(); !st.On || st.Problem != "" {
			t.Errorf("%s, on again: %+v", goos, st)
		}
	}
}

func TestNotAvailable(t *testing.T) {
	tests := []struct{ name, goos, program, want string }{
		{"another system", "plan9", "/bin/clawrouter-codex", "not known on plan9"},
		{"go run", "linux", "/tmp/go-build123/b001/exe/clawrouter-codex", "go install"},
		{"a line break", "darwin", "/a\nb", "line break"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := newMachine(t, tt.goos)
			m.o.Program = tt.program
			if st := m.state(); st.Available || !strings.Contains(st.Problem, tt.want) {
				t.Errorf("%+v", st)
			}
			if err := New(m.o).Set(t.Context(), true); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("set: %v", err)
			}
		})
	}
}

// strange is a path that every format has to quote.
const strange = "/opt/my \"claw\" 50%/$HOME/back\\slash & <more>/clawrouter-codex"

func TestStrangePathsComeBack(t *testing.T) {
	o := Options{Program: strange, StateHome: "/home/ann/st ate%$\"", Logs: "/home/ann/lo g", Home: "/home/ann"}
	if got := programArguments(agentText(o)); !slices.Equal(got, []string{strange}) {
		t.Errorf("launchd would start %q", got)
	}
	if got := splitExec(entryKeys(string(autostartText(o)))["Exec"]); !slices.Equal(got, []string{"env", "CLAWROUTER_CODEX_HOME=" + o.StateHome, strange}) {
		t.Errorf("a desktop would start %q", got)
	}
	m := newMachine(t, "linux")
	m.o.Program = strange
	if err := New(m.o).Set(t.Context(), true); err == nil || m.state().On {
		t.Errorf("systemd is given a path that it refuses: %v", err)
	}
	m.o.Program = strings.NewReplacer(`"`, "", `\`, "").Replace(strange)
	m.set(true)
	m.gone[m.o.Program] = true
	if st := m.state(); !strings.Contains(st.Problem, m.o.Program+", which is not there") {
		t.Errorf("systemd would start what is read as %+v", st)
	}
}

// The texts are what a person would look at.
func TestTexts(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("NOT RUN: the paths in them are those of other systems")
	}
	plain := Options{Program: "/usr/local/bin/clawrouter-codex", Logs: "/home/ann/.clawrouter-codex/log"}
	moved := plain
	moved.StateHome, moved.Face = "/srv/claw router", Headless
	texts := map[string][]byte{
		"agent.plist": agentText(plain), "agent-headless.plist": agentText(moved),
		"autostart.desktop": autostartText(plain), "autostart-moved.desktop": autostartText(moved),
		"unit.service": unitText(plain), "unit-moved.service": unitText(moved),
	}
	for name, got := range texts {
		path := filepath.Join("testdata", name)
		if os.Getenv("UPDATE_GOLDEN") != "" {
			if err := os.WriteFile(path, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// systemd itself reads the unit, also with a path that has to be quoted.
func TestSystemdTakesTheUnit(t *testing.T) {
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("there is no systemd-analyze here")
	}
	dir := filepath.Join(t.TempDir(), "my claw 50% $HOME")
	program := filepath.Join(dir, "clawrouter-codex")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(program, []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), unitName)
	text := unitText(Options{Program: program, StateHome: filepath.Join(dir, "state"), Logs: t.TempDir()})
	if err := os.WriteFile(path, text, 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), analyze, "--user", "verify", "--man=no", path)
	cmd.Env = append(os.Environ(), "XDG_RUNTIME_DIR="+t.TempDir())
	out, err := cmd.CombinedOutput()
	if err != nil || len(out) > 0 {
		t.Errorf("systemd-analyze: %v\n%s\n%s", err, out, text)
	}
}
