package codex

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
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
	read   func(path string) ([]byte, error) // os.ReadFile
}

// edit changes the file in place: a copy is kept, nothing is written where
// nothing changes, and an edit on a text that was replaced meanwhile is redone.
// fresh makes the content of a file that does not exist.
func (f file) edit(fresh func() []byte, change func(*tomledit.Doc) error) error {
	for range editTries {
		before, err := f.read(f.path)
		missing := errors.Is(err, fs.ErrNotExist)
		if err != nil && !missing {
			return err
		}
		var after []byte
		if missing {
			after = fresh()
		} else if after, err = f.changed(before, change); err != nil {
			return err
		}
		if !missing && bytes.Equal(before, after) {
			return nil
		}
		if _, err := atomicfile.Backup(f.path, f.backup, f.now, keptBackups); err != nil {
			return fmt.Errorf("keep a copy of %s: %w", f.path, err)
		}
		now, err := f.read(f.path)
		if errors.Is(err, fs.ErrNotExist) != missing || !bytes.Equal(now, before) {
			continue
		}
		return atomicfile.Write(f.path, after, f.perm)
	}
	return fmt.Errorf("%s is being written by another program all the time", f.path)
}

func (f file) changed(before []byte, change func(*tomledit.Doc) error) ([]byte, error) {
	doc, err := tomledit.Parse(before)
	var syntax *tomledit.SyntaxError
	if errors.As(err, &syntax) {
		return nil, &UnreadableError{Path: f.path, Err: syntax}
	}
	if err != nil {
		return nil, err
	}
	if err := change(doc); err != nil {
		return nil, fmt.Errorf("edit %s: %w", f.path, err)
	}
	return doc.Bytes(), nil
}

// writeProfile makes the profile, or sets in it what the link needs.
func writeProfile(o SetupOptions) error {
	all := profileSettings(o.Home.Catalog(), o.Models[0].ID, o.Port)
	profile := file{path: o.Home.Profile(), perm: 0o600, backup: o.Backup, now: o.Now, read: os.ReadFile}
	err := profile.edit(
		func() []byte { return freshProfile(all) },
		func(doc *tomledit.Doc) error {
			for _, s := range all {
				if !s.pinned && doc.Has(s.path()...) {
					continue
				}
				if err := doc.Set(s.value, s.path()...); err != nil {
					return err
				}
			}
			return nil
		})
	var told *UnreadableError
	if err != nil && !errors.As(err, &told) {
		return fmt.Errorf("write profile: %w", err)
	}
	return err
}
