//go:build !windows

package proxy

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/BlockRunAI/clawrouter-codex/backend/socket/testport"
)

// startClaw runs a stand-in ClawRouter that is nobody's child, and ends it with
// the test.
func startClaw(t *testing.T, port int, key string, change func(*exec.Cmd)) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, "role-claw", "--port", fmt.Sprint(port))
	cmd.Env = []string{"HOME=" + t.TempDir(), "BLOCKRUN_WALLET_KEY=" + key}
	if change != nil {
		change(cmd)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	line := make([]byte, 256)
	if n, err := out.Read(line); err != nil || !strings.Contains(string(line[:n]), "listening") {
		t.Fatalf("the stand-in said %q, %v", line[:n], err)
	}
	return cmd
}

func TestReusesAClawRouterOfThisUser(t *testing.T) {
	t.Parallel()
	o := optionsFor(t, commandOf("role-claw"))
	other := startClaw(t, o.Port, aliceKey, nil)
	r := newRig(t, o).run()
	st := r.untilPhase(PhaseReused)
	if st.PID != other.Process.Pid || st.Health.Wallet != aliceAddress || st.RefusePaid() != "" || !st.Ready() {
		t.Errorf("state %+v", st)
	}
	other.Process.Kill()
	other.Wait()
	r.Check() // as a turn that failed does
	st = r.untilPhase(PhaseHealthy)
	if st.Restarts != 0 || st.Err != nil {
		t.Errorf("our own start in its place: %+v", st)
	}
}

func TestAReusedClawRouterIsLeftRunning(t *testing.T) {
	t.Parallel()
	o := optionsFor(t, commandOf("role-claw"))
	startClaw(t, o.Port, aliceKey, nil)
	r := newRig(t, o).run()
	r.untilPhase(PhaseReused)
	r.stop()
	resp, err := http.Get(r.State().URL + "/health")
	if err != nil {
		t.Fatalf("it was stopped: %v", err)
	}
	resp.Body.Close()
	http.DefaultClient.CloseIdleConnections()
}

func TestRefusesPaidTurnsOnAnotherWallet(t *testing.T) {
	t.Parallel()
	o := optionsFor(t, commandOf("role-claw"))
	startClaw(t, o.Port, bobKey, nil)
	r := newRig(t, o).run()
	st := r.untilPhase(PhaseReused)
	why := st.RefusePaid()
	for _, want := range []string{aliceAddress, bobAddress, "BLOCKRUN_WALLET_KEY"} {
		if !strings.Contains(why, want) {
			t.Errorf("%q does not tell %s", why, want)
		}
	}
}

func TestRefusesAPortOfAnotherProgram(t *testing.T) {
	t.Parallel()
	for name, h := range map[string]http.HandlerFunc{
		"another server": func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"status":"ok","upstream":"x"}`) },
		"one that hangs": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
	} {
		t.Run(name, func(t *testing.T) {
			o := optionsFor(t, commandOf("role-claw"))
			l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", o.Port))
			if err != nil {
				t.Fatal(err)
			}
			srv := &http.Server{Handler: h}
			go srv.Serve(l)
			defer srv.Close()
			r := newRig(t, o).run()
			st := r.untilPhase(PhaseFailed)
			if st.Err.Kind != PortTaken || !strings.Contains(st.Err.Message, fmt.Sprintf("pid %d", os.Getpid())) || st.Err.Mend == "" {
				t.Errorf("error %+v", st.Err)
			}
			srv.Close()
			r.untilPhase(PhaseHealthy) // once the port is free, without being asked
		})
	}
}

func TestRefusesAClawRouterOfAnotherUser(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Skip("only root can start a process of another user")
	}
	const nobody = 65534
	o := optionsFor(t, commandOf("role-claw"))
	startClaw(t, o.Port, aliceKey, func(cmd *exec.Cmd) {
		// The test binary's folder is root's alone.
		dir, err := os.MkdirTemp("", "proxytest")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { os.RemoveAll(dir) })
		b, err := os.ReadFile(cmd.Path)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, "clawrouter")
		if err := os.WriteFile(path, b, 0o755); err != nil {
			t.Fatal(err)
		}
		os.Chmod(dir, 0o777)
		cmd.Path, cmd.Args[0], cmd.Dir = path, path, dir
		cmd.Env[0] = "HOME=" + dir
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	})
	r := newRig(t, o).run()
	st := r.untilPhase(PhaseFailed)
	if st.Err.Kind != PortOfOtherUser || !strings.Contains(st.Err.Message, "nobody") {
		t.Errorf("error %+v", st.Err)
	}
}

// A program that takes the port while our child starts must not be taken for
// our child.
func TestDoesNotTakeASquatterForItsChild(t *testing.T) {
	t.Parallel()
	o := optionsFor(t, commandOf("role-claw", "mute"))
	r := newRig(t, o)
	free := r.world.portFree
	first := true
	r.world.portFree = func(ctx context.Context) bool {
		if first {
			first = false
			startClaw(t, o.Port, aliceKey, nil)
			return true
		}
		return free(ctx)
	}
	r.run()
	st := r.until("an answer", State.Ready)
	if st.Phase != PhaseReused {
		t.Errorf("state %+v", st)
	}
}

// An old ClawRouter prefers wallet.key in the home folder; the promise that
// BLOCKRUN_WALLET_KEY wins is kept.
func TestTheGivenKeyPays(t *testing.T) {
	t.Parallel()
	o := optionsFor(t, commandOf("role-claw"))
	o.Home = home(t, map[string]string{legacyKeyFile: bobKey})
	r := newRig(t, o).run()
	st := r.untilPhase(PhaseHealthy)
	if st.Health.Wallet != aliceAddress || !st.Home.Isolated || st.Mismatch != nil {
		t.Errorf("state %+v", st)
	}
}

// Should a release find a key where the table does not expect one, the home
// folder is taken out of the way once.
func TestAnUnforeseenKeyIsPutAside(t *testing.T) {
	t.Parallel()
	o := optionsFor(t, commandOf("role-claw", "new-place"))
	o.Home = home(t, map[string]string{".new-place": bobKey})
	r := newRig(t, o)
	launch := r.world.launch
	starts := 0
	r.world.launch = func(ctx context.Context, w Wallet) (runner, error) {
		starts++
		return launch(ctx, w)
	}
	r.run()
	st := r.untilPhase(PhaseHealthy)
	if st.Mismatch != nil || st.Health.Wallet != aliceAddress || !st.Home.Isolated || starts != 2 {
		t.Errorf("state %+v after %d starts", st, starts)
	}
}

func TestAMalformedKeyStartsNothing(t *testing.T) {
	t.Parallel()
	o := optionsFor(t, commandOf("role-claw"))
	o.Env[2] = "BLOCKRUN_WALLET_KEY=" + aliceKey[:40]
	r := newRig(t, o).run()
	st := r.untilPhase(PhaseFailed)
	if st.Err.Kind != WalletMalformed || st.Ready() {
		t.Errorf("state %+v", st)
	}
	if left := strays(r.stray); len(left) > 0 {
		t.Errorf("started %v", left)
	}
}

func TestFirstWalletIsToldOnce(t *testing.T) {
	t.Parallel()
	o := optionsFor(t, commandOf("role-claw"))
	o.Env = o.Env[:2]
	r := newRig(t, o).run()
	st := r.untilPhase(PhaseHealthy)
	want := &CreatedWallet{Address: bobAddress, Chain: "base", KeyFile: filepath.Join(o.Home, legacyKeyFile)}
	if st.Created == nil || *st.Created != *want {
		t.Fatalf("created %+v, want %+v", st.Created, want)
	}
	for _, word := range []string{"made one", bobAddress + " on Base", want.KeyFile, "Back it up"} {
		if !strings.Contains(st.Created.String(), word) {
			t.Errorf("%q does not tell %q", st.Created, word)
		}
	}
	r.stop()

	r = newRig(t, o).run()
	st = r.untilPhase(PhaseHealthy)
	if st.Created != nil || st.Wallet.Address() != bobAddress {
		t.Errorf("second start: %+v", st)
	}
	r.stop()

	// The key is lost: no second wallet is made.
	os.Remove(filepath.Join(o.Home, legacyKeyFile))
	r = newRig(t, o).run()
	st = r.untilPhase(PhaseFailed)
	if st.Err.Kind != WalletMissing || !strings.Contains(st.Err.Message, bobAddress) {
		t.Errorf("error %+v", st.Err)
	}
	// It comes back, and so does ClawRouter.
	os.WriteFile(filepath.Join(o.Home, legacyKeyFile), []byte(bobKey), 0o600)
	r.untilPhase(PhaseHealthy)
}

// A start at login has not the shell's environment. It must neither pay from
// what else it finds nor make a wallet.
func TestKeyOfTheShellIsMissedAtLogin(t *testing.T) {
	t.Parallel()
	o := optionsFor(t, commandOf("role-claw"))
	r := newRig(t, o).run()
	r.untilPhase(PhaseHealthy)
	r.stop()

	o.Env = o.Env[:2]
	o.Home = home(t, map[string]string{sessionFile: bobKey})
	r = newRig(t, o).run()
	st := r.untilPhase(PhaseFailed)
	if st.Err.Kind != WalletMissing || !strings.Contains(st.Err.Message, aliceAddress) || !strings.Contains(st.Err.Mend, "WALLET_KEY_FILE") {
		t.Errorf("error %+v", st.Err)
	}
	// A ClawRouter that runs with that wallet is welcome all the same.
	startClaw(t, o.Port, aliceKey, nil)
	r.Restart()
	if st := r.untilPhase(PhaseReused); st.RefusePaid() != "" {
		t.Errorf("refused: %s", st.RefusePaid())
	}
	r.stop()

	if err := os.Remove(filepath.Join(o.StateDir, memoryName)); err != nil {
		t.Fatal(err)
	}
	o.Port = testport.Free(t)
	r = newRig(t, o).run()
	if st := r.untilPhase(PhaseHealthy); st.Health.Wallet != bobAddress {
		t.Errorf("after forgetting: %+v", st)
	}
}

// Paid turns do not go to whoever has the port while ours is started again.
func TestPaidTurnsAreRefusedBeforeTheWalletWasLookedAt(t *testing.T) {
	s := Supervise(optionsFor(t, ""))
	answers := Health{Auth: AuthWallet, Wallet: bobAddress, Chain: "base"}
	var nobody error
	s.world.probe = func(context.Context) (Health, error) { return answers, nobody }
	s.state.Wallet = mustKey(t, aliceKey, FromEnv, "BLOCKRUN_WALLET_KEY")
	for _, phase := range []Phase{PhaseChecking, PhaseStarting, PhaseRestarting, PhaseFailed} {
		s.phase(phase, nil)
		if why := s.RefusePaid(t.Context()); !strings.Contains(why, aliceAddress) || !strings.Contains(why, bobAddress) {
			t.Errorf("%s: refused with %q", phase, why)
		}
	}
	nobody = errors.New("refused")
	if why := s.RefusePaid(t.Context()); why != "" {
		t.Errorf("with nobody there: %q", why)
	}
	nobody, answers.Wallet = nil, aliceAddress
	if why := s.RefusePaid(t.Context()); why != "" {
		t.Errorf("our own: %q", why)
	}
}
