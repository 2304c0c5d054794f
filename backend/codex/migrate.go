package codex

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/BlockRunAI/clawrouter-codex/backend/atomicfile"
	"github.com/BlockRunAI/clawrouter-codex/backend/tomledit"
)

// legacyOf names what stands in a base config of the profiles of older releases:
// with either of them Codex refuses to start under --profile clawrouter.
func legacyOf(doc *tomledit.Doc) []string {
	found := []string{}
	if doc.Has("profiles", ProfileName) {
		found = append(found, "the table [profiles."+ProfileName+"]")
	}
	if literal, ok := doc.Get("profile"); ok && doc.String("profile") == ProfileName {
		found = append(found, "the line profile = "+literal)
	}
	return found
}

// Migration tells what Migrate did.
type Migration struct {
	Config string   `json:"config"`
	Found  []string `json:"found"`  // what stood there of older releases, in words
	Moved  []string `json:"moved"`  // keys that the profile file now has
	Left   []string `json:"left"`   // keys that the profile file has already, with a value of its own
	Backup string   `json:"backup"` // folder with copies of both files as they were
}

// Migrate moves the settings of a [profiles.clawrouter] into the profile file and
// takes the table, and a line profile = "clawrouter", out of the base config. The
// profile file is written first: a process that is killed in between leaves
// settings in both places, and Migrate done again brings it to its end. Setup
// completes the profile file afterwards.
func (d *Desktop) Migrate(ctx context.Context) (m Migration, err error) {
	_, err = d.locked(ctx, func() (Change, error) {
		m, err = d.migrate()
		return Change{}, err
	})
	return m, err
}

func (d *Desktop) migrate() (Migration, error) {
	f := d.file()
	f.known = nil
	m := Migration{Config: f.path, Found: []string{}, Moved: []string{}, Left: []string{}, Backup: d.Backup}
	_, err := f.rewrite(func(before []byte, missing bool) ([]byte, error) {
		if missing {
			return nil, nil
		}
		doc, err := f.parse(before)
		if err != nil {
			return nil, err
		}
		found := legacyOf(doc)
		if len(found) == 0 {
			return before, nil
		}
		m.Found = found
		// The copy comes before the first write of either file.
		if _, err := atomicfile.BackupIn(f.operations(), f.path, f.backup, f.now, keptBackups); err != nil {
			return nil, fmt.Errorf("keep a copy of %s: %w", f.path, err)
		}
		moved, left, err := d.intoProfile(doc)
		if err != nil {
			return nil, err
		}
		m.Moved, m.Left = merge(m.Moved, moved), left
		if err := withoutLegacy(doc); err != nil {
			return nil, fmt.Errorf("edit %s: %w", f.path, err)
		}
		return doc.Bytes(), nil
	})
	return m, err
}

func merge(all, more []string) []string {
	for _, key := range more {
		if !slices.Contains(all, key) {
			all = append(all, key)
		}
	}
	return all
}

// intoProfile sets in the profile file what it lacks of the legacy table.
func (d *Desktop) intoProfile(from *tomledit.Doc) (moved, left []string, err error) {
	f := d.file()
	f.path, f.known = d.Home.Profile(), nil
	_, err = f.rewrite(func(before []byte, missing bool) ([]byte, error) {
		to, err := f.parse(before)
		if err != nil {
			return nil, err
		}
		moved, left, err = move(from, to)
		if err != nil {
			return nil, fmt.Errorf("edit %s: %w", f.path, err)
		}
		if missing && len(moved) == 0 {
			return nil, nil
		}
		return to.Bytes(), nil
	})
	return moved, left, err
}

// move sets in one file what lies below [profiles.clawrouter] in another.
func move(from, to *tomledit.Doc) (moved, left []string, err error) {
	for _, path := range from.Below("profiles", ProfileName) {
		name := strings.Join(path, ".")
		literal, ok := from.Get(append([]string{"profiles", ProfileName}, path...)...)
		if !ok {
			return nil, nil, fmt.Errorf("%s is in a list of tables, which cannot be moved: move it by hand", name)
		}
		if now, there := to.Get(path...); there {
			if now != literal {
				left = append(left, name)
			}
			continue
		}
		if to.Has(path...) {
			left = append(left, name)
			continue
		}
		if err := to.Set(literal, path...); err != nil {
			return nil, nil, err
		}
		moved = append(moved, name)
	}
	return moved, left, nil
}

func withoutLegacy(doc *tomledit.Doc) error {
	if doc.String("profile") == ProfileName {
		if err := doc.Delete("profile"); err != nil {
			return err
		}
	}
	return doc.DeleteTable("profiles", ProfileName)
}

// Legacy names what stands in the base config of the profiles of older releases,
// with which Codex refuses to start. Nothing, where there is no base config.
func (h Home) Legacy(read func(path string) ([]byte, error)) ([]string, error) {
	text, err := read(h.Config())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	doc, err := file{path: h.Config()}.parse(text)
	if err != nil {
		return nil, err
	}
	return legacyOf(doc), nil
}
