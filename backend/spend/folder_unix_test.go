//go:build unix

package spend

import (
	"errors"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"
)

// limitFiles lets this process write no file beyond size bytes, as a disk that
// is full in the middle of a write.
func limitFiles(t *testing.T, size uint64) (lift func()) {
	t.Helper()
	var old syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &old); err != nil {
		t.Fatal(err)
	}
	signal.Ignore(syscall.SIGXFSZ)
	limit := old
	limit.Cur = size
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &old); err != nil {
			t.Fatal(err)
		}
		signal.Reset(syscall.SIGXFSZ)
	}
}

func TestFailedAppendLeavesNoPart(t *testing.T) {
	dir := Disk(t.TempDir())
	if err := dir.Append("d", []byte("first line\n")); err != nil {
		t.Fatal(err)
	}
	lift := limitFiles(t, 20)
	err := dir.Append("d", []byte("second line, which is too long\n"))
	lift()
	if !errors.Is(err, syscall.EFBIG) {
		t.Fatalf("Append: %v", err)
	}
	if got, _ := os.ReadFile(filepath.Join(string(dir), "d")); string(got) != "first line\n" {
		t.Errorf("the file holds %q", got)
	}
}

// A real disk that is full: /dev/full takes no byte.
func TestAppendToAFullDisk(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("no /dev/full here")
	}
	dir := t.TempDir()
	if err := os.Symlink("/dev/full", filepath.Join(dir, "2026-11-22.jsonl")); err != nil {
		t.Fatal(err)
	}
	if err := Disk(dir).Append("2026-11-22.jsonl", []byte("{}\n")); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("Append: %v", err)
	}
}
