//go:build linux

package proxy

import (
	"bufio"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/backend/socket"
)

// program is a whole supervisor in a process of its own, so that it can be
// killed.
type program struct {
	t     *testing.T
	cmd   *exec.Cmd
	o     SupervisorOptions
	stray string
	lines *bufio.Scanner
}

func startProgram(t *testing.T, o SupervisorOptions) *program {
	t.Helper()
	b, err := json.Marshal(map[string]any{
		"Command": o.Command, "Port": o.Port, "StateDir": o.StateDir, "LogPath": o.LogPath, "Home": o.Home,
		"PassEnv": o.PassEnv, "Timing": o.Timing,
	})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "options.json")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &program{t: t, o: o, cmd: exec.Command(self, "role-supervise", path)}
	p.cmd.Env = o.Env
	p.cmd.Stderr = os.Stderr
	for _, kv := range o.Env {
		if strings.HasPrefix(kv, "PROXYTEST=") {
			p.stray = kv
		}
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.cmd.Process.Kill(); p.cmd.Wait() })
	p.lines = bufio.NewScanner(out)
	if !p.lines.Scan() || p.lines.Text() != "ready" {
		t.Fatalf("the supervisor said %q, want ready", p.lines.Text())
	}
	return p
}

// pidOf finds a process of the program by what its command line begins with.
func (p *program) pidOf(role string) int {
	p.t.Helper()
	all, err := processes()
	if err != nil {
		p.t.Fatal(err)
	}
	for _, q := range all {
		b, _ := os.ReadFile(filepath.Join("/proc", strconv.Itoa(q.PID), "cmdline"))
		args := strings.Split(string(b), "\x00")
		if !q.Dead && startedWith(q.PID, p.stray) && len(args) > 1 && (args[0] == role || args[1] == role) {
			return q.PID
		}
	}
	p.t.Fatalf("no %s is running", role)
	return 0
}

// untilGone waits for the last process of the program. There is no event to
// wait for: orphans are nobody's children here.
func untilGone(t *testing.T, stray string) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for {
		left := strays(stray)
		if len(left) == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("left running: %v", left)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func (p *program) kill(pids ...int) {
	for _, pid := range pids {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			p.t.Fatalf("kill %d: %v", pid, err)
		}
	}
}

func TestNoOrphanWhenWeAreKilled(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{"obedient": nil, "deaf to SIGTERM": {"deaf"}} {
		t.Run(name, func(t *testing.T) {
			p := startProgram(t, optionsFor(t, commandOf("role-npx", args...)))
			p.kill(p.cmd.Process.Pid)
			p.cmd.Wait()
			untilGone(t, p.stray)
		})
	}
}

func TestNoOrphanWhenWeAreTerminated(t *testing.T) {
	t.Parallel()
	p := startProgram(t, optionsFor(t, commandOf("role-npx", "deaf")))
	p.cmd.Process.Signal(syscall.SIGTERM)
	if err := p.cmd.Wait(); err != nil {
		t.Errorf("the supervisor ended with %v", err)
	}
	if left := strays(p.stray); len(left) > 0 {
		t.Errorf("left running after an orderly stop: %v", left)
	}
}

// npx leaves its node when it dies, and a restart beside it would find the port
// taken.
func TestNoOrphanWhenNpxIsKilled(t *testing.T) {
	t.Parallel()
	r := newRig(t, optionsFor(t, commandOf("role-npx"))).run()
	before := r.untilPhase(PhaseHealthy)
	p := &program{t: t, stray: r.stray}
	node := p.pidOf("role-claw")
	p.kill(p.pidOf("role-npx"))
	st := r.until("another child", func(st State) bool { return st.Phase == PhaseHealthy && st.PID != before.PID })
	if _, ok := inspect(node); ok {
		t.Error("the old node still runs")
	}
	if st.Restarts != 1 {
		t.Errorf("restarts %d, want 1", st.Restarts)
	}
}

// A descendant that leaves its group and hides its origin is still the
// guardian's, who adopts it when its parents die.
func TestNoOrphanThatHides(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"stop", "npx killed"} {
		t.Run(how, func(t *testing.T) {
			r := newRig(t, optionsFor(t, commandOf("role-npx", "hermit"))).run()
			before := r.untilPhase(PhaseHealthy)
			owner, err := socket.Listener(t.Context(), socket.V4(r.o.Port))
			if err != nil || owner.PID == 0 {
				t.Fatalf("the hermit's pid: %+v, %v", owner, err)
			}
			if how == "stop" {
				r.stop()
			} else {
				p := &program{t: t, stray: r.stray}
				p.kill(p.pidOf("role-npx"))
				r.until("another child", func(st State) bool { return st.Phase == PhaseHealthy && st.PID != before.PID })
			}
			if _, ok := inspect(owner.PID); ok {
				syscall.Kill(owner.PID, syscall.SIGKILL)
				t.Error("the hermit still runs")
			}
		})
	}
}

func TestNoOrphanWhenTheGuardianIsKilled(t *testing.T) {
	t.Parallel()
	r := newRig(t, optionsFor(t, commandOf("role-npx", "deaf"))).run()
	before := r.untilPhase(PhaseHealthy)
	p := &program{t: t, stray: r.stray}
	node := p.pidOf("role-claw")
	p.kill(before.PID)
	r.until("another child", func(st State) bool { return st.Phase == PhaseHealthy && st.PID != before.PID })
	if _, ok := inspect(node); ok {
		t.Error("the old node still runs")
	}
}

// "killall -9" of everything of ours leaves ClawRouter running; the next start
// ends it and starts its own.
func TestNextStartEndsWhatWasLeft(t *testing.T) {
	t.Parallel()
	o := optionsFor(t, commandOf("role-npx", "deaf"))
	p := startProgram(t, o)
	node := p.pidOf("role-claw")
	p.kill(p.pidOf("claw-guardian"), p.cmd.Process.Pid)
	p.cmd.Wait()
	if _, ok := inspect(node); !ok {
		t.Fatal("nothing was left, so there is nothing to test")
	}
	r := newRig(t, o).run()
	if st := r.untilPhase(PhaseHealthy); st.Restarts != 0 {
		t.Errorf("state %+v", st)
	}
	if _, ok := inspect(node); ok {
		t.Error("the leftover still runs")
	}
}

// A record whose number belongs to another process by now must harm nobody.
func TestLeftoverIsVerified(t *testing.T) {
	t.Parallel()
	bystander := exec.Command("sleep", "1000")
	if err := bystander.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { bystander.Process.Kill(); bystander.Wait() }()
	id, ok := inspect(bystander.Process.Pid)
	if !ok {
		t.Fatal("cannot inspect a process of ours")
	}
	path := filepath.Join(t.TempDir(), recordName)
	write := func(tree ...processID) {
		b, _ := json.Marshal(run{Mark: "no such mark", Tree: tree})
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, wrong := range map[string]processID{
		"another start time": {id.PID, "1@" + bootID(), id.Exe},
		"another boot":       {id.PID, strings.Split(id.Start, "@")[0] + "@then", id.Exe},
		"another executable": {id.PID, id.Start, "/usr/bin/node"},
		"ourselves":          mustInspect(t, os.Getpid()),
	} {
		write(wrong)
		if n, err := endLeftover(t.Context(), path, 0); n != 0 || err != nil {
			t.Errorf("%s: ended %d processes, %v", name, n, err)
		}
	}
	write(id)
	if n, err := endLeftover(t.Context(), path, time.Minute); n != 1 || err != nil {
		t.Errorf("the right one: ended %d processes, %v", n, err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("the record is still there")
	}
	if err := bystander.Wait(); err == nil || err.Error() != "signal: terminated" {
		t.Errorf("it ended with %v, want SIGTERM before SIGKILL", err)
	}
}

func mustInspect(t *testing.T, pid int) processID {
	t.Helper()
	id, ok := inspect(pid)
	if !ok {
		t.Fatalf("cannot inspect %d", pid)
	}
	return id
}

func TestUnreadableRecordIsRemoved(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), recordName)
	if err := os.WriteFile(path, []byte("{half"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := endLeftover(t.Context(), path, 0); err == nil {
		t.Error("an unreadable record went unmentioned")
	}
	if n, err := endLeftover(t.Context(), path, 0); n != 0 || err != nil {
		t.Errorf("it is still there: %d, %v", n, err)
	}
}

// As a login item does: nothing in the environment but what we were given.
func TestStartsWithAnEmptyEnvironment(t *testing.T) {
	t.Parallel()
	o := optionsFor(t, commandOf("role-claw"))
	stray := o.Env[1]
	o.Env = []string{stray}
	o.Home = home(t, map[string]string{sessionFile: digitsOf(aliceKey) + "\n"})
	r := newRig(t, o).run()
	st := r.untilPhase(PhaseHealthy)
	if st.Health.Wallet != aliceAddress || st.Mismatch != nil || !st.Home.Isolated {
		t.Errorf("state %+v", st)
	}
	env, _ := r.seen()
	if env["HOME"] != filepath.Join(o.StateDir, ownHomeName) || env["BLOCKRUN_WALLET_KEY"] != aliceKey {
		t.Errorf("environment %v", env)
	}
}
