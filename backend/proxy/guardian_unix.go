//go:build linux || darwin

package proxy

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"syscall"
	"time"
)

// guardianAttr puts a guardian into a session of its own, so that Ctrl-C in
// our terminal reaches us alone and the tree is ended in order.
func guardianAttr(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
}

// exited is one process that the guardian waited for.
type exited struct {
	pid    int
	status syscall.WaitStatus
}

func guard(grace time.Duration, path string, argv []string) int {
	renameSelf("claw-guardian")
	if err := adoptOrphans(); err != nil {
		fmt.Fprintf(os.Stderr, "clawrouter-codex: guardian cannot adopt orphans: %v\n", err)
	}
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	signal.Ignore(syscall.SIGPIPE) // whoever read our output may be gone already
	gone := lifeline(os.Stdin)

	child, err := startInGroup(path, argv)
	if err != nil {
		fmt.Fprintf(os.Stderr, "clawrouter-codex: cannot start %s: %v\n", path, err)
		return exitCannotStart
	}
	reaped := make(chan exited)
	go reap(reaped)
	t := &tree{group: child, mark: os.Getenv(markName), reaped: reaped}
	t.watch(gone, signals)
	t.end(grace)
	return t.code()
}

func startInGroup(path string, argv []string) (int, error) {
	null, err := os.Open(os.DevNull)
	if err != nil {
		return 0, err
	}
	defer null.Close()
	return syscall.ForkExec(path, argv, &syscall.ProcAttr{
		Env:   os.Environ(),
		Files: []uintptr{null.Fd(), 1, 2},
		Sys:   &syscall.SysProcAttr{Setpgid: true},
	})
}

// reap waits for children, the adopted ones too, so that none stays as a
// zombie; it ends when there are none left.
func reap(out chan<- exited) {
	defer close(out)
	for {
		var ws syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &ws, 0, nil)
		switch {
		case err == syscall.EINTR:
		case err != nil:
			return
		case ws.Exited() || ws.Signaled():
			out <- exited{pid, ws}
		}
	}
}

// tree is a guardian's view of what it started.
type tree struct {
	group  int // the command, leader of its group
	mark   string
	reaped <-chan exited // nil when no child is left
	status syscall.WaitStatus
	known  bool // status is the command's
}

// watch returns when the tree should end: we are gone, somebody stops the
// guardian, or the command itself has ended.
func (t *tree) watch(gone <-chan struct{}, signals <-chan os.Signal) {
	for !t.known && t.reaped != nil {
		select {
		case <-gone:
			return
		case <-signals:
			return
		case e, ok := <-t.reaped:
			t.note(e, ok)
		}
	}
}

func (t *tree) note(e exited, ok bool) {
	if !ok {
		t.reaped = nil
	} else if e.pid == t.group {
		t.status, t.known = e.status, true
	}
}

// end asks everything in the tree to stop, and after the grace makes it. It
// looks again until nothing is left, since what is ended may start more.
func (t *tree) end(grace time.Duration) {
	deadline := time.Now().Add(grace)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	var asked []int
	for {
		alive := t.members()
		for _, pid := range alive {
			switch {
			case time.Now().After(deadline):
				_ = syscall.Kill(pid, syscall.SIGKILL)
			case !slices.Contains(asked, pid):
				asked = append(asked, pid)
				_ = syscall.Kill(pid, syscall.SIGTERM)
			}
		}
		if len(alive) == 0 && t.reaped == nil {
			return
		}
		select {
		case e, ok := <-t.reaped:
			t.note(e, ok)
		case <-tick.C:
			if len(alive) == 0 && time.Now().After(deadline.Add(time.Second)) {
				return // a child that cannot be waited for must not keep us
			}
		}
	}
}

// members are the living processes of the tree: descendants, and those of the
// command's group whose parent is gone; and when none are left, those that only
// their mark gives away.
func (t *tree) members() []int {
	all, err := processes()
	if err != nil {
		return []int{t.group} // better one signal to a dead group than none
	}
	if alive := union(below(all, os.Getpid()), inGroup(all, t.group)); len(alive) > 0 {
		return alive
	}
	if t.mark == "" {
		return nil
	}
	return marked(all, t.mark)
}

// code is the exit code by which a shell tells a signal.
func (t *tree) code() int {
	switch {
	case !t.known:
		return 128 + int(syscall.SIGTERM)
	case t.status.Signaled():
		return 128 + int(t.status.Signal())
	default:
		return t.status.ExitStatus()
	}
}
