package settings

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"strconv"

	"github.com/BlockRunAI/clawrouter-codex/backend/atomicfile"
	"github.com/BlockRunAI/clawrouter-codex/backend/tomledit"
)

// Change is a new value for one key of settings.toml: a string, an int or a bool.
type Change struct {
	Key   string
	Value any
}

// Store writes changes into settings.toml and leaves everything else in it as the
// user wrote it. A value that Load would refuse is refused here, with an
// *InvalidError; a secret has no key, so it cannot be stored. The caller holds
// EditLock: two writers would lose each other's changes.
func (s *Settings) Store(changes ...Change) error {
	m, paths := s.machine, s.Paths
	if err := paths.Create(); err != nil {
		return fmt.Errorf("make the state folder: %w", err)
	}
	path := paths.SettingsFile()
	before, err := atomicfile.Read(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("read settings: %w", err)
	}
	after, err := edited(m, paths, before, changes)
	if err != nil {
		return err
	}
	if bytes.Equal(before, after) {
		return nil
	}
	if err := atomicfile.Write(path, after, 0o600); err != nil {
		return fmt.Errorf("write settings: %w", err)
	}
	return nil
}

func edited(m Machine, paths Paths, text []byte, changes []Change) ([]byte, error) {
	// The same words for a broken file as everywhere else.
	m.ReadFile = func(string) ([]byte, error) { return text, nil }
	if _, err := readFile(m, paths.SettingsFile()); err != nil {
		return nil, err
	}
	doc, err := tomledit.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", paths.SettingsFile(), err)
	}
	for _, c := range changes {
		if err := c.check(m, paths); err != nil {
			return nil, err
		}
		if err := doc.Set(c.literal(), c.Key); err != nil {
			return nil, fmt.Errorf("edit %s: %w", paths.SettingsFile(), err)
		}
	}
	return doc.Bytes(), nil
}

// check refuses what Load would refuse.
func (c Change) check(m Machine, paths Paths) error {
	for _, e := range entries {
		if e.key != c.Key || e.key == "" {
			continue
		}
		s := defaults(m, paths)
		if err := e.set(m, s, fmt.Sprint(c.Value), File); err != nil {
			return &InvalidError{Problems: []Problem{*e.problem(m, s, fmt.Sprint(c.Value), File, err)}}
		}
		return nil
	}
	return fmt.Errorf("%q is no setting that can be stored", c.Key)
}

// literal is the value as TOML.
func (c Change) literal() string {
	switch v := c.Value.(type) {
	case int:
		return strconv.Itoa(v)
	case bool:
		return strconv.FormatBool(v)
	}
	return tomledit.Quote(fmt.Sprint(c.Value))
}
