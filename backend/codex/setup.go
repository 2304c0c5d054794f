package codex

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/backend/models"
	"github.com/BlockRunAI/clawrouter-codex/backend/tomledit"
)

// SetupOptions is what Setup needs.
type SetupOptions struct {
	Home      Home
	Port      int            // of the bridge
	Models    []models.Model // in the picker's order; the first one is a fresh profile's
	Selection models.Selection
	Program   *Program // nil where no Codex is installed
	Backup    string   // folder for copies of what is changed
	Now       time.Time
}

// SetupResult tells what Setup did.
type SetupResult struct {
	Profile string        `json:"profile"` // path
	Catalog CatalogResult `json:"catalog"`
	Source  string        `json:"source"` // where the list of models comes from
	Notes   []string      `json:"notes"`  // what the user should know, in words
}

// Setup writes the catalog, after the installed Codex accepted it, and the
// profile that names it. The base config is not touched.
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
	if err := writeProfile(o); err != nil {
		return result, err
	}
	result.Notes = append(result.Notes, legacyNotes(o.Home)...)
	return result, nil
}

// legacyNotes tells of lines in config.toml with which Codex refuses to start
// under --profile clawrouter.
func legacyNotes(home Home) []string {
	data, err := os.ReadFile(home.Config())
	if err != nil {
		return nil
	}
	doc, err := tomledit.Parse(data)
	if err != nil {
		return []string{fmt.Sprintf("%s cannot be read by Codex: %v", home.Config(), err)}
	}
	var found string
	name, _ := doc.Get("profile")
	switch {
	case doc.Has("profiles", ProfileName):
		found = "the table [profiles." + ProfileName + "]"
	case name == tomledit.Quote(ProfileName) || name == "'"+ProfileName+"'":
		found = "the line profile = " + name
	default:
		return nil
	}
	return []string{fmt.Sprintf("%s holds %s of older releases, with which Codex refuses to start: delete it there, the profile now lives in %s", home.Config(), found, home.Profile())}
}
