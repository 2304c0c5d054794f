package atomicfile

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
)

// Write replaces path with data. A symlink stays a symlink and its target is
// replaced; an existing file keeps its permissions and owner, a new one gets
// perm. After a nil return the new content survives a power cut.
//
// It fails, and changes nothing, where the file is read-only, its owner cannot
// be kept, or the disk is full.
func Write(path string, data []byte, perm fs.FileMode) error {
	return WriteIn(System{}, path, data, perm)
}

// WriteIn is Write on the given file operations.
func WriteIn(ops Operations, path string, data []byte, perm fs.FileMode) error {
	target, err := resolve(ops, path)
	if err != nil {
		return err
	}
	old, err := existing(ops, target)
	if err != nil {
		return err
	}
	if old != nil {
		perm = old.Mode().Perm()
	}
	return replace(ops, target, data, perm, old)
}

// maxLinks is the number of symlinks that Linux follows before it says ELOOP.
const maxLinks = 40

// resolve follows the symlinks of the last element, also to a file that does not
// exist yet: a rename onto a symlink would replace the link by a file.
func resolve(ops Operations, path string) (string, error) {
	for range maxLinks {
		to, err := ops.Readlink(path)
		switch {
		case err == nil && filepath.IsAbs(to):
			path = to
		case err == nil:
			path = filepath.Join(filepath.Dir(path), to)
		case errors.Is(err, fs.ErrNotExist), errors.Is(err, errNotALink):
			return path, nil
		default:
			return "", err
		}
	}
	return "", &fs.PathError{Op: "write", Path: path, Err: errors.New("too many symbolic links")}
}

// existing returns what stands at path, nil for nothing, and an error for what
// must not be replaced.
func existing(ops Operations, path string) (fs.FileInfo, error) {
	old, err := ops.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if !old.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "write", Path: path, Err: errors.New("not a regular file")}
	}
	// A rename would succeed on a read-only file, and root may write to all of
	// them; a user who made it read-only means it.
	if old.Mode().Perm()&0o200 == 0 {
		return nil, &fs.PathError{Op: "write", Path: path, Err: fmt.Errorf("read-only: %w", fs.ErrPermission)}
	}
	if err := ops.Writable(path); err != nil {
		return nil, err
	}
	return old, nil
}

// replace writes beside path, so that the rename stays within one file system.
func replace(ops Operations, path string, data []byte, perm fs.FileMode, old fs.FileInfo) (err error) {
	dir := filepath.Dir(path)
	f, err := ops.CreateTemp(dir, tempPrefix(path)+"*"+tempSuffix)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, discard(ops, f))
		}
	}()
	if err := fill(f, data, perm, old); err != nil {
		return err
	}
	if err := ops.Rename(f.Name(), path); err != nil {
		return err
	}
	return ops.SyncDir(dir)
}

// fill gives the temporary file its content, owner and permissions, on disk. The
// permissions come last: chown clears some of them.
func fill(f Temp, data []byte, perm fs.FileMode, old fs.FileInfo) error {
	if _, err := f.Write(data); err != nil {
		return err
	}
	if err := keepOwner(f, old); err != nil {
		return err
	}
	if err := f.Chmod(perm); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	return f.Close()
}

// discard removes the temporary file. Already closed or already renamed is fine.
func discard(ops Operations, f Temp) error {
	closing := f.Close()
	if errors.Is(closing, fs.ErrClosed) {
		closing = nil
	}
	removing := ops.Remove(f.Name())
	if errors.Is(removing, fs.ErrNotExist) {
		removing = nil
	}
	return errors.Join(closing, removing)
}
