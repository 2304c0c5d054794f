package machine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

// ErrUnmeasured is returned for a figure that this system does not give.
var ErrUnmeasured = errors.New("not measured on this system")

// Command is a process to start.
type Command struct {
	Path   string
	Args   []string
	Env    []string // the whole environment
	Dir    string
	Output io.Writer // gets stdout and stderr too, besides the tail that is kept
}

// Process is a running child. Its owner calls Stop.
type Process struct {
	cmd    *exec.Cmd
	stdin  io.Closer
	output *tail
	exited chan struct{}
	err    error // set before exited is closed
}

// grace is what a process gets between SIGTERM and SIGKILL.
const grace = 5 * time.Second

// Start starts c. The child's stdin is a pipe that closes when this process is
// gone, which tells our own helpers to go as well.
func Start(ctx context.Context, c Command) (*Process, error) {
	p := &Process{cmd: exec.CommandContext(ctx, c.Path, c.Args...), output: &tail{also: c.Output}, exited: make(chan struct{})}
	p.cmd.Env, p.cmd.Dir = c.Env, c.Dir
	p.cmd.Stdout, p.cmd.Stderr = p.output, p.output
	p.cmd.Cancel = func() error { return p.terminate() }
	p.cmd.WaitDelay = grace
	stdin, err := p.cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", c.Path, err)
	}
	p.stdin = stdin
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", c.Path, err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.exited)
	}()
	return p, nil
}

// terminate asks the child to end in order. Windows has no SIGTERM.
func (p *Process) terminate() error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return p.cmd.Process.Kill()
	}
	return nil
}

// PID is the child's process id.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Exited is closed when the child has ended.
func (p *Process) Exited() <-chan struct{} { return p.exited }

// Output is the end of what the child printed.
func (p *Process) Output() string { return p.output.String() }

// Stop ends the child and waits for it.
func (p *Process) Stop() {
	p.terminate()
	late := time.AfterFunc(grace, func() { p.cmd.Process.Kill() })
	defer late.Stop()
	<-p.exited
	p.stdin.Close()
}

// CPU is the processor time that the child has used so far, on all cores.
func (p *Process) CPU() (time.Duration, error) { return cpu(p.PID()) }

// Memory is what the child holds now.
func (p *Process) Memory() (Memory, error) { return memory(p.PID()) }

// Memory is in bytes. PSS counts a page that several processes share by its
// part; it and Peak are 0 where the system does not tell.
type Memory struct{ RSS, PSS, Peak int64 }

// tailSize is enough for the error that explains why a child did not come up.
const tailSize = 16 << 10

// tail keeps the end of what is written to it.
type tail struct {
	also io.Writer
	mu   sync.Mutex
	b    []byte
}

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.b = append(t.b, b...)
	t.b = t.b[max(0, len(t.b)-tailSize):]
	if t.also != nil {
		return t.also.Write(b)
	}
	return len(b), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.b)
}
