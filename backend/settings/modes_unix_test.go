//go:build unix

package settings

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// folder is a state folder with one file of each kind.
func folder(t *testing.T) Paths {
	t.Helper()
	p := Paths{Root: filepath.Join(t.TempDir(), "state")}
	for _, dir := range []string{p.Root, p.Log(), p.Spend(), p.Backup(), p.ProxyHome()} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, path := range []string{p.Key(), p.Secret(), p.SettingsFile(), p.ProgramLog(), filepath.Join(p.Spend(), "2026-11-25.jsonl"), filepath.Join(p.Backup(), "config.toml.1"), filepath.Join(p.ProxyHome(), "x")} {
		if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

func TestTightenClosesWhatOthersCanRead(t *testing.T) {
	p := folder(t)
	if open, err := p.Open(); err != nil || len(open) > 0 {
		t.Fatalf("of a folder that is closed: %v %v", open, err)
	}
	loose := map[string]os.FileMode{
		p.Root: 0o755, p.Log(): 0o770, p.Key(): 0o644, p.Secret(): 0o640, p.SettingsFile(): 0o606, p.ProgramLog(): 0o666,
		filepath.Join(p.Spend(), "2026-11-25.jsonl"): 0o644, filepath.Join(p.Backup(), "config.toml.1"): 0o604,
	}
	for path, mode := range loose {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	// ClawRouter's own is not touched.
	theirs := filepath.Join(p.ProxyHome(), "x")
	if err := os.Chmod(theirs, 0o644); err != nil {
		t.Fatal(err)
	}
	mended, err := p.Tighten()
	if err != nil || len(mended) != len(loose) {
		t.Errorf("mended %v, %v", mended, err)
	}
	for path, mode := range loose {
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != mode&^0o077 {
			t.Errorf("%s: %v %v", path, info.Mode(), err)
		}
	}
	if info, err := os.Stat(theirs); err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("ClawRouter's file: %v %v", info.Mode(), err)
	}
	if open, err := p.Open(); err != nil || len(open) > 0 {
		t.Errorf("afterwards: %v %v", open, err)
	}
}

// TestTightenFollowsOwnSymlinks: a state folder that its user keeps elsewhere is
// closed like any other.
func TestTightenFollowsOwnSymlinks(t *testing.T) {
	for name, moved := range map[string]func(Paths) string{
		"the state folder": func(p Paths) string { return p.Root }, "a folder in it": Paths.Spend, "a file": Paths.Key,
	} {
		t.Run(name, func(t *testing.T) {
			p := folder(t)
			path, elsewhere := moved(p), filepath.Join(t.TempDir(), "elsewhere")
			ledger := filepath.Join(p.Spend(), "2026-11-25.jsonl")
			if err := errors.Join(os.Rename(path, elsewhere), os.Symlink(elsewhere, path), os.Chmod(elsewhere, 0o755), os.Chmod(p.Key(), 0o644), os.Chmod(ledger, 0o644)); err != nil {
				t.Fatal(err)
			}
			if _, err := p.Tighten(); err != nil {
				t.Fatal(err)
			}
			for _, path := range []string{elsewhere, p.Key(), ledger} {
				if info, err := os.Stat(path); err != nil || info.Mode().Perm()&0o077 != 0 {
					t.Errorf("%s: %v %v", path, info.Mode(), err)
				}
			}
		})
	}
}

// TestForeignSymlink: a folder that was once open may hold a symlink by which
// another user would receive what is written.
func TestForeignSymlink(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("NOT RUN: only root can make files of two users")
	}
	const nobody = 65534
	for name, plant := range map[string]func(p Paths) (string, error){
		"a symlink": func(p Paths) (string, error) {
			return p.ProgramLog(), errors.Join(os.Remove(p.ProgramLog()), os.Symlink(filepath.Join(t.TempDir(), "theirs"), p.ProgramLog()), os.Lchown(p.ProgramLog(), nobody, nobody))
		},
		"a file":   func(p Paths) (string, error) { return p.Key(), os.Lchown(p.Key(), nobody, nobody) },
		"a folder": func(p Paths) (string, error) { return p.Spend(), os.Lchown(p.Spend(), nobody, nobody) },
		"the root": func(p Paths) (string, error) { return p.Root, os.Lchown(p.Root, nobody, nobody) },
	} {
		t.Run(name, func(t *testing.T) {
			p := folder(t)
			path, err := plant(p)
			if err != nil {
				t.Fatal(err)
			}
			_, err = p.Tighten()
			var foreign *ForeignError
			if !errors.As(err, &foreign) || len(foreign.Files) != 1 || foreign.Files[0].Path != path || !strings.Contains(err.Error(), path) {
				t.Errorf("got %v, want %s", err, path)
			}
		})
	}
	t.Run("a symlink of our own", func(t *testing.T) {
		p := folder(t)
		elsewhere := filepath.Join(t.TempDir(), "ledger")
		if err := errors.Join(os.Rename(p.Spend(), elsewhere), os.Symlink(elsewhere, p.Spend())); err != nil {
			t.Fatal(err)
		}
		if mended, err := p.Tighten(); err != nil || len(mended) > 0 {
			t.Errorf("mended %v, %v", mended, err)
		}
	})
}
