package atomicfile

import (
	"errors"
	"io"
	"io/fs"
	"os"
)

// Operations are the file operations that a write needs, one by one, so that a
// test can stop at each of them.
type Operations interface {
	// Readlink returns errNotALink, wrapped or not, for what is no symlink.
	Readlink(path string) (string, error)
	Stat(path string) (fs.FileInfo, error)
	// Writable reports why this user may not write to path.
	Writable(path string) error
	// CreateTemp makes a new file, readable by this user alone.
	CreateTemp(dir, pattern string) (Temp, error)
	Rename(from, to string) error
	Remove(path string) error
	// SyncDir puts a rename in dir on disk.
	SyncDir(dir string) error
}

// Temp is a temporary file; *os.File is one.
type Temp interface {
	Name() string
	Write([]byte) (int, error)
	Chown(uid, gid int) error
	Chmod(fs.FileMode) error
	Sync() error
	Close() error
}

var errNotALink = errors.New("not a symbolic link")

// System are the operating system's own operations.
type System struct{}

// Readlink looks first: the error for a file that is no link differs by system.
func (System) Readlink(path string) (string, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return "", err
	}
	if info.Mode()&fs.ModeSymlink == 0 {
		return "", errNotALink
	}
	return os.Readlink(path)
}

// Stat follows symlinks.
func (System) Stat(path string) (fs.FileInfo, error) { return os.Stat(path) }

// Writable opens path for writing and closes it again.
func (System) Writable(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	return f.Close()
}

// CreateTemp is os.CreateTemp.
func (System) CreateTemp(dir, pattern string) (Temp, error) { return os.CreateTemp(dir, pattern) }

// Rename replaces to, also on Windows.
func (System) Rename(from, to string) error {
	return patiently(func() error { return os.Rename(from, to) })
}

// Remove deletes a file.
func (System) Remove(path string) error { return patiently(func() error { return os.Remove(path) }) }

// Remove is os.Remove that on Windows waits a moment for who has the file open.
func Remove(path string) error { return System{}.Remove(path) }

// Read is os.ReadFile that on Windows is in nobody's way, and waits a moment for who
// replaces the file.
func Read(path string) ([]byte, error) {
	f, err := Open(path)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(f)
	return data, errors.Join(err, f.Close())
}
