package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/app/window"
	"github.com/BlockRunAI/clawrouter-codex/backend/cli"
	"github.com/BlockRunAI/clawrouter-codex/backend/settings"
)

// windowLine is how the window is started: it is a process of its own, because a
// web view takes ten times the memory of all the rest, and may crash.
func windowLine(o cli.FaceOptions, part string, more ...string) ([]string, error) {
	var line []string
	switch o.GOOS {
	case "linux":
		path, err := besideOrOnPath(o, "clawrouter-codex-panel")
		if err != nil {
			return nil, cli.ErrNoWindow
		}
		line = []string{path}
	default:
		if hasWindow {
			line = []string{o.Program, "panel"}
			break
		}
		path, err := besideOrOnPath(o, "clawrouter-codex-app.exe")
		if o.GOOS != "windows" || err != nil {
			return nil, cli.ErrNoWindow
		}
		line = []string{path, "panel"}
	}
	line = append(line, more...)
	if part != "" {
		line = append(line, "--part", part)
	}
	return line, nil
}

// besideOrOnPath finds a program beside our own, which belongs to the same
// release, then on PATH.
func besideOrOnPath(o cli.FaceOptions, name string) (string, error) {
	program := o.Program
	if real, err := filepath.EvalSymlinks(program); err == nil {
		program = real
	}
	beside := filepath.Join(filepath.Dir(program), name)
	if info, err := os.Stat(beside); err == nil && info.Mode().IsRegular() {
		return beside, nil
	}
	return o.LookPath(name)
}

// panelWindow keeps the process of the window, of which there is one at most.
type panelWindow struct {
	o cli.FaceOptions

	mu     sync.Mutex // guards the rest, and is held while a window opens
	closed bool
	open   *process
}

// process is a window that was started.
type process struct {
	cmd    *exec.Cmd
	orders io.WriteCloser // nil for a window that is not ours to order about
	opened chan struct{}  // receives when it has come up, or to the front
	gone   chan struct{}  // closed when it ended, with err
	err    error
	said   tail // on standard error
}

func newPanelWindow(o cli.FaceOptions) *panelWindow { return &panelWindow{o: o} }

// openWait is how long a window may take to show its page on a slow machine.
const openWait = 20 * time.Second

// show opens the window, or brings the one that is open to the front, and returns
// when its page is there. A window that comes to nothing is an error that says why.
func (w *panelWindow) show(ctx context.Context, folder, part string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return errors.New("the program ends")
	}
	if w.open != nil && w.open.show(ctx, part) {
		return nil
	}
	line, err := windowLine(w.o, part, "--from-app")
	if err != nil {
		return err
	}
	p, err := startWindow(line, windowEnviron(w.o, folder), true)
	if err != nil {
		return fmt.Errorf("open the panel's window: %w", err)
	}
	w.open = p
	return p.wait(ctx)
}

// windowEnviron has the window look at the state folder of the link that is shown.
func windowEnviron(o cli.FaceOptions, folder string) []string {
	return append(slices.Clone(o.Environ), settings.HomeVariable+"="+folder)
}

// wait returns when a window shows its page, or says why it does not.
func (p *process) wait(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, openWait)
	defer cancel()
	select {
	case <-p.opened:
		return nil
	case <-p.gone:
		if p.err == nil || errors.Is(p.err, exec.ErrWaitDelay) {
			return nil // the app has a window already, and shows that one
		}
		return fmt.Errorf("the panel's window did not open: %s", p.said.String())
	case <-ctx.Done():
		return fmt.Errorf("the panel's window did not open: %w", ctx.Err())
	}
}

// startWindow starts the process of a window, which ours gives orders.
func startWindow(line, environ []string, ours bool) (*process, error) {
	p := &process{cmd: exec.Command(line[0], line[1:]...), opened: make(chan struct{}, 1), gone: make(chan struct{})}
	p.cmd.Env, p.cmd.Stdout, p.cmd.Stderr = environ, &opening{tell: p.opened}, &p.said
	// The web view's own processes hold our pipes for a moment longer than it lives.
	p.cmd.WaitDelay = 100 * time.Millisecond
	var err error
	if ours {
		if p.orders, err = p.cmd.StdinPipe(); err != nil {
			return nil, err
		}
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() { // close waits for it
		p.err = p.cmd.Wait()
		close(p.gone)
	}()
	return p, nil
}

// opening tells of each line with which a window says that it is open.
type opening struct {
	rest string // of a line that is not whole yet
	tell chan struct{}
}

func (o *opening) Write(p []byte) (int, error) {
	lines := strings.Split(o.rest+string(p), "\n")
	for _, line := range lines[:len(lines)-1] {
		if line != window.IsOpen {
			continue
		}
		select {
		case o.tell <- struct{}{}:
		default:
		}
	}
	o.rest = lines[len(lines)-1]
	return len(p), nil
}

// show brings a window to the front; false says that it is gone, or about to go: an
// order that is not answered was read by nobody.
func (p *process) show(ctx context.Context, part string) bool {
	select {
	case <-p.opened: // of an order before
	default:
	}
	if _, err := io.WriteString(p.orders, strings.TrimSpace(window.Show+" "+part)+"\n"); err != nil {
		return false
	}
	return p.wait(ctx) == nil && !p.ended()
}

func (p *process) ended() bool {
	select {
	case <-p.gone:
		return true
	default:
		return false
	}
}

// closeWait is how long a window may take to close.
const closeWait = 3 * time.Second

// close closes the window and lets no other open. It returns when it is gone.
func (w *panelWindow) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
	if w.open == nil {
		return
	}
	_ = w.open.orders.Close() // the end of its orders is the end of the window
	select {
	case <-w.open.gone:
	case <-time.After(closeWait):
		_ = w.open.cmd.Process.Kill()
		<-w.open.gone
	}
}

// tail keeps the last words of a program, which say why it ended.
type tail struct {
	mu   sync.Mutex // guards text: the program's output comes on a goroutine of exec's
	text string
}

// maxTail is how much of it is kept, in bytes.
const maxTail = 400

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text += string(p)
	if extra := len(t.text) - maxTail; extra > 0 {
		t.text = t.text[extra:]
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.Join(strings.Fields(t.text), " ")
}
