package atomicfile

import (
	"bufio"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestMain(m *testing.M) {
	if path := os.Getenv("ATOMICFILE_TEST_HOLD"); path != "" {
		holdLock(path)
	}
	os.Exit(m.Run())
}

func TestWrite(t *testing.T) {
	tests := []struct {
		name  string
		setUp func(t *testing.T, dir string) (path string)
		file  string // where the content must be
		perm  fs.FileMode
		link  string // what must still be a symlink
	}{
		{
			name:  "a new file gets the permissions asked for",
			setUp: func(t *testing.T, dir string) string { return filepath.Join(dir, "a") },
			file:  "a", perm: 0o600,
		},
		{
			name: "an old file keeps its own",
			setUp: func(t *testing.T, dir string) string {
				return put(t, filepath.Join(dir, "a"), "old", 0o644)
			},
			file: "a", perm: 0o644,
		},
		{
			name: "a symlink stays one",
			setUp: func(t *testing.T, dir string) string {
				put(t, filepath.Join(dir, "dotfiles", "a"), "old", 0o640)
				return symlink(t, filepath.Join("dotfiles", "a"), filepath.Join(dir, "a"))
			},
			file: "dotfiles/a", perm: 0o640, link: "a",
		},
		{
			name: "a chain of symlinks, absolute and relative",
			setUp: func(t *testing.T, dir string) string {
				put(t, filepath.Join(dir, "x", "a"), "old", 0o640)
				symlink(t, "a", filepath.Join(dir, "x", "b"))
				return symlink(t, filepath.Join(dir, "x", "b"), filepath.Join(dir, "c"))
			},
			file: "x/a", perm: 0o640, link: "x/b",
		},
		{
			name: "a symlink whose target is not there yet",
			setUp: func(t *testing.T, dir string) string {
				return symlink(t, "later", filepath.Join(dir, "a"))
			},
			file: "later", perm: 0o600, link: "a",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			if err := Write(tt.setUp(t, dir), []byte("new"), 0o600); err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(dir, tt.file)
			if got := get(t, file); got != "new" {
				t.Errorf("holds %q", got)
			}
			info, err := os.Lstat(file)
			if err != nil {
				t.Fatal(err)
			}
			if info.Mode() != tt.perm && runtime.GOOS != "windows" {
				t.Errorf("mode %v, want %v", info.Mode(), tt.perm)
			}
			if tt.link == "" {
				return
			}
			if info, err = os.Lstat(filepath.Join(dir, tt.link)); err != nil || info.Mode()&fs.ModeSymlink == 0 {
				t.Errorf("%s is no symlink any more: %v %v", tt.link, info, err)
			}
		})
	}
}

func TestWriteRefuses(t *testing.T) {
	tests := []struct {
		name  string
		setUp func(t *testing.T, dir string) string
		says  string
		is    error
	}{
		{"a read-only file", func(t *testing.T, dir string) string { return put(t, filepath.Join(dir, "a"), "old", 0o444) }, "read-only", fs.ErrPermission},
		{"a folder", func(t *testing.T, dir string) string { return dir }, "not a regular file", nil},
		{"links in a circle", func(t *testing.T, dir string) string {
			symlink(t, "b", filepath.Join(dir, "a"))
			return symlink(t, "a", filepath.Join(dir, "b"))
		}, "too many symbolic links", nil},
		{"a folder that is not there", func(t *testing.T, dir string) string { return filepath.Join(dir, "no", "a") }, "", fs.ErrNotExist},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			path := tt.setUp(t, dir)
			err := Write(path, []byte("new"), 0o600)
			if err == nil || !strings.Contains(err.Error(), tt.says) || tt.is != nil && !errors.Is(err, tt.is) {
				t.Fatalf("got %v, want %q in it, and to be %v", err, tt.says, tt.is)
			}
			var where *fs.PathError
			if !errors.As(err, &where) {
				t.Errorf("%v does not name the path", err)
			}
			if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && get(t, path) != "old" {
				t.Errorf("changed to %q", get(t, path))
			}
		})
	}
}

func TestWriteKeepsTheOwner(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give a file away")
	}
	path := put(t, filepath.Join(t.TempDir(), "a"), "old", 0o600)
	if err := os.Chown(path, 12345, 23456); err != nil {
		t.Fatal(err)
	}
	before, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := Write(path, []byte("new"), 0o600); err != nil {
		t.Fatal(err)
	}
	after, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(owner(before), owner(after)); diff != "" {
		t.Error(diff)
	}
}

func TestBackupKeepsTheNewest(t *testing.T) {
	dir := t.TempDir()
	backups := filepath.Join(dir, "backup")
	file := filepath.Join(dir, "config.toml")
	now := time.Date(2026, 11, 22, 23, 59, 58, 0, time.UTC)
	if made, err := Backup(file, backups, now, 3); made != "" || err != nil {
		t.Fatalf("backup of nothing: %q, %v", made, err)
	}
	put(t, filepath.Join(backups, "config.toml.mine"), "the user's own", 0o600)
	for _, content := range []string{"1", "2", "3", "4", "5"} {
		put(t, file, content, 0o644)
		now = now.Add(700 * time.Millisecond)
		made, err := Backup(file, backups, now, 3)
		if err != nil || get(t, made) != content {
			t.Fatalf("backup: %v", err)
		}
	}
	got := map[string]string{}
	all, err := os.ReadDir(backups)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range all {
		got[e.Name()] = get(t, filepath.Join(backups, e.Name()))
	}
	want := map[string]string{
		"config.toml.20261123T000000.100000000Z": "3",
		"config.toml.20261123T000000.800000000Z": "4",
		"config.toml.20261123T000001.500000000Z": "5",
		"config.toml.mine":                       "the user's own",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestLockKeepsProcessesApart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	holder, ready := startHolder(t, path)
	if line, err := ready.ReadString('\n'); line != "held\n" {
		t.Fatalf("holder says %q, %v", line, err)
	}
	if _, err := TryLock(path); !errors.Is(err, ErrLocked) {
		t.Fatalf("while another process holds it: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*lockPoll)
	defer cancel()
	if _, err := WaitLock(ctx, path); !errors.Is(err, ErrLocked) || !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("waiting in vain: %v", err)
	}
	// SIGKILL: nothing of the holder's runs any more, and the lock is free.
	if err := holder.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	lock, err := WaitLock(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if err := lock.Unlock(); err != nil {
		t.Fatal(err)
	}
}

func startHolder(t *testing.T, path string) (*exec.Cmd, *bufio.Reader) {
	t.Helper()
	holder := exec.CommandContext(t.Context(), os.Args[0])
	holder.Env = append(os.Environ(), "ATOMICFILE_TEST_HOLD="+path)
	if _, err := holder.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := holder.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := holder.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = holder.Process.Kill(); _ = holder.Wait() })
	return holder, bufio.NewReader(out)
}

// holdLock is the other process: it takes the lock and stays until it is killed.
func holdLock(path string) {
	if _, err := TryLock(path); err != nil {
		_, _ = os.Stdout.WriteString(err.Error() + "\n")
		os.Exit(1)
	}
	_, _ = os.Stdout.WriteString("held\n")
	_, _ = io.Copy(io.Discard, os.Stdin)
	os.Exit(0)
}

func put(t *testing.T, path, content string, perm fs.FileMode) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, perm); err != nil {
		t.Fatal(err)
	}
	return path
}

func get(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func symlink(t *testing.T, to, at string) string {
	t.Helper()
	err := os.Symlink(to, at)
	if runtime.GOOS == "windows" {
		// Windows allows them to developers; Wine says that it made one, and did not.
		if info, look := os.Lstat(at); err != nil || look != nil || info.Mode()&fs.ModeSymlink == 0 {
			t.Skipf("NOT RUN: no symlink can be made here: %v", err)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return at
}
