//go:build e2e && linux

package outages

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/BlockRunAI/clawrouter-codex/e2e/stage"
)

// TestTheTerminalIsClosed: what is printed goes nowhere from then on.
func TestTheTerminalIsClosed(t *testing.T) {
	link := stage.StartLink(t)
	link.Bridge.Stop(t)
	keyboard, screen := terminal(t)
	cmd := exec.CommandContext(t.Context(), stage.Program(), "start")
	cmd.Env, cmd.Dir = link.Env(), link.Folder
	cmd.Stdin, cmd.Stdout, cmd.Stderr = screen, screen, screen
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = screen.Close() // the program has it now
	go func() { _, _ = io.Copy(io.Discard, keyboard) }()
	if err := eventually(t, func() error {
		_, err := stage.Get(t.Context(), link.URL()+"/health")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	endsWell(t, link, func() { _ = keyboard.Close() }, func() int {
		_ = cmd.Wait()
		return cmd.ProcessState.ExitCode()
	})
}

// terminal is both sides of a new one.
func terminal(t *testing.T) (keyboard, screen *os.File) {
	t.Helper()
	keyboard, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetPointerInt(int(keyboard.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	number, err := unix.IoctlGetInt(int(keyboard.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	screen, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	return keyboard, screen
}
