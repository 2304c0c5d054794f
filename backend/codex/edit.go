package codex

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/backend/atomicfile"
	"github.com/BlockRunAI/clawrouter-codex/backend/tomledit"
)

// keptBackups is how many copies of each file stay.
const keptBackups = 10

// editTries bounds how often an edit is redone because Codex, or the user's
// editor, wrote at the same moment.
const editTries = 5

// UnreadableError says that a file is no TOML, and was left alone.
type UnreadableError struct {
	Path string
	Err  *tomledit.SyntaxError
}

func (e *UnreadableError) Error() string {
	return fmt.Sprintf("%s, line %d, column %d: not TOML, so nothing was changed: %v", e.Path, e.Err.Line, e.Err.Column, e.Err.Err)
}

func (e *UnreadableError) Unwrap() error { return e.Err }

// Mend is what the user can do.
func (e *UnreadableError) Mend() string { return "correct that line, then run the command again" }

// file is a TOML file of Codex's and what an edit of it needs.
type file struct {
	path   string
	perm   fs.FileMode // of a new one
	backup string
	now    time.Time
	read   func(path string) ([]byte, error) // atomicfile.Read
	ops    atomicfile.Operations             // nil is the system's
	known  func(text []byte) bool            // a text that needs no copy; nil: all do
}

// errChanged says that the file is no longer the one that was read.
var errChanged = errors.New("changed meanwhile")

// edit changes the file in place: a copy is kept, nothing is written where
// nothing changes, and an edit on a text that was replaced meanwhile is redone.
// fresh makes the content of a file that does not exist.
func (f file) edit(fresh func() []byte, change func(*tomledit.Doc) error) error {
	_, err := f.rewrite(func(before []byte, missing bool) ([]byte, error) {
		if missing {
			return fresh(), nil
		}
		doc, err := f.parse(before)
		if err != nil {
			return nil, err
		}
		if err := change(doc); err != nil {
			return nil, fmt.Errorf("edit %s: %w", f.path, err)
		}
		return doc.Bytes(), nil
	})
	return err
}

// rewrite replaces the file by what next makes of it, and tells whether it did.
// next may run several times, each time on a newer text; nil bytes mean that a
// file which does not exist is not to be made.
func (f file) rewrite(next func(before []byte, missing bool) ([]byte, error)) (changed bool, err error) {
	for range editTries {
		before, err := f.read(f.path)
		missing := errors.Is(err, fs.ErrNotExist)
		if err != nil && !missing {
			return false, err
		}
		after, err := next(before, missing)
		if err != nil {
			return false, err
		}
		if missing && after == nil || !missing && bytes.Equal(before, after) {
			return false, nil
		}
		err = f.replace(before, after, missing)
		if !errors.Is(err, errChanged) {
			return err == nil, err
		}
	}
	return false, fmt.Errorf("%s is being written by another program all the time", f.path)
}

// replace keeps a copy of the file and writes after in its place, unless it does
// not hold before any more at the moment of the rename: Codex takes no lock that
// we could take too.
func (f file) replace(before, after []byte, missing bool) error {
	if f.known == nil || !f.known(before) {
		if _, err := atomicfile.BackupIn(f.operations(), f.path, f.backup, f.now, keptBackups); err != nil {
			return fmt.Errorf("keep a copy of %s: %w", f.path, err)
		}
	}
	return atomicfile.WriteIn(guarded{f.operations(), func() error {
		now, err := f.read(f.path)
		if errors.Is(err, fs.ErrNotExist) != missing || !bytes.Equal(now, before) {
			return errChanged
		}
		return nil
	}}, f.path, after, f.perm)
}

func (f file) operations() atomicfile.Operations {
	if f.ops == nil {
		return atomicfile.System{}
	}
	return f.ops
}

// guarded asks once more, right before a rename.
type guarded struct {
	atomicfile.Operations
	check func() error
}

// Rename implements atomicfile.Operations.
func (g guarded) Rename(from, to string) error {
	if err := g.check(); err != nil {
		return err
	}
	return g.Operations.Rename(from, to)
}

func (f file) parse(text []byte) (*tomledit.Doc, error) {
	doc, err := tomledit.Parse(text)
	var syntax *tomledit.SyntaxError
	if errors.As(err, &syntax) {
		return nil, &UnreadableError{Path: f.path, Err: syntax}
	}
	return doc, err
}

// writeProfile makes the profile, or sets in it what the link needs.
func writeProfile(o SetupOptions) error {
	all := profileSettings(o.Home.Catalog(), o.Models[0].ID, o.Port)
	profile := file{path: o.Home.Profile(), perm: 0o600, backup: o.Backup, now: o.Now, read: atomicfile.Read}
	_, err := profile.rewrite(func(before []byte, missing bool) ([]byte, error) {
		key, err := keyFor(profile.path, o.Key)
		if err != nil {
			return nil, err
		}
		if missing {
			before = freshProfile(all)
		}
		doc, err := profile.parse(before)
		if err != nil {
			return nil, err
		}
		if err := errors.Join(apply(doc, all), writeKey(doc, key)); err != nil {
			return nil, fmt.Errorf("edit %s: %w", profile.path, err)
		}
		return doc.Bytes(), nil
	})
	var told *UnreadableError
	if err != nil && !errors.As(err, &told) {
		return fmt.Errorf("write profile: %w", err)
	}
	return err
}

// apply sets what is pinned, and of the rest what is not there.
func apply(doc *tomledit.Doc, all []setting) error {
	for _, s := range all {
		if !s.pinned && doc.Has(s.path()...) {
			continue
		}
		if err := doc.Set(s.value, s.path()...); err != nil {
			return err
		}
	}
	return nil
}
