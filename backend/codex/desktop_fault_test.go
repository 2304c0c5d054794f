package codex

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/backend/atomicfile"
)

var errKilled = errors.New("killed")

// killed lets a number of file operations through; then the process is gone, and
// nothing that it would still do is done.
type killed struct {
	unsynced
	left int
}

func (k *killed) step() error {
	if k.left--; k.left < 0 {
		return errKilled
	}
	return nil
}

func (k *killed) Stat(path string) (fs.FileInfo, error) {
	if err := k.step(); err != nil {
		return nil, err
	}
	return k.unsynced.Stat(path)
}

func (k *killed) CreateTemp(dir, pattern string) (atomicfile.Temp, error) {
	if err := k.step(); err != nil {
		return nil, err
	}
	f, err := k.unsynced.CreateTemp(dir, pattern)
	return killedTemp{f, k}, err
}

func (k *killed) Rename(from, to string) error {
	if err := k.step(); err != nil {
		return err
	}
	return k.unsynced.Rename(from, to)
}

func (k *killed) Remove(path string) error {
	if err := k.step(); err != nil {
		return err
	}
	return k.unsynced.Remove(path)
}

func (k *killed) SyncDir(dir string) error { return k.step() }

type killedTemp struct {
	atomicfile.Temp
	ops *killed
}

func (t killedTemp) Write(p []byte) (int, error) {
	if err := t.ops.step(); err != nil {
		n, _ := t.Temp.Write(p[:len(p)/2])
		return n, err
	}
	return t.Temp.Write(p)
}

func (t killedTemp) Close() error {
	err := t.ops.step()
	return errors.Join(err, t.Temp.Close())
}

// A process that is killed at any step leaves the old config or the new one, and
// whatever is done next ends where it would have ended without the kill.
func TestKilledAtEveryStep(t *testing.T) {
	const original = "model = \"gpt-5.5\" # best\n[tui]\na = 1\n"
	type do = func(*Desktop) error
	did := func(change func(*Desktop) (Change, error)) do {
		return func(d *Desktop) error { _, err := change(d); return err }
	}
	ctx := t.Context()
	turnOn := did(func(d *Desktop) (Change, error) { return d.On(ctx, theLink) })
	turnOff := did(func(d *Desktop) (Change, error) { return d.Off(ctx) })
	stop := did(func(d *Desktop) (Change, error) { return d.Suspend(ctx) })
	start := did(func(d *Desktop) (Change, error) { return d.Resume(ctx, theLink) })
	remove := did(func(d *Desktop) (Change, error) { return d.Uninstall(ctx) })
	tests := []struct {
		name   string
		before []do
		do     do
		choice Provider // after the kill and a start, where the step had told of its end or not; "" either
	}{
		{"on", nil, turnOn, ""},
		{"on again, on another port", []do{turnOn}, did(func(d *Desktop) (Change, error) {
			return d.On(ctx, OnOptions{Port: 9403, Model: "x", Catalog: theLink.Catalog})
		}), ClawRouter},
		{"off", []do{turnOn}, turnOff, ""},
		{"stop", []do{turnOn}, stop, ClawRouter},
		{"start", []do{turnOn, stop}, start, ClawRouter},
		{"uninstall", []do{turnOn}, remove, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			whole := prepared(t, filepath.Join(dir, "whole"), original, tt.before)
			old := config(t, whole)
			if err := tt.do(whole); err != nil {
				t.Fatal(err)
			}
			after := config(t, whole)
			for steps := 0; ; steps++ {
				d := prepared(t, filepath.Join(dir, fmt.Sprint(steps)), original, tt.before)
				d.ops = &killed{left: steps}
				err := tt.do(d)
				if err == nil {
					if steps < 5 {
						t.Fatalf("only %d steps were seen", steps)
					}
					return
				}
				if !errors.Is(err, errKilled) {
					t.Fatalf("step %d: %v", steps, err)
				}
				if got := config(t, d); got != old && got != after {
					t.Fatalf("step %d leaves %q", steps, got)
				}
				d.ops = unsynced{}
				checkAfterKill(t, d, fmt.Sprintf("step %d", steps), original, tt.choice)
			}
		})
	}
}

func prepared(t *testing.T, dir, text string, steps []func(*Desktop) error) *Desktop {
	t.Helper()
	d := desktopIn(t, dir, text)
	for _, step := range steps {
		if err := step(d); err != nil {
			t.Fatal(err)
		}
	}
	return d
}

// checkAfterKill: the next start comes to an answer, mending gives the config
// back, and uninstall the original.
func checkAfterKill(t *testing.T, d *Desktop, name, original string, choice Provider) {
	t.Helper()
	ctx := t.Context()
	if _, err := d.Resume(ctx, theLink); err != nil {
		t.Fatalf("%s, start: %v", name, err)
	}
	st := status(t, d)
	if choice != "" && st.Choice != choice {
		t.Errorf("%s: the choice is %q, want %q", name, st.Choice, choice)
	}
	if st.On != (st.Choice == ClawRouter) {
		t.Errorf("%s, start: %+v", name, st)
	}
	if _, err := d.Mend(ctx); err != nil {
		t.Fatalf("%s, mend: %v", name, err)
	}
	if got := config(t, d); !strings.HasPrefix(got, original) || status(t, d).On {
		t.Fatalf("%s, mended to %q", name, got)
	}
	if _, err := d.Uninstall(ctx); err != nil {
		t.Fatalf("%s, uninstall: %v", name, err)
	}
	if got := config(t, d); got != original {
		t.Fatalf("%s, uninstalled to %q", name, got)
	}
}

// Codex takes no lock. What it writes between our read and our rename is there
// afterwards, with our keys in it.
func TestAWriteInBetweenIsKept(t *testing.T) {
	const original = "model = \"gpt-5.5\"\n"
	d := newDesktop(t, original)
	writes := 0
	d.read = func(path string) ([]byte, error) {
		// The second read of each try is the one right before the rename.
		if writes++; writes == 2 {
			put(t, path, "model = \"o9\" # picked\n[mcp_servers.new]\ncommand = \"new\"\n")
		}
		return os.ReadFile(path)
	}
	on(t, d)
	if got := config(t, d); !strings.Contains(got, "[mcp_servers.new]") || !strings.Contains(got, `model = "blockrun/auto" # picked`) {
		t.Errorf("on left %q", got)
	}
	d.read = nil
	off(t, d)
	if got := config(t, d); !strings.HasPrefix(got, "model = \"o9\" # picked\n[mcp_servers.new]\n") {
		t.Errorf("the user's model is not the one that was there last: %q", got)
	}
}

func TestTwoProcessesAreKeptApart(t *testing.T) {
	d := newDesktop(t, "a = 1\n")
	d.Lock = filepath.Join(t.TempDir(), "edit.lock")
	held, err := atomicfile.TryLock(d.Lock)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := d.On(ctx, theLink); !errors.Is(err, atomicfile.ErrLocked) {
		t.Errorf("beside a holder: %v", err)
	}
	same(t, d, "a = 1\n")
	if err := held.Unlock(); err != nil {
		t.Fatal(err)
	}
	on(t, d)
	if again, err := atomicfile.TryLock(d.Lock); err != nil {
		t.Errorf("the lock is kept: %v", err)
	} else if err := again.Unlock(); err != nil {
		t.Fatal(err)
	}
}

// symlink skips the test where none can be made: Windows allows them to developers, and
// Wine says that it made one and did not.
func symlink(t *testing.T, to, at string) {
	t.Helper()
	err := os.Symlink(to, at)
	if info, look := os.Lstat(at); err != nil || look != nil || info.Mode()&fs.ModeSymlink == 0 {
		t.Skipf("NOT RUN: no symlink can be made here: %v", err)
	}
}

func TestASymlinkAndPermissionsStay(t *testing.T) {
	const original = "model = \"gpt-5.5\"\n"
	d := newDesktop(t, absent)
	dotfile := filepath.Join(t.TempDir(), "dotfiles", "codex.toml")
	put(t, dotfile, original)
	if err := os.Chmod(dotfile, 0o640); err != nil {
		t.Fatal(err)
	}
	symlink(t, dotfile, d.Home.Config())
	check := func(step string) {
		t.Helper()
		if to, err := os.Readlink(d.Home.Config()); err != nil || to != dotfile {
			t.Errorf("%s: the link is gone: %q, %v", step, to, err)
		}
		if info, err := os.Stat(dotfile); err != nil || info.Mode() != 0o640 && runtime.GOOS != "windows" {
			t.Errorf("%s: %v, %v", step, info.Mode(), err)
		}
	}
	on(t, d)
	check("on")
	off(t, d)
	check("off")
	uninstall(t, d)
	check("uninstall")
	same(t, d, original)
}

func TestAReadOnlyConfigIsTold(t *testing.T) {
	d := newDesktop(t, "a = 1\n")
	if err := os.Chmod(d.Home.Config(), 0o400); err != nil {
		t.Fatal(err)
	}
	_, err := d.On(t.Context(), theLink)
	if !errors.Is(err, fs.ErrPermission) || !strings.Contains(err.Error(), d.Home.Config()) {
		t.Errorf("got %v", err)
	}
	same(t, d, "a = 1\n")
	if left, err := os.ReadDir(d.Home.Dir); err != nil || len(left) != 1 {
		t.Errorf("left in Codex's folder: %v, %v", left, err)
	}
	if st := status(t, d); st.On {
		t.Errorf("status %+v", st)
	}
}
