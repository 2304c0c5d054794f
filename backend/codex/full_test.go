package codex

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/BlockRunAI/clawrouter-codex/backend/atomicfile"
	"github.com/BlockRunAI/clawrouter-codex/backend/tomledit"
)

// fullDisk has room for a number of files, and then for half of one.
type fullDisk struct {
	unsynced
	room int
}

func (d *fullDisk) CreateTemp(dir, pattern string) (atomicfile.Temp, error) {
	f, err := d.unsynced.CreateTemp(dir, pattern)
	d.room--
	if err != nil || d.room >= 0 {
		return f, err
	}
	return fullTemp{f}, nil
}

type fullTemp struct{ atomicfile.Temp }

func (t fullTemp) Write(p []byte) (int, error) {
	n, _ := t.Temp.Write(p[:len(p)/2])
	return n, &fs.PathError{Op: "write", Path: t.Name(), Err: syscall.ENOSPC}
}

// A disk that is full at whichever file leaves the config as it was, says so, and
// leaves no half file; with room again all goes on as if nothing had been.
func TestAFullDiskIsTold(t *testing.T) {
	const original = "model = \"gpt-5.5\" # best\n[tui]\na = 1\n"
	dir := t.TempDir()
	for room := 0; ; room++ {
		d := desktopIn(t, filepath.Join(dir, string(rune('a'+room))), original)
		d.ops = &fullDisk{room: room}
		_, err := d.On(t.Context(), theLink)
		left := halfFiles(t, filepath.Dir(d.Home.Dir))
		if len(left) > 0 {
			t.Errorf("room for %d files: left %q", room, left)
		}
		if err == nil {
			if room < 3 {
				t.Fatalf("on wrote only %d files", room)
			}
			return
		}
		if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "no space left") {
			t.Fatalf("room for %d files: %v", room, err)
		}
		// The last of the files is the record that the edit came to its end.
		if got := config(t, d); got != original && !strings.Contains(got, "model_provider = \"clawrouter\"") {
			t.Fatalf("room for %d files: %q", room, got)
		}
		d.ops = unsynced{}
		on(t, d)
		off(t, d)
		same(t, d, original+ourTable)
	}
}

func halfFiles(t *testing.T, dir string) (left []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if strings.HasSuffix(path, ".tmp") {
			left = append(left, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return left
}

// Setup on any profile: what is pinned is set, the rest stays as its user wrote
// it, and a second setup changes no byte.
func TestSetupOfGeneratedProfiles(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := drawConfig(t)
		all := profileSettings("/home/ann/.codex/clawrouter-models.json", "blockrun/auto", 8403)
		doc, err := tomledit.Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if err := apply(doc, all); err != nil {
			t.Skip("a key of ours is something else there")
		}
		once := string(doc.Bytes())
		want := decoded(t, text)
		for _, s := range all {
			if value, there := lookUp(want, s.path()); s.pinned || !there {
				setIn(want, s.path(), decoded(t, "v = "+s.value)["v"])
			} else {
				setIn(want, s.path(), value)
			}
		}
		if diff := cmp.Diff(want, decoded(t, once)); diff != "" {
			t.Fatal(diff)
		}
		if strings.HasPrefix(text, "\ufeff") != strings.HasPrefix(once, "\ufeff") {
			t.Fatalf("the byte order mark: %q became %q", text, once)
		}
		if err := apply(doc, all); err != nil || string(doc.Bytes()) != once {
			t.Fatalf("a second setup: %v %s", err, cmp.Diff(once, string(doc.Bytes())))
		}
	})
}

func lookUp(values map[string]any, path []string) (any, bool) {
	for _, key := range path[:len(path)-1] {
		values, _ = values[key].(map[string]any)
	}
	value, ok := values[path[len(path)-1]]
	return value, ok
}

func setIn(values map[string]any, path []string, value any) {
	for _, key := range path[:len(path)-1] {
		below, ok := values[key].(map[string]any)
		if !ok {
			below = map[string]any{}
			values[key] = below
		}
		values = below
	}
	values[path[len(path)-1]] = value
}
