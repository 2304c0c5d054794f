package codex

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/backend/atomicfile"
	"github.com/BlockRunAI/clawrouter-codex/backend/models"
)

// SetupOptions is what Setup needs.
type SetupOptions struct {
	Home      Home
	Port      int            // of the bridge
	Models    []models.Model // in the picker's order; the first one is a fresh profile's
	Selection models.Selection
	Program   *Program // nil where no Codex is installed
	Backup    string   // folder for copies of what is changed
	Migrate   bool     // move a profile of older releases out of the base config
	// Key is the bridge's key, for a profile that nobody else can read; nil writes
	// none.
	Key func() (string, error)
	Now time.Time
}

// SetupResult tells what Setup did.
type SetupResult struct {
	Profile string        `json:"profile"` // path
	Catalog CatalogResult `json:"catalog"`
	Source  string        `json:"source"` // where the list of models comes from
	Notes   []string      `json:"notes"`  // what the user should know, in words
	// Migration is nil unless it was asked for.
	Migration *Migration `json:"migration,omitempty"`
}

// Setup writes the catalog, after the installed Codex accepted it, and the
// profile that names it. The base config is not touched, unless with Migrate.
func Setup(ctx context.Context, o SetupOptions) (SetupResult, error) {
	result := SetupResult{Profile: o.Home.Profile(), Notes: []string{}}
	if len(o.Models) == 0 {
		return result, fmt.Errorf("there is no model to tell Codex of")
	}
	if err := o.Home.Create(); err != nil {
		return result, err
	}
	var err error
	result.Catalog, err = WriteCatalog(ctx, CatalogOptions{
		Path: o.Home.Catalog(), Models: o.Models, Selection: o.Selection, Program: o.Program,
	})
	if err != nil {
		return result, err
	}
	result.Notes = append(result.Notes, result.Catalog.Notes...)
	result.Catalog.Notes = nil
	if o.Migrate {
		// Before the profile is completed: a model of the older one is the user's.
		d := Desktop{Home: o.Home, Backup: o.Backup, Now: func() time.Time { return o.Now }}
		m, err := d.migrate()
		if err != nil {
			return result, err
		}
		result.Migration = &m
	}
	if err := writeProfile(o); err != nil {
		return result, err
	}
	result.Notes = append(result.Notes, keyNotes(o)...)
	result.Notes = append(result.Notes, legacyNotes(o.Home)...)
	return result, nil
}

// keyNotes tells of a profile that may not hold the key.
func keyNotes(o SetupOptions) []string {
	if ok, err := Private(o.Home.Profile()); o.Key == nil || err != nil || ok {
		return nil
	}
	return []string{fmt.Sprintf("%s got no key of the bridge, because it is a symlink or others can read it: clawrouter-codex doctor tells more", o.Home.Profile())}
}

// legacyNotes tells of lines in config.toml with which Codex refuses to start
// under --profile clawrouter.
func legacyNotes(home Home) []string {
	found, err := home.Legacy(atomicfile.Read)
	var broken *UnreadableError
	switch {
	case errors.As(err, &broken):
		return []string{fmt.Sprintf("%s cannot be read by Codex: line %d, column %d: %v", broken.Path, broken.Err.Line, broken.Err.Column, broken.Err.Err)}
	case err != nil:
		return []string{fmt.Sprintf("%s cannot be read: %v", home.Config(), err)}
	case len(found) == 0:
		return nil
	}
	return []string{fmt.Sprintf("%s holds %s of older releases, with which Codex refuses to start: clawrouter-codex setup --migrate moves that into %s", home.Config(), strings.Join(found, " and "), home.Profile())}
}
