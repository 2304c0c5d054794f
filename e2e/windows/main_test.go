//go:build e2e && linux

package windows

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/e2e/stage"
)

// program is the path of the executable, for this system.
func program() string {
	return filepath.Join(stage.Root(), ".cache", "wine", "bin", "clawrouter-codex.exe")
}

// wine runs Windows programs.
func wine() string { return filepath.Join(stage.Root(), "e2e", "windows", "wine") }

// onZ is a path of this system as Wine shows it to Windows programs.
func onZ(path string) string { return "Z:" + strings.ReplaceAll(path, "/", `\`) }

func TestMain(m *testing.M) {
	prepare := exec.Command(filepath.Join(stage.Root(), "e2e", "windows", "prepare"))
	build := exec.Command("go", "build", "-overlay", filepath.Join(stage.Root(), ".cache", "wine", "overlay.json"), "-o", program(), ".")
	build.Dir = stage.Root()
	build.Env = append(os.Environ(), "GOOS=windows", "GOARCH=amd64", "CGO_ENABLED=0")
	for _, c := range []*exec.Cmd{prepare, build} {
		if out, err := c.CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n%s", c.Args[0], err, out)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

// machine is the user's profile folder in Wine's prefix, without anything of ours.
type machine struct {
	t          *testing.T
	home       string // of this system
	port       int    // of the bridge
	clawRouter int    // port of the stand-in
	env        []string
}

func newMachine(t *testing.T) *machine {
	t.Helper()
	homes, err := filepath.Glob(filepath.Join(stage.Root(), ".cache", "wine", "prefix", "drive_c", "users", "*"))
	homes = slices.DeleteFunc(homes, func(path string) bool { return filepath.Base(path) == "Public" })
	if err != nil || len(homes) != 1 {
		t.Fatalf("profile folders %v, %v", homes, err)
	}
	m := &machine{t: t, home: homes[0], port: stage.FreePort(t), clawRouter: stage.FreePort(t)}
	clean := func() {
		for _, dir := range []string{".codex", ".clawrouter-codex", ".openclaw", ".blockrun"} {
			if err := os.RemoveAll(filepath.Join(m.home, dir)); err != nil {
				t.Error(err)
			}
		}
	}
	clean()
	t.Cleanup(clean)
	m.env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "BLOCKRUN_MODEL_CATALOG_URL=off",
		fmt.Sprintf("PORT=%d", m.port),
	}
	return m
}

func (m *machine) path(parts ...string) string {
	return filepath.Join(append([]string{m.home}, parts...)...)
}

func (m *machine) read(parts ...string) string {
	m.t.Helper()
	text, err := os.ReadFile(m.path(parts...))
	if err != nil {
		m.t.Fatal(err)
	}
	return string(text)
}

// patience is for one command under Wine on a machine that does much else.
const patience = 90 * time.Second

// run runs a program under Wine to its end.
func (m *machine) run(args ...string) (stdout, stderr string, exit int) {
	m.t.Helper()
	ctx, cancel := context.WithTimeout(m.t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, wine(), args...)
	cmd.Env = m.env
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	cmd.WaitDelay = time.Second
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		m.t.Fatal(err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// does runs a command of the program that must end with 0, and returns what it says.
func (m *machine) does(args ...string) string {
	m.t.Helper()
	out, errs, exit := m.run(append([]string{program()}, args...)...)
	if exit != 0 {
		m.t.Fatalf("%v ended with %d:\n%s%s", args, exit, out, errs)
	}
	return out
}

// running is a command of the program that stays.
type running struct {
	cmd  *exec.Cmd
	out  bytes.Buffer
	gone chan struct{}
}

// start starts one, and returns when url answers.
func (m *machine) start(url string, args ...string) *running {
	m.t.Helper()
	r := &running{cmd: exec.Command(wine(), append([]string{program()}, args...)...), gone: make(chan struct{})}
	r.cmd.Env = m.env
	r.cmd.Stdout, r.cmd.Stderr = &r.out, &r.out
	// Of a group of its own, so that Ctrl-C at the test reaches the test.
	r.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	// Whom it starts may hold its output for longer than it lives.
	r.cmd.WaitDelay = time.Second
	if err := r.cmd.Start(); err != nil {
		m.t.Fatal(err)
	}
	go func() {
		_ = r.cmd.Wait()
		close(r.gone)
	}()
	m.t.Cleanup(func() {
		r.end(syscall.SIGKILL)
		if m.t.Failed() {
			m.t.Logf("%v printed:\n%s", args, r.out.String())
		}
	})
	m.eventually("it answers on "+url, func() bool {
		if r.isGone() {
			m.t.Fatalf("%v ended:\n%s", args, r.out.String())
		}
		_, err := stage.Get(m.t.Context(), url)
		return err == nil
	})
	return r
}

// end sends a signal, of which Wine makes Ctrl-C for SIGINT, and waits for the end.
func (r *running) end(s syscall.Signal) {
	_ = r.cmd.Process.Signal(s)
	select {
	case <-r.gone:
	case <-time.After(patience):
		_ = r.cmd.Process.Kill()
		<-r.gone
	}
}

func (r *running) isGone() bool {
	select {
	case <-r.gone:
		return true
	default:
		return false
	}
}

func (m *machine) eventually(what string, ok func() bool) {
	m.t.Helper()
	for deadline := time.Now().Add(patience); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			m.t.Fatalf("not within %v: %s", patience, what)
		}
	}
}
