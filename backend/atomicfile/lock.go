package atomicfile

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gofrs/flock"
)

// ErrLocked means that another process holds the lock.
var ErrLocked = errors.New("locked by another process")

// Lock is an advisory lock between processes. The system gives it back when its
// holder dies, however it dies.
type Lock struct{ file *flock.Flock }

// TryLock takes the lock at path, or returns ErrLocked at once. The file is made
// where it does not exist and never removed: a lock file that goes away can be
// held twice.
func TryLock(path string) (*Lock, error) {
	file := flock.New(path, flock.SetPermissions(0o600))
	got, err := file.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	if !got {
		return nil, ErrLocked
	}
	return &Lock{file}, nil
}

// lockPoll is how often a waiting process looks; no system tells when another
// process lets go.
const lockPoll = 20 * time.Millisecond

// WaitLock takes the lock at path, waiting for its holder until ctx ends. The
// error wraps ErrLocked then.
func WaitLock(ctx context.Context, path string) (*Lock, error) {
	file := flock.New(path, flock.SetPermissions(0o600))
	got, err := file.TryLockContext(ctx, lockPoll)
	if got {
		return &Lock{file}, nil
	}
	if ctx.Err() != nil {
		return nil, fmt.Errorf("lock %s: %w", path, errors.Join(ErrLocked, ctx.Err()))
	}
	return nil, fmt.Errorf("lock %s: %w", path, err)
}

// Unlock gives the lock back.
func (l *Lock) Unlock() error { return l.file.Unlock() }
