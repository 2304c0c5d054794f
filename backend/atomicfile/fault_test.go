package atomicfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

var errFault = errors.New("fault")

// faulty lets steps operations through; at the next one the disk is full or the
// process is gone. A dead process does nothing more, so after a crash every
// further operation fails too; after an error the clean-up still works.
type faulty struct {
	System
	steps int
	crash bool
	log   []string
	open  []Temp
}

// end closes what a dead process had open, as the system does.
func (f *faulty) end() {
	for _, temp := range f.open {
		_ = temp.Close()
	}
}

func (f *faulty) step(name string) error {
	f.log = append(f.log, name)
	f.steps--
	if f.steps == -1 || (f.crash && f.steps < 0) {
		return fmt.Errorf("%s: %w", name, errFault)
	}
	return nil
}

func (f *faulty) Readlink(path string) (string, error) {
	if err := f.step("readlink"); err != nil {
		return "", err
	}
	return f.System.Readlink(path)
}

func (f *faulty) Stat(path string) (fs.FileInfo, error) {
	if err := f.step("stat"); err != nil {
		return nil, err
	}
	return f.System.Stat(path)
}

func (f *faulty) Writable(path string) error {
	if err := f.step("writable"); err != nil {
		return err
	}
	return f.System.Writable(path)
}

func (f *faulty) CreateTemp(dir, pattern string) (Temp, error) {
	if err := f.step("create"); err != nil {
		return nil, err
	}
	temp, err := f.System.CreateTemp(dir, pattern)
	if err == nil {
		f.open = append(f.open, temp)
	}
	return &faultyTemp{temp, f}, err
}

func (f *faulty) Rename(from, to string) error {
	if err := f.step("rename"); err != nil {
		return err
	}
	return f.System.Rename(from, to)
}

func (f *faulty) Remove(path string) error {
	if err := f.step("remove"); err != nil {
		return err
	}
	return f.System.Remove(path)
}

func (f *faulty) SyncDir(dir string) error {
	if err := f.step("syncdir"); err != nil {
		return err
	}
	return f.System.SyncDir(dir)
}

type faultyTemp struct {
	Temp
	ops *faulty
}

// Write leaves half of the data behind, as a full disk does.
func (t *faultyTemp) Write(p []byte) (int, error) {
	if err := t.ops.step("write"); err != nil {
		n, _ := t.Temp.Write(p[:len(p)/2])
		return n, err
	}
	return t.Temp.Write(p)
}

func (t *faultyTemp) Chown(uid, gid int) error {
	if err := t.ops.step("chown"); err != nil {
		return err
	}
	return t.Temp.Chown(uid, gid)
}

func (t *faultyTemp) Chmod(mode fs.FileMode) error {
	if err := t.ops.step("chmod"); err != nil {
		return err
	}
	return t.Temp.Chmod(mode)
}

func (t *faultyTemp) Sync() error {
	if err := t.ops.step("sync"); err != nil {
		return err
	}
	return t.Temp.Sync()
}

func (t *faultyTemp) Close() error {
	if err := t.ops.step("close"); err != nil {
		return err
	}
	return t.Temp.Close()
}

const (
	oldContent = "old content, complete\n"
	newContent = "new content, complete as well\n"
)

func TestFaultAtEveryStep(t *testing.T) {
	for _, crash := range []bool{false, true} {
		for steps := 0; ; steps++ {
			ops := &faulty{steps: steps, crash: crash}
			path := filepath.Join(t.TempDir(), "config.toml")
			put(t, path, oldContent, 0o640)
			err := WriteIn(ops, path, []byte(newContent), 0o600)
			ops.end()
			if err == nil {
				// No step was left to fail at: all of them were tried.
				want := "readlink stat writable create write chown chmod sync close rename syncdir"
				if runtime.GOOS == "windows" { // where the owner is the folder's to give
					want = strings.Replace(want, "chown ", "", 1)
				}
				if strings.Join(ops.log, " ") != want {
					t.Fatalf("steps %v, want %v", ops.log, want)
				}
				break
			}
			name := fmt.Sprintf("crash=%v at %s", crash, ops.log[steps])
			if !errors.Is(err, errFault) {
				t.Fatalf("%s: %v", name, err)
			}
			checkOldOrNew(t, name, path, ops.log)
			if !crash {
				checkNoLeftover(t, name, path)
			}
		}
	}
}

// checkOldOrNew holds a reader's promise: before the rename the old file, after
// it the new one, with the same permissions.
func checkOldOrNew(t *testing.T, name, path string, log []string) {
	t.Helper()
	want := oldContent
	if strings.Contains(strings.Join(log, " "), "syncdir") {
		want = newContent
	}
	if got := get(t, path); got != want {
		t.Errorf("%s: file holds %q, want %q", name, got, want)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o640 && runtime.GOOS != "windows" { // which has no such bits
		t.Errorf("%s: permissions %v", name, info.Mode().Perm())
	}
}

func checkNoLeftover(t *testing.T, name, path string) {
	t.Helper()
	left, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	if len(left) != 1 {
		t.Errorf("%s: leaves %v behind", name, left)
	}
}
