package codex

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/BlockRunAI/clawrouter-codex/backend/atomicfile"
	"github.com/BlockRunAI/clawrouter-codex/backend/tomledit"
)

// Provider is who answers a Codex that is started without a profile.
type Provider string

// The two providers.
const (
	Subscription Provider = "subscription" // whatever the user has set up
	ClawRouter   Provider = "clawrouter"
)

// record is what the program remembers of one base config. It is on disk before
// the edit that it describes.
type record struct {
	Choice Provider `json:"choice,omitempty"`
	// Applied says that the last edit which switched on, and no later one, came
	// to its end: a config that is off all the same was switched by hand.
	Applied bool   `json:"applied"`
	Port    int    `json:"port,omitempty"`    // of the bridge, as written last
	Model   string `json:"model,omitempty"`   // in force when the config was last on
	Catalog string `json:"catalog,omitempty"` // path, as written last

	// Keys are the root keys as they were; null is one that was not there. A
	// record without keys has nothing to put back.
	Keys  map[string]*tomledit.Place `json:"keys,omitempty"`
	Table *tableRecord               `json:"table,omitempty"`
	// Created: there was no file. Gap: a blank line was put below our keys.
	Created bool `json:"created,omitempty"`
	Gap     bool `json:"gap,omitempty"`
	// Wrote is the SHA-256 of the text after our last edit.
	Wrote string `json:"wrote,omitempty"`
}

// tableRecord is what was there before [model_providers.clawrouter].
type tableRecord struct {
	// Newline: the line before the table got its line ending from us.
	Newline bool `json:"newline,omitempty"`
	// Foreign are the values of a provider of that name which is not ours; null
	// is a key that was not there.
	Foreign map[string]*string `json:"foreign,omitempty"`
	// Headers are the foreign provider's http_headers.
	Headers *inlineRecord `json:"headers,omitempty"`
	// Inline is the inline table that ours was written into.
	Inline *inlineRecord `json:"inline,omitempty"`
}

type inlineRecord struct {
	Path          []string `json:"path"`
	Before, After string
}

// settle is for an edit that came to its end: what it put back is forgotten.
func (r *record) settle(becomes Provider) {
	switch becomes {
	case ClawRouter:
		r.Applied = true
	case Subscription:
		r.Applied, r.Keys, r.Gap = false, nil, false
		if r.Table != nil && r.Table.Foreign != nil {
			r.Table = nil
		}
	}
}

// records is the file in the state folder: one record for each base config.
type records struct {
	Configs map[string]record `json:"configs"`
}

const recordFile = "desktop.json"

func (d *Desktop) recordPath() string { return filepath.Join(d.State, recordFile) }

// configKey tells two CODEX_HOMEs apart, and takes two names of one for one. The
// config itself may be a link that a dotfile manager moves; its folder is what
// Codex knows.
func (d *Desktop) configKey() string {
	dir := d.Home.Dir
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real
	}
	if whole, err := filepath.Abs(dir); err == nil {
		dir = whole
	}
	return filepath.Join(dir, filepath.Base(d.Home.Config()))
}

// readRecords returns no records where the file is missing, or is no JSON: a
// lost record must not keep the user on a dead bridge.
func (d *Desktop) readRecords() (records, error) {
	all := records{Configs: map[string]record{}}
	data, err := atomicfile.Read(d.recordPath())
	if errors.Is(err, fs.ErrNotExist) {
		return all, nil
	}
	if err != nil {
		return all, fmt.Errorf("read what the switch remembers: %w", err)
	}
	var found records
	if json.Unmarshal(data, &found) != nil || found.Configs == nil {
		return all, nil
	}
	return found, nil
}

// All are d and the switches of all other base configs that this state folder has
// switched on: a user may have had another CODEX_HOME then.
func (d *Desktop) All() []*Desktop {
	return d.others(func(r record) bool { return r.Applied })
}

// Known are d and the switches of all other homes that something was written into.
func (d *Desktop) Known() []*Desktop {
	return d.others(func(record) bool { return true })
}

func (d *Desktop) others(wanted func(record) bool) []*Desktop {
	all := []*Desktop{d}
	known, err := d.readRecords()
	if err != nil {
		return all // d itself will say so
	}
	for _, path := range slices.Sorted(maps.Keys(known.Configs)) {
		if path == d.configKey() || !wanted(known.Configs[path]) {
			continue
		}
		other := *d
		other.Home = Home{Dir: filepath.Dir(path)}
		all = append(all, &other)
	}
	return all
}

// Note remembers a home, which exists, before something else than its base config
// is written into it: Uninstall finds it then, whatever CODEX_HOME says that day.
func (d *Desktop) Note() error {
	rec, err := d.readRecord()
	if err != nil {
		return err
	}
	return d.writeRecord(&rec)
}

func (d *Desktop) readRecord() (record, error) {
	all, err := d.readRecords()
	return all.Configs[d.configKey()], err
}

// writeRecord writes nothing where nothing changes. A nil record is forgotten.
func (d *Desktop) writeRecord(r *record) error {
	all, err := d.readRecords()
	if err != nil {
		return err
	}
	before, err := json.Marshal(all)
	if err != nil {
		return err
	}
	if r == nil {
		delete(all.Configs, d.configKey())
	} else {
		all.Configs[d.configKey()] = *r
	}
	if after, err := json.Marshal(all); err != nil || string(after) == string(before) {
		return err
	}
	data, err := json.MarshalIndent(all, "", " ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(d.State, 0o700); err != nil {
		return fmt.Errorf("make the state folder: %w", err)
	}
	if err := atomicfile.WriteIn(d.operations(), d.recordPath(), append(data, '\n'), 0o600); err != nil {
		return fmt.Errorf("write what the switch remembers: %w", err)
	}
	return nil
}
