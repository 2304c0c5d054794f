package atomicfile

import (
	"errors"
	"io/fs"
	"os"
	"time"

	"golang.org/x/sys/windows"
)

// Bounds of patiently: 50 looks, a fifth of a second together. A reader is done
// within a millisecond, a virus scanner or an indexer within some tens; a program
// that keeps the file open is told of.
const (
	looks    = 50
	lookPoll = 4 * time.Millisecond
)

// patiently repeats what Windows refuses because somebody else has the file open:
// Go's own programs, and many others, open files so that nobody can rename or remove
// them meanwhile. No event tells when the other one is done.
func patiently(operation func() error) error {
	for range looks - 1 {
		if err := operation(); !inUse(err) {
			return err
		}
		time.Sleep(lookPoll)
	}
	return operation()
}

// Open is os.Open that lets others rename and remove the file meanwhile, as Codex its
// config.toml, which Go's own does not.
func Open(path string) (f *os.File, err error) {
	name, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	err = patiently(func() error {
		const share = windows.FILE_SHARE_READ | windows.FILE_SHARE_WRITE | windows.FILE_SHARE_DELETE
		h, err := windows.CreateFile(name, windows.GENERIC_READ, share, nil, windows.OPEN_EXISTING, windows.FILE_ATTRIBUTE_NORMAL, 0)
		if err != nil {
			return &fs.PathError{Op: "open", Path: path, Err: err}
		}
		f = os.NewFile(uintptr(h), path)
		return nil
	})
	return f, err
}

// inUse tells what may pass: a rename onto an open file is refused with "access
// denied", as one that this user may not do is.
func inUse(err error) bool {
	return errors.Is(err, windows.ERROR_SHARING_VIOLATION) || errors.Is(err, windows.ERROR_ACCESS_DENIED) ||
		errors.Is(err, windows.ERROR_LOCK_VIOLATION)
}

// SyncDir does nothing: Windows has no call for it and writes renames through.
func (System) SyncDir(string) error { return nil }

// keepOwner does nothing: a file made beside the old one inherits the folder's
// access list, as the old one did.
func keepOwner(Temp, fs.FileInfo) error { return nil }
