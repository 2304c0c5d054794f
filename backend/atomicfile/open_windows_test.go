package atomicfile

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/windows"
)

// Windows refuses to replace a file that somebody reads. A reader is soon done; one
// that stays is told of, and the file is as it was.
func TestWriteOverAnOpenFile(t *testing.T) {
	path := put(t, filepath.Join(t.TempDir(), "a"), "old", 0o600)
	reader, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := Write(path, []byte("new"), 0o600); !inUse(err) || get(t, path) != "old" {
		t.Errorf("while it is read: %v, and it holds %q", err, get(t, path))
	}
	checkNoLeftover(t, "refused", path)
	ops := &closing{reader: reader}
	if err := WriteIn(ops, path, []byte("new"), 0o600); err != nil || get(t, path) != "new" {
		t.Errorf("after it was read: %v, and it holds %q", err, get(t, path))
	}
	if !inUse(ops.first) {
		t.Errorf("the first rename was not refused: %v", ops.first)
	}
}

// closing ends the reader once a rename was refused.
type closing struct {
	System
	reader *os.File
	first  error
}

func (c *closing) Rename(from, to string) error {
	c.first = os.Rename(from, to)
	return errors.Join(c.reader.Close(), c.System.Rename(from, to))
}

func TestPatiently(t *testing.T) {
	for name, c := range map[string]struct {
		err   error
		calls int
	}{
		"in use, then free": {windows.ERROR_SHARING_VIOLATION, 3},
		"not there":         {windows.ERROR_FILE_NOT_FOUND, 1},
	} {
		calls := 0
		err := patiently(func() error {
			if calls++; calls == 3 {
				return nil
			}
			return &os.PathError{Op: "open", Path: "a", Err: c.err}
		})
		if calls != c.calls || (err == nil) != (calls == 3) {
			t.Errorf("%s: %d calls, %v", name, calls, err)
		}
	}
}

// Who only reads is in nobody's way: Codex replaces its config while we look at it.
func TestOpenIsInNobodysWay(t *testing.T) {
	path := put(t, filepath.Join(t.TempDir(), "a"), "old", 0o600)
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := os.Rename(path, path+".1"); err != nil {
		t.Errorf("rename it: %v", err)
	}
	if err := os.Remove(path + ".1"); err != nil {
		t.Errorf("remove it: %v", err)
	}
	text := make([]byte, 8)
	if n, err := f.Read(text); err != nil || string(text[:n]) != "old" {
		t.Errorf("read %q, %v", text[:n], err)
	}
	if _, err := Open(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("what is gone: %v", err)
	}
}
