package proxy

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/backend/socket"
	"github.com/BlockRunAI/clawrouter-codex/backend/socket/testport"
)

// rig is a supervisor under test, with everything that it may touch in
// temporary folders.
type rig struct {
	*Supervisor
	t     *testing.T
	o     SupervisorOptions
	stray string // a line in the environment of every process it starts
	log   *lockedBuffer

	stop func()
	done chan error
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func optionsFor(t *testing.T, command string) SupervisorOptions {
	t.Helper()
	dir := t.TempDir()
	return SupervisorOptions{
		Command: command, Port: testport.Free(t), StateDir: filepath.Join(dir, "state"), LogPath: filepath.Join(dir, "state", "log", "clawrouter.log"),
		Home: home(t, nil), Timing: briefly(), PassEnv: []string{"PROXYTEST"},
		Env: []string{"PATH=" + os.Getenv("PATH"), "PROXYTEST=" + newMark(), "BLOCKRUN_WALLET_KEY=" + aliceKey},
	}
}

// newRig returns a rig that does not run yet.
func newRig(t *testing.T, o SupervisorOptions) *rig {
	t.Helper()
	r := &rig{t: t, log: &lockedBuffer{}}
	o.Log = slog.New(slog.NewTextHandler(r.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	r.o = o
	for _, kv := range o.Env {
		if strings.HasPrefix(kv, "PROXYTEST=") {
			r.stray = kv
		}
	}
	r.Supervisor = Supervise(o)
	return r
}

// run starts the supervisor; at the end of the test it is stopped, and nothing
// of it may be left.
func (r *rig) run() *rig {
	ctx, cancel := context.WithCancel(context.Background())
	r.done = make(chan error, 1)
	go func() { r.done <- r.Run(ctx) }()
	r.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-r.done; err != nil {
			r.t.Errorf("Run: %v", err)
		}
	})
	r.t.Cleanup(func() {
		r.stop()
		if left := strays(r.stray); len(left) > 0 {
			r.t.Errorf("left running: %v", left)
		}
		if r.t.Failed() {
			r.t.Logf("supervisor said:\n%s", r.log)
		}
	})
	return r
}

// strays lists processes that were started with this line in their environment.
func strays(line string) []string {
	all, err := processes()
	if err != nil {
		return []string{err.Error()}
	}
	var out []string
	for _, p := range all {
		if !p.Dead && startedWith(p.PID, line) {
			id, _ := inspect(p.PID)
			out = append(out, fmt.Sprintf("%d %s", p.PID, filepath.Base(id.Exe)))
		}
	}
	return out
}

// patience bounds every wait of these tests; none waits for time to pass.
const patience = 30 * time.Second

// until returns the first state that fits.
func (r *rig) until(what string, fits func(State) bool) State {
	r.t.Helper()
	timeout := time.After(patience)
	for {
		changed := r.Changed()
		st := r.State()
		if fits(st) {
			return st
		}
		select {
		case <-changed:
		case <-timeout:
			r.t.Fatalf("never came to %s; state %+v", what, st)
		}
	}
}

func (r *rig) untilPhase(p Phase) State {
	r.t.Helper()
	return r.until(string(p), func(st State) bool { return st.Phase == p })
}

// do makes the stand-in misbehave; an answer does not always come.
func (r *rig) do(what string) {
	resp, err := http.Get(r.State().URL + "/do/" + what)
	if err == nil {
		resp.Body.Close()
	}
	http.DefaultClient.CloseIdleConnections()
}

// seen is what the stand-in was started with.
func (r *rig) seen() (env map[string]string, args []string) {
	r.t.Helper()
	resp, err := http.Get(r.State().URL + "/env")
	if err != nil {
		r.t.Fatal(err)
	}
	defer http.DefaultClient.CloseIdleConnections()
	defer resp.Body.Close()
	var v struct{ Env, Args []string }
	if err := json.NewDecoder(resp.Body).Decode(&v); err != nil {
		r.t.Fatal(err)
	}
	return envMap(v.Env), v.Args
}

// untilLogged follows the child's log until it holds text.
func (r *rig) untilLogged(text string) string {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var got lockedBuffer
	FollowLog(ctx, r.o.LogPath, 0, writerFunc(func(p []byte) (int, error) {
		got.Write(p)
		if strings.Contains(got.String(), text) {
			cancel()
		}
		return len(p), nil
	}))
	return got.String()
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

func TestStartsAndStopsTheWholeTree(t *testing.T) {
	t.Parallel()
	r := newRig(t, optionsFor(t, commandOf("role-npx"))).run()
	st := r.untilPhase(PhaseHealthy)
	if st.Version != "0.12.246" || st.Health.Wallet != aliceAddress || st.Mismatch != nil || st.PID == 0 || st.Home.Path != r.o.Home {
		t.Errorf("state %+v", st)
	}
	env, args := r.seen()
	if want := []string{"--port", fmt.Sprint(r.o.Port), "--no-reuse"}; !slices.Equal(args[len(args)-3:], want) {
		t.Errorf("arguments %v, want them to end in %v", args, want)
	}
	if env["BLOCKRUN_WALLET_KEY"] != aliceKey || strings.Contains(strings.Join(args, " "), digitsOf(aliceKey)) {
		t.Error("the key belongs into the environment, and there only")
	}
	if n := len(strays(r.stray)); n != 4 {
		t.Errorf("%d processes run, want guardian, npx, sh and node", n)
	}
	r.stop()
	if st := r.State(); st.Phase != PhaseIdle {
		t.Errorf("phase %s after the stop", st.Phase)
	}
	if !socket.Free(t.Context(), socket.V4(r.o.Port)) {
		t.Error("the port is still taken")
	}
	if _, err := os.Stat(filepath.Join(r.o.StateDir, recordName)); err == nil {
		t.Error("the record of the child is still there")
	}
}

func TestEndsAChildThatIgnoresSIGTERM(t *testing.T) {
	t.Parallel()
	r := newRig(t, optionsFor(t, commandOf("role-npx", "deaf"))).run()
	r.untilPhase(PhaseHealthy)
	r.stop() // run's cleanup looks for what is left
}

func TestStartsAgainAfterACrash(t *testing.T) {
	t.Parallel()
	r := newRig(t, optionsFor(t, commandOf("role-npx"))).run()
	before := r.untilPhase(PhaseHealthy)
	r.do("exit?code=7")
	st := r.until("a restart", func(st State) bool { return st.Phase == PhaseRestarting })
	if st.Err == nil || st.Err.Kind != Crashed || !strings.Contains(st.Err.Message, "exit code 7") || st.NextTry.IsZero() {
		t.Errorf("state %+v", st)
	}
	st = r.untilPhase(PhaseHealthy)
	if st.Err != nil || st.PID == before.PID || st.Restarts != 1 {
		t.Errorf("state after the restart %+v", st)
	}
}

func TestAHangIsACrash(t *testing.T) {
	t.Parallel()
	r := newRig(t, optionsFor(t, commandOf("role-claw"))).run()
	before := r.untilPhase(PhaseHealthy)
	r.do("hang")
	st := r.until("a restart", func(st State) bool { return st.Phase == PhaseRestarting })
	if st.Err == nil || st.Err.Kind != Hung {
		t.Errorf("error %+v", st.Err)
	}
	if st := r.untilPhase(PhaseHealthy); st.PID == before.PID {
		t.Error("the same child is called healthy again")
	}
}

func TestAMuteStartIsAHang(t *testing.T) {
	t.Parallel()
	o := optionsFor(t, commandOf("role-claw", "mute"))
	o.Timing.StartSilence = 100 * time.Millisecond
	r := newRig(t, o).run()
	if st := r.until("a failure", func(st State) bool { return st.Err != nil }); st.Err.Kind != Hung {
		t.Errorf("error %+v", st.Err)
	}
}

func TestGivesUpACrashLoop(t *testing.T) {
	t.Parallel()
	r := newRig(t, optionsFor(t, commandOf("role-claw", "crash"))).run()
	st := r.untilPhase(PhaseFailed)
	if st.Err.Kind != CrashLoop || st.Failures != 4 || !st.NextTry.IsZero() {
		t.Errorf("state %+v", st)
	}
	for _, want := range []string{"4 times", "exit code 3", "Fatal error: told to crash"} {
		if !strings.Contains(st.Err.Message, want) {
			t.Errorf("message %q does not tell %q", st.Err.Message, want)
		}
	}
	if len(st.LastLines) == 0 || !strings.Contains(st.LastLines[len(st.LastLines)-1], "told to crash") {
		t.Errorf("last lines %q", st.LastLines)
	}
	r.Restart()
	r.until("another try", func(st State) bool { return st.Phase == PhaseStarting || st.Phase == PhaseRestarting })
}

func TestRestart(t *testing.T) {
	t.Parallel()
	r := newRig(t, optionsFor(t, commandOf("role-claw"))).run()
	before := r.untilPhase(PhaseHealthy)
	r.Restart()
	r.until("another child", func(st State) bool { return st.Phase == PhaseHealthy && st.PID != before.PID })
	if st := r.State(); st.Restarts != 0 {
		t.Errorf("a wished restart is counted as a crash: %+v", st)
	}
}

func TestOfflineIsToldAndTriedAgain(t *testing.T) {
	t.Parallel()
	o := optionsFor(t, commandOf("role-claw", "offline"))
	o.Timing.CrashLimit = 2
	r := newRig(t, o).run()
	st := r.until("more failures than the crash limit", func(st State) bool { return st.Failures > 3 })
	if st.Err.Kind != NoNetwork || st.Phase != PhaseFailed && st.Phase != PhaseStarting || !strings.Contains(st.Err.Message, "ENOTFOUND") {
		t.Errorf("state %+v, error %+v", st, st.Err)
	}
}

func TestMissingProgram(t *testing.T) {
	t.Parallel()
	r := newRig(t, optionsFor(t, "/nonexistent/clawrouter")).run()
	if st := r.untilPhase(PhaseFailed); st.Err.Kind != CommandMissing || !strings.Contains(st.Err.Message, "/nonexistent/clawrouter") {
		t.Errorf("error %+v", st.Err)
	}
	o := optionsFor(t, `npx "unclosed`)
	r = newRig(t, o).run()
	if st := r.untilPhase(PhaseFailed); st.Err.Kind != CommandInvalid {
		t.Errorf("error %+v", st.Err)
	}
}

// Starts and crashes must cost no descriptor, goroutine or process. goleak
// sees the goroutines, run's cleanup the processes.
func TestNothingLeaks(t *testing.T) {
	o := optionsFor(t, commandOf("role-claw"))
	o.Timing.CrashLimit = -1
	r := newRig(t, o).run()
	r.untilPhase(PhaseHealthy)
	before := openFiles(t)
	last := 0
	for range 10 {
		st := r.until("a new child", func(st State) bool { return st.Phase == PhaseHealthy && st.PID != last })
		last = st.PID
		r.do("exit?code=1")
		r.until("its end", func(st State) bool { return st.Phase != PhaseHealthy })
	}
	r.until("a new child", func(st State) bool { return st.Phase == PhaseHealthy && st.PID != last })
	if after := openFiles(t); after > before+2 {
		t.Errorf("%d files open, before the crashes %d", after, before)
	}
	all, err := processes()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range all {
		if p.PPID == os.Getpid() && p.Dead {
			t.Errorf("zombie %d", p.PID)
		}
	}
}

func openFiles(t *testing.T) int {
	t.Helper()
	for _, dir := range []string{"/proc/self/fd", "/dev/fd"} {
		if names, err := os.ReadDir(dir); err == nil {
			return len(names)
		}
	}
	t.Skip("this system does not list a process's files")
	return 0
}

func TestRunTwice(t *testing.T) {
	t.Parallel()
	r := newRig(t, optionsFor(t, commandOf("role-claw"))).run()
	r.untilPhase(PhaseHealthy)
	if err := r.Run(t.Context()); err == nil || errors.Is(err, context.Canceled) {
		t.Errorf("a second Run returned %v", err)
	}
}

func TestSecretsStayOutOfTheLog(t *testing.T) {
	t.Parallel()
	r := newRig(t, optionsFor(t, commandOf("role-npx", "leak"))).run()
	r.untilPhase(PhaseHealthy)
	r.do("say?text=" + url.QueryEscape("upper "+strings.ToUpper(digitsOf(aliceKey))+" end"))
	log := r.untilLogged(" end\n")
	r.stop()
	everything := log + r.log.String() + fmt.Sprintf("%+v", r.State())
	if b, err := json.Marshal(r.State()); err == nil {
		everything += string(b)
	}
	filepath.WalkDir(r.o.StateDir, func(path string, _ os.DirEntry, _ error) error {
		b, _ := os.ReadFile(path)
		everything += string(b)
		return nil
	})
	for _, secret := range []string{digitsOf(aliceKey), brkKey} {
		if strings.Contains(strings.ToLower(everything), secret) {
			t.Errorf("a secret shows: …%.12s", secret)
		}
	}
	if !strings.Contains(log, "debug: key is "+redacted) {
		t.Errorf("log:\n%s", log)
	}
}
