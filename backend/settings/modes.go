package settings

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Open is a file or folder of the program's that is not this user's alone.
type Open struct {
	Path string
	Mode fs.FileMode
	// Foreign: it belongs to another user, or is another user's symlink. What is
	// written there is theirs to read or to throw away.
	Foreign bool
}

// ForeignError says that the program's folder holds another user's files, and that
// nothing is written into it.
type ForeignError struct{ Files []Open }

func (e *ForeignError) Error() string {
	var paths []string
	for _, f := range e.Files {
		paths = append(paths, f.Path)
	}
	return "belongs to another user, so nothing is written there: " + strings.Join(paths, ", ")
}

// Mend is what the user can do.
func (e *ForeignError) Mend() string {
	return "look at it and move it away, or use a folder of your own: " + HomeVariable + "=/path/to/folder clawrouter-codex up"
}

// Open are the files of the program that others can read, write or replace. What
// an isolated ClawRouter keeps in its home is its own.
func (p Paths) Open() ([]Open, error) {
	var found []Open
	look := func(path string) (dir bool, err error) {
		info, err := os.Lstat(path)
		if err != nil {
			return false, ignoreMissing(err)
		}
		foreign := ownedByOther(info)
		// Behind a symlink of this user's lies what they chose: their own is looked at,
		// and that of another, as /dev/null for a log, is left alone.
		if info.Mode()&fs.ModeSymlink != 0 && !foreign {
			if info, err = os.Stat(path); err != nil || ownedByOther(info) {
				return false, ignoreMissing(err)
			}
		}
		if foreign || openMode(info.Mode()) {
			found = append(found, Open{Path: path, Mode: info.Mode(), Foreign: foreign})
		}
		return info.IsDir() && !foreign, nil
	}
	dirs := []string{p.Root, p.Log(), p.Spend(), p.Backup()}
	for n, dir := range dirs {
		// The folders of the first one are looked at with it.
		if n == 0 {
			if ok, err := look(dir); err != nil || !ok {
				return found, err
			}
		}
		entries, err := os.ReadDir(dir)
		if err != nil {
			if err = ignoreMissing(err); err != nil {
				return found, fmt.Errorf("look at %s: %w", dir, err)
			}
			continue
		}
		for _, e := range entries {
			if _, err := look(filepath.Join(dir, e.Name())); err != nil {
				return found, err
			}
		}
	}
	return found, nil
}

// Tighten makes what Open finds this user's alone, and returns it. Of files of
// another user the error is a *ForeignError.
func (p Paths) Tighten() (mended []Open, err error) {
	found, err := p.Open()
	if err != nil {
		return nil, err
	}
	var foreign ForeignError
	for _, f := range found {
		if f.Foreign {
			foreign.Files = append(foreign.Files, f)
			continue
		}
		if err := os.Chmod(f.Path, f.Mode.Perm()&^0o077); err != nil {
			return mended, fmt.Errorf("close %s to others: %w", f.Path, err)
		}
		mended = append(mended, f)
	}
	if len(foreign.Files) > 0 {
		return mended, &foreign
	}
	return mended, nil
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
