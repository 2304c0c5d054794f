//go:build e2e && linux

package windows

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/pelletier/go-toml/v2"

	"github.com/BlockRunAI/clawrouter-codex/e2e/stage"
)

// mine is a config as an editor of Windows writes it.
const mine = "# mine\r\nmodel = \"gpt-5.5\" # best\r\n\r\n[projects.'C:\\src\\a b']\r\ntrust_level = \"trusted\"\r\n"

// A user's day: set up, a turn, the base config there and back, launch at login, the
// end in order and without, and everything taken back.
func TestTheProgram(t *testing.T) {
	m := newMachine(t)
	m.start(fmt.Sprintf("http://127.0.0.1:%d/health", m.clawRouter), "sim", "--port", fmt.Sprint(m.clawRouter))
	m.env = append(m.env, fmt.Sprintf("CLAWROUTER_PROXY_URL=http://127.0.0.1:%d", m.clawRouter))
	write(t, m.path(".codex", "config.toml"), mine)
	health := fmt.Sprintf("http://127.0.0.1:%d/health", m.port)
	up := m.start(health, "up")

	m.eventually("setup is done", func() bool { return exists(m.path(".codex", "clawrouter.config.toml")) })
	m.profile()
	if again := m.does("up"); !strings.Contains(again, "codex --profile clawrouter") {
		t.Errorf("up beside it says\n%s", again)
	}
	m.turns()
	m.baseConfig()
	m.login()
	m.doctor()

	// In order: Codex gets its own provider back, the choice is kept.
	m.does("desktop", "on")
	up.end(syscall.SIGINT)
	if got := m.read(".codex", "config.toml"); strings.Contains(got, "model_provider =") || !strings.HasPrefix(got, mine) {
		t.Errorf("after Ctrl-C the base config is\n%s", got)
	}
	up = m.start(health, "up")
	m.eventually("the choice is in force again", m.switched)
	// Without: the next command mends what is left.
	up.end(syscall.SIGKILL)
	if _, said, _ := m.run(program(), "model", "show"); !strings.Contains(said, "brought back to your own provider") || m.switched() {
		t.Errorf("after a kill, model show says\n%s", said)
	}

	m.does("uninstall")
	if got := m.read(".codex", "config.toml"); got != mine {
		t.Errorf("uninstall leaves\n%q", got)
	}
	if left, err := os.ReadDir(m.path(".codex")); err != nil || len(left) != 1 {
		t.Errorf("uninstall leaves %v, %v", left, err)
	}
}

// profile checks what Codex is given to read: valid TOML, with a path of Windows.
func (m *machine) profile() {
	m.t.Helper()
	var profile struct {
		Catalog string `toml:"model_catalog_json"`
	}
	err := toml.Unmarshal([]byte(m.read(".codex", "clawrouter.config.toml")), &profile)
	want := `C:\users\` + filepath.Base(m.home) + `\.codex\clawrouter-models.json`
	if err != nil || !strings.EqualFold(profile.Catalog, want) {
		m.t.Errorf("the profile names the catalog %q, want %q (%v)", profile.Catalog, want, err)
	}
	var catalog struct{ Models []struct{ Slug string } }
	if err := json.Unmarshal([]byte(m.read(".codex", "clawrouter-models.json")), &catalog); err != nil || len(catalog.Models) < 10 {
		m.t.Errorf("the catalog has %d models, %v", len(catalog.Models), err)
	}
}

// turns asks from outside of Wine, so that Windows' table knows no process of the
// caller's, and only the key opens.
func (m *machine) turns() {
	m.t.Helper()
	key := strings.TrimSpace(m.read(".clawrouter-codex", "key"))
	if status, answer := m.turn(key); status != http.StatusOK || !strings.Contains(answer, "event: response.completed") {
		m.t.Errorf("with the key: %d\n%s", status, answer)
	}
	for name, wrong := range map[string]string{"without a key": "", "with another key": strings.Repeat("0", len(key))} {
		if status, answer := m.turn(wrong); status != http.StatusBadRequest || !strings.Contains(answer, "clawrouter-codex setup") {
			m.t.Errorf("%s: %d\n%s", name, status, answer)
		}
	}
	if spent := m.does("spend"); !strings.Contains(spent, "in 1 turn") {
		m.t.Errorf("spend says\n%s", spent)
	}
}

func (m *machine) turn(key string) (status int, answer string) {
	m.t.Helper()
	const body = `{"model":"blockrun/auto","stream":true,"store":false,"input":[{"type":"message","role":"user","content":[{"type":"input_text","text":"say hello"}]}]}`
	request, err := http.NewRequestWithContext(m.t.Context(), http.MethodPost, fmt.Sprintf("http://127.0.0.1:%d/v1/responses", m.port), strings.NewReader(body))
	if err != nil {
		m.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	if key != "" {
		request.Header.Set("x-clawrouter-key", key)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		m.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		m.t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

func (m *machine) switched() bool {
	return strings.Contains(m.read(".codex", "config.toml"), "model_provider = \"clawrouter\"\r\n")
}

func (m *machine) baseConfig() {
	m.t.Helper()
	m.does("desktop", "on")
	text := m.read(".codex", "config.toml")
	var config map[string]any
	if err := toml.Unmarshal([]byte(text), &config); err != nil || !m.switched() {
		m.t.Errorf("on makes of it (%v)\n%s", err, text)
	}
	if bare := strings.Count(text, "\n") - strings.Count(text, "\r\n"); bare != 0 {
		m.t.Errorf("%d lines of config.toml end as on Linux", bare)
	}
	m.does("desktop", "off")
	// The provider's table stays for threads that name it; what is the user's is as it was.
	if got := m.read(".codex", "config.toml"); !strings.HasPrefix(got, mine) || strings.Contains(got, "model_provider =") {
		m.t.Errorf("off makes of it\n%s", got)
	}
}

// login looks with Windows' own tool at what the program wrote.
func (m *machine) login() {
	m.t.Helper()
	value := func() string {
		out, _, _ := m.run("reg", "query", `HKCU\Software\Microsoft\Windows\CurrentVersion\Run`, "/v", "clawrouter-codex")
		return out
	}
	m.does("login", "off")
	m.does("login", "on")
	if got, want := value(), `"`+onZ(program())+`" --headless`; !strings.Contains(got, want) {
		m.t.Errorf("the Run key holds %q, want %s in it", got, want)
	}
	if said := m.does("login", "status"); !strings.Contains(said, "Start at login is on") {
		m.t.Errorf("login status says %s", said)
	}
	m.does("login", "off")
	if got := value(); strings.Contains(got, "headless") {
		m.t.Errorf("off leaves %q", got)
	}
}

func (m *machine) doctor() {
	m.t.Helper()
	out, errs, _ := m.run(program(), "doctor", "--json")
	var report struct {
		Data struct {
			Checks []struct{ ID, Status, Text string }
		}
	}
	if err := json.Unmarshal([]byte(out), &report); err != nil {
		m.t.Fatalf("doctor: %v\n%s%s", err, out, errs)
	}
	seen := 0
	for _, c := range report.Data.Checks {
		seen++
		// There is no Codex in Wine.
		if c.Status == "fail" && c.ID != "codex" {
			m.t.Errorf("doctor fails at %s: %s", c.ID, c.Text)
		}
	}
	if seen < 15 {
		m.t.Errorf("doctor made %d checks:\n%s", seen, out)
	}
}

// Whatever becomes of the program, nothing of ClawRouter's tree is left: here a batch
// file, as npx is one, the shell that reads it, and a server.
func TestNothingOfClawRouterIsLeft(t *testing.T) {
	for name, end := range map[string]syscall.Signal{"after Ctrl-C": syscall.SIGINT, "after a kill": syscall.SIGKILL} {
		t.Run(name, func(t *testing.T) {
			m := newMachine(t)
			// It listens elsewhere than it is told, so that the start waits for it: under
			// Wine nobody could tell that the listener is the program that was started.
			folder := stage.Folder(t)
			batch := filepath.Join(folder, "claw router.cmd")
			write(t, batch, fmt.Sprintf("@echo off\r\n\"%s\" sim --port %d\r\n", onZ(program()), m.clawRouter))
			m.env = append(m.env, fmt.Sprintf("CLAWROUTER_CMD=\"%s\"", onZ(batch)), fmt.Sprintf("PROXY_PORT=%d", stage.FreePort(t)))
			start := m.start(fmt.Sprintf("http://127.0.0.1:%d/health", m.clawRouter), "start")
			start.end(end)
			m.eventually("ClawRouter's port is free", func() bool {
				l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", m.clawRouter))
				if err != nil {
					return false
				}
				return l.Close() == nil
			})
			log, err := os.Open(m.path(".clawrouter-codex", "log", "clawrouter.log"))
			if err != nil {
				t.Fatal(err)
			}
			defer log.Close()
			if lines := bufio.NewScanner(log); !lines.Scan() || !strings.Contains(lines.Text(), "[ClawRouter]") {
				t.Errorf("ClawRouter's log begins with %q", lines.Text())
			}
		})
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
