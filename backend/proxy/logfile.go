package proxy

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/backend/atomicfile"
)

// Bounds of ClawRouter's log: it prints several lines a request.
const (
	maxLogSize = 5 << 20
	logBackups = 3
)

// Log is a file that is replaced when it grows: path, path.1 … path.3. It is
// written here and not by lumberjack, whose goroutine nobody can end.
type Log struct {
	path string
	max  int64

	mu     sync.Mutex
	file   *os.File // nil where a rotation failed, and once it is closed
	size   int64
	closed bool
}

// OpenLog opens path for appending and creates it, and its folder, for this
// user alone.
func OpenLog(path string) (*Log, error) {
	l := &Log{path: path, max: maxLogSize}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("open log: %w", err)
	}
	return l, l.open()
}

func (l *Log) open() error {
	f, err := os.OpenFile(l.path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("open log: %w", err)
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return fmt.Errorf("open log: %w", err)
	}
	l.file, l.size = f, info.Size()
	return nil
}

// Write appends p, which may hold many lines, as if each were written alone: from the
// one on that would not fit, to a new file. Where that cannot be made the rest is lost,
// and the next Write tries again.
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for n < len(p) {
		if err := l.reopen(); err != nil {
			return n, err
		}
		part := l.fitting(p[n:])
		if len(part) == 0 {
			if err := l.rotate(); err != nil {
				return n, err
			}
			continue
		}
		written, err := l.file.Write(part)
		l.size += int64(written)
		n += written
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// reopen opens the file that an earlier rotation could not open.
func (l *Log) reopen() error {
	switch {
	case l.closed:
		return fs.ErrClosed
	case l.file == nil:
		return l.open()
	}
	return nil
}

// fitting is what of p goes to the file as it is: the whole lines for which there is
// room, and to an empty file one that is larger than a file may be.
func (l *Log) fitting(p []byte) []byte {
	room := max(0, l.max-l.size)
	if int64(len(p)) <= room {
		return p
	}
	end := bytes.LastIndexByte(p[:room], '\n') + 1
	if end == 0 && l.size == 0 {
		if end = bytes.IndexByte(p, '\n') + 1; end == 0 {
			end = len(p)
		}
	}
	return p[:end]
}

func (l *Log) rotate() error {
	l.file.Close()
	l.file = nil
	for i := logBackups - 1; i >= 0; i-- {
		err := os.Rename(backupName(l.path, i), backupName(l.path, i+1))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			// Windows cannot rename a file that somebody reads. Bounded
			// matters more than complete.
			if err := os.Truncate(l.path, 0); err != nil {
				return fmt.Errorf("rotate log: %w", err)
			}
			break
		}
	}
	return l.open()
}

func backupName(path string, i int) string {
	if i == 0 {
		return path
	}
	return path + "." + strconv.Itoa(i)
}

// Close closes the file; later writes fail.
func (l *Log) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	if l.file == nil {
		return nil
	}
	err := l.file.Close()
	l.file = nil
	return err
}

const (
	tailBytes = 512 << 10
	tailEvery = 250 * time.Millisecond
)

// LogTail is the last 512 KB of a log, beginning with a whole line, and the size
// at which FollowLog goes on. Of a log that does not exist there is nothing.
func LogTail(path string) (text []byte, end int64, err error) {
	f, err := atomicfile.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, 0, nil
	}
	if err != nil {
		return nil, 0, fmt.Errorf("read log: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, 0, fmt.Errorf("read log: %w", err)
	}
	end = info.Size()
	from := max(0, end-tailBytes)
	text, err = io.ReadAll(io.NewSectionReader(f, from, end-from))
	if err != nil {
		return nil, 0, fmt.Errorf("read log: %w", err)
	}
	if from > 0 {
		_, text, _ = bytes.Cut(text, []byte{'\n'})
	}
	return text, end, nil
}

// FollowLog copies to w what path has from an offset on and what comes, also over
// rotations, until ctx ends. A file that does not exist yet is waited for.
func FollowLog(ctx context.Context, path string, from int64, w io.Writer) error {
	t := &tail{path: path, w: w}
	defer t.close()
	if f, err := atomicfile.Open(path); err == nil {
		t.file = f
		// A file that is shorter took the place of the one that was read.
		if info, err := f.Stat(); err == nil && from <= info.Size() {
			if _, err := f.Seek(from, io.SeekStart); err != nil {
				return fmt.Errorf("read log: %w", err)
			}
		}
	}
	tick := time.NewTicker(tailEvery)
	defer tick.Stop()
	for {
		if err := t.more(); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

type tail struct {
	path string
	file *os.File
	w    io.Writer
}

func (t *tail) close() {
	if t.file != nil {
		t.file.Close()
	}
}

func (t *tail) copy() error {
	if _, err := io.Copy(t.w, t.file); err != nil {
		return fmt.Errorf("show log: %w", err)
	}
	return nil
}

// more copies what was appended; after a rotation it finishes the old file and
// goes on with the new one.
func (t *tail) more() error {
	now, err := os.Stat(t.path)
	if t.file != nil {
		if err := t.copy(); err != nil {
			return err
		}
		have, statErr := t.file.Stat()
		if err == nil && statErr == nil && os.SameFile(now, have) {
			return nil
		}
	}
	if err != nil {
		return nil // between two names of a rotation
	}
	f, err := atomicfile.Open(t.path)
	if err != nil {
		return nil
	}
	t.close()
	t.file = f
	return t.copy()
}
