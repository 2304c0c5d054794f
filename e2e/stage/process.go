//go:build e2e

package stage

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// Process is a child of the test. Its whole process group ends with the test.
type Process struct {
	cmd    *exec.Cmd
	output lockedBuffer
	ended  chan struct{} // closed when Wait returned
	err    error         // valid once ended is closed
	quiet  atomic.Bool
}

// Command describes a child: its arguments, its whole environment and the
// folder it works in.
type Command struct {
	Path   string
	Args   []string
	Env    []string
	Folder string
}

// Start runs a child in the background.
func Start(t testing.TB, c Command) *Process {
	t.Helper()
	p := &Process{cmd: exec.Command(c.Path, c.Args...), ended: make(chan struct{})}
	p.cmd.Env = c.Env
	p.cmd.Dir = c.Folder
	p.cmd.Stdout = &p.output
	p.cmd.Stderr = &p.output
	p.cmd.SysProcAttr = ownGroup()
	if err := p.cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", c.Path, err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.ended)
	}()
	t.Cleanup(func() {
		p.Stop(t)
		if strings.Contains(p.Output(), "DATA RACE") {
			t.Error("the race detector complained")
		}
		if t.Failed() && !p.quiet.Load() {
			t.Logf("%s printed:\n%s", strings.Join(p.cmd.Args, " "), p.Output())
		}
	})
	return p
}

// Stop interrupts the child and its children, as Ctrl-C in a terminal does, and
// fails the test when it has not ended after 10 s.
func (p *Process) Stop(t testing.TB) {
	t.Helper()
	select {
	case <-p.ended:
		return
	default:
	}
	if err := syscall.Kill(-p.cmd.Process.Pid, syscall.SIGINT); err != nil && !errors.Is(err, syscall.ESRCH) {
		t.Errorf("interrupt %s: %v", p.cmd.Path, err)
	}
	select {
	case <-p.ended:
	case <-time.After(10 * time.Second):
		t.Errorf("%s did not end within 10 s of an interrupt", strings.Join(p.cmd.Args, " "))
		killGroup(p.cmd.Process)
		<-p.ended
	}
}

// Output is what the child printed so far, both streams.
func (p *Process) Output() string { return p.output.String() }

// Quiet keeps what a child prints out of the log of a failed test: a desktop's own
// programs complain all the time.
func (p *Process) Quiet() { p.quiet.Store(true) }

// PID is the child's.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Signal sends a signal to the child, and not to its children.
func (p *Process) Signal(s syscall.Signal) { _ = p.cmd.Process.Signal(s) }

// Ended is closed once the child is gone.
func (p *Process) Ended() <-chan struct{} { return p.ended }

// ExitCode waits for the end, at most d.
func (p *Process) ExitCode(d time.Duration) (int, error) {
	select {
	case <-p.ended:
		return p.cmd.ProcessState.ExitCode(), nil
	case <-time.After(d):
		return 0, fmt.Errorf("%s still runs after %v", p.cmd.Path, d)
	}
}

// Run runs a child to its end and returns both of its streams. A child that
// takes longer than limit is killed with its group, and the test fails.
func Run(t testing.TB, limit time.Duration, c Command) (stdout, stderr string, exit int) {
	t.Helper()
	var out, errs bytes.Buffer
	cmd := exec.Command(c.Path, c.Args...)
	cmd.Env, cmd.Dir = c.Env, c.Folder
	cmd.Stdout, cmd.Stderr = &out, &errs
	cmd.SysProcAttr = ownGroup()
	// A grandchild that keeps a pipe open must not hold the test.
	cmd.WaitDelay = time.Second
	if err := cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", c.Path, err)
	}
	timer := time.AfterFunc(limit, func() { killGroup(cmd.Process) })
	err := cmd.Wait()
	if !timer.Stop() {
		t.Fatalf("%s took longer than %v\nstdout:\n%s\nstderr:\n%s",
			strings.Join(cmd.Args, " "), limit, out.String(), errs.String())
	}
	if exitErr := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exitErr) {
		t.Fatalf("%s: %v\n%s", strings.Join(cmd.Args, " "), err, errs.String())
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

func ownGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

func killGroup(p *os.Process) { syscall.Kill(-p.Pid, syscall.SIGKILL) }

type lockedBuffer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

var _ io.Writer = (*lockedBuffer)(nil)

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.String()
}
