package spend

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/BlockRunAI/clawrouter-codex/backend/atomicfile"
)

// Folder is where a Book is kept: Disk, or a test's.
type Folder interface {
	// Names lists the files; a folder that does not exist has none.
	Names() ([]string, error)
	// Open reads a file; the error wraps fs.ErrNotExist where there is none.
	Open(name string) (io.ReadCloser, error)
	// Append adds whole lines to a file, durably. After an error the file holds
	// none of them, or any part of them.
	Append(name string, lines []byte) error
	// Replace writes a whole file so that a crash leaves the old or the new one.
	Replace(name string, data []byte) error
	// Remove deletes a file.
	Remove(name string) error
}

// Disk is a folder of the file system. It is made when it is first written to,
// readable by this user alone.
type Disk string

func (d Disk) path(name string) string { return filepath.Join(string(d), name) }

// Names implements Folder.
func (d Disk) Names() ([]string, error) {
	files, err := os.ReadDir(string(d))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	names := make([]string, 0, len(files))
	for _, f := range files {
		names = append(names, f.Name())
	}
	return names, nil
}

// Open implements Folder.
func (d Disk) Open(name string) (io.ReadCloser, error) { return os.Open(d.path(name)) }

// Append opens the file anew each time: one that the user moved away while the
// program runs must not swallow what follows.
func (d Disk) Append(name string, lines []byte) (err error) {
	if err := os.MkdirAll(string(d), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(d.path(name), os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	end, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	if torn(f, end) {
		lines = append([]byte("\n"), lines...)
	}
	if _, err = f.Write(lines); err == nil {
		err = f.Sync()
	}
	if err != nil {
		// What was written of them would stand there twice after the next attempt.
		return errors.Join(err, f.Truncate(end))
	}
	return nil
}

// torn reports a last line without its end: a crash cut it short, and the next
// line must not be glued to it.
func torn(f io.ReaderAt, end int64) bool {
	if end == 0 {
		return false
	}
	var last [1]byte
	_, err := f.ReadAt(last[:], end-1)
	return err != nil || last[0] != '\n'
}

// Replace implements Folder.
func (d Disk) Replace(name string, data []byte) error {
	if err := os.MkdirAll(string(d), 0o700); err != nil {
		return err
	}
	return atomicfile.Write(d.path(name), data, 0o600)
}

// Remove implements Folder.
func (d Disk) Remove(name string) error { return os.Remove(d.path(name)) }
