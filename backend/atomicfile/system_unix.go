//go:build unix

package atomicfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// patiently calls operation: an open file can be renamed and removed here.
func patiently(operation func() error) error { return operation() }

// Open is os.Open.
func Open(path string) (*os.File, error) { return os.Open(path) }

// SyncDir opens the folder and syncs it. A file system that cannot sync a folder
// says EINVAL; the rename is atomic there all the same.
func (System) SyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	err = d.Sync()
	if errors.Is(err, syscall.EINVAL) {
		err = nil
	}
	return errors.Join(err, d.Close())
}

// keepOwner gives the new file the old one's owner and group, so that a config
// edited under sudo still belongs to its user.
func keepOwner(f Temp, old fs.FileInfo) error {
	if old == nil {
		return nil
	}
	stat, ok := old.Sys().(*syscall.Stat_t)
	if !ok {
		return nil
	}
	if err := f.Chown(int(stat.Uid), int(stat.Gid)); err != nil {
		return fmt.Errorf("keep owner and group of %s: %w", old.Name(), err)
	}
	return nil
}
