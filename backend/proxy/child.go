package proxy

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"time"
)

// childPlan is all that a start needs, decided before it.
type childPlan struct {
	Guardian string        // our own executable
	Program  string        // absolute path
	Args     []string      // argv, Args[0] as the user wrote it
	Env      []string      // of childEnv
	Mark     string        // in Env too
	Grace    time.Duration // between SIGTERM and SIGKILL
	Output   io.WriteCloser
}

// child is a running guardian with ClawRouter below it.
type child struct {
	cmd      *exec.Cmd
	mark     string
	grace    time.Duration
	lifeline *os.File // closing it makes the guardian end the tree
	started  time.Time
	done     chan struct{} // closed when the tree is gone and all output was read
	code     int           // exit code; read after done
}

func newMark() string {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

// startChild runs the plan under a guardian. After a nil error the caller must
// wait for done, which stop brings about.
func startChild(p childPlan) (*child, error) {
	alive, lifeline, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("start ClawRouter: %w", err)
	}
	defer alive.Close()
	out, outWrite, err := os.Pipe()
	if err != nil {
		lifeline.Close()
		return nil, fmt.Errorf("start ClawRouter: %w", err)
	}
	defer outWrite.Close()
	cmd := exec.Command(p.Guardian)
	// Not the executable's name, which "pkill clawrouter-codex" looks for.
	cmd.Args = append([]string{"claw-guardian", guardianArg, strconv.Itoa(int(p.Grace.Milliseconds())), p.Program}, p.Args...)
	cmd.Env = p.Env
	cmd.Stdin, cmd.Stdout, cmd.Stderr = alive, outWrite, outWrite
	guardianAttr(cmd)
	if err := cmd.Start(); err != nil {
		lifeline.Close()
		out.Close()
		return nil, fmt.Errorf("start ClawRouter: %w", err)
	}
	c := &child{cmd: cmd, mark: p.Mark, grace: p.Grace, lifeline: lifeline, started: time.Now(), done: make(chan struct{})}
	go c.follow(out, p.Output)
	return c, nil
}

// follow owns the output and the guardian until both have ended.
func (c *child) follow(out *os.File, sink io.WriteCloser) {
	defer close(c.done)
	defer c.lifeline.Close()
	read := make(chan struct{})
	go func() {
		defer close(read)
		_, _ = io.Copy(sink, out)
	}()
	err := c.cmd.Wait()
	var ee *exec.ExitError
	switch {
	case err == nil:
	case errors.As(err, &ee):
		c.code = ee.ExitCode()
		if c.code < 0 { // the guardian itself was killed
			c.code = exitGuardianKilled
			// Bounded, for a process in the kernel's hands does not end.
			ctx, cancel := context.WithTimeout(context.Background(), c.grace+5*time.Second)
			endMarked(ctx, c.mark, c.grace)
			cancel()
		}
	default:
		c.code = exitCannotStart
	}
	// What escaped the guardian would keep the pipe open for ever.
	_ = out.SetReadDeadline(time.Now().Add(time.Second))
	<-read
	out.Close()
	sink.Close()
}

// exitGuardianKilled is no code that a guardian returns.
const exitGuardianKilled = -1

// pid is the guardian's.
func (c *child) pid() int { return c.cmd.Process.Pid }

// stop ends the tree and waits for it. The guardian has the grace for itself;
// one that does not manage is killed, and the tree with it.
func (c *child) stop() {
	c.lifeline.Close()
	select {
	case <-c.done:
		return
	case <-time.After(c.grace + 3*time.Second):
	}
	_ = c.cmd.Process.Kill()
	<-c.done
}

// tree returns the guardian's living descendants, and the guardian.
func (c *child) tree() []int {
	all, err := processes()
	if err != nil {
		return []int{c.pid()}
	}
	return append(below(all, c.pid()), c.pid())
}
