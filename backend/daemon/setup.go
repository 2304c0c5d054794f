package daemon

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/backend/atomicfile"
	"github.com/BlockRunAI/clawrouter-codex/backend/codex"
	"github.com/BlockRunAI/clawrouter-codex/backend/link"
	"github.com/BlockRunAI/clawrouter-codex/backend/models"
	"github.com/BlockRunAI/clawrouter-codex/backend/settings"
)

// SetupOptions is what Setup and GenCatalog need.
type SetupOptions struct {
	Settings *settings.Settings
	Version  string
	Port     int      // of the bridge
	Codex    string   // path of the installed Codex, "" where there is none
	Environ  []string // as os.Environ
	Migrate  bool     // move the profile of older releases out of the base config
	// RotateKey makes the bridge's key anew: what others may have read opens
	// nothing any more.
	RotateKey bool
	Now       time.Time
}

// Setup writes Codex's profile, and a catalog with the selection that the last
// one was made with.
func Setup(ctx context.Context, o SetupOptions) (codex.SetupResult, error) {
	home := codex.Home{Dir: o.Settings.CodexHome.V}
	selection := home.Selection()
	list, err := ListModels(ctx, o.Settings, o.Version, selection)
	if err != nil {
		return codex.SetupResult{}, err
	}
	var result codex.SetupResult
	err = o.alone(ctx, func(program *codex.Program) error {
		if o.RotateKey {
			if err := rotateKey(o.Settings.Paths); err != nil {
				return err
			}
		}
		if err := o.note(home); err != nil {
			return err
		}
		fresh := !home.HasProfile()
		result, err = codex.Setup(ctx, codex.SetupOptions{
			Home: home, Port: o.Port, Models: list.Models, Selection: selection, Program: program,
			Backup: o.Settings.Paths.Backup(), Migrate: o.Migrate, Now: o.Now,
			Key: keyIn(o.Settings.Paths),
		})
		if err == nil {
			result.Notes = append(result.Notes, o.rekey(ctx)...)
			err = keepPrices(o.Settings.Paths, list.public)
		}
		fresh = fresh && (result.Migration == nil || !slices.Contains(result.Migration.Moved, "model"))
		if err != nil || !fresh || o.Settings.Model.V == "" {
			return err
		}
		// A model was picked before there was a profile.
		return home.SetProfileModel(models.Selected, o.Settings.Paths.Backup(), o.Now)
	})
	result.Source = list.Source
	return result, err
}

// note makes Codex's folder where there is none, and remembers it for uninstall.
func (o SetupOptions) note(home codex.Home) error {
	if err := home.Create(); err != nil {
		return err
	}
	return NewDesktop(o.Settings, func() time.Time { return o.Now }).Note()
}

// rekey writes the key into the base configs that name our bridge. What stands in
// the way is told, and no reason to leave the rest undone.
func (o SetupOptions) rekey(ctx context.Context) (notes []string) {
	desktop := NewDesktop(o.Settings, func() time.Time { return o.Now })
	desktop.Lock = "" // held already
	for _, d := range desktop.All() {
		if _, err := d.Rekey(ctx); err != nil {
			notes = append(notes, fmt.Sprintf("the bridge's key could not be written into %s: %v", d.Home.Config(), err))
		}
	}
	return notes
}

// CatalogResult is what GenCatalog did.
type CatalogResult struct {
	codex.CatalogResult
	Source string `json:"source"` // where the list of models comes from
}

// GenCatalog writes a catalog with the given selection to path, "" meaning
// Codex's folder.
func GenCatalog(ctx context.Context, o SetupOptions, selection models.Selection, path string) (CatalogResult, error) {
	home, own := codex.Home{Dir: o.Settings.CodexHome.V}, path == ""
	if own {
		path = home.Catalog()
	}
	list, err := ListModels(ctx, o.Settings, o.Version, selection)
	if err != nil {
		return CatalogResult{}, err
	}
	if len(list.Models) == 0 {
		return CatalogResult{}, errors.New("the selection leaves no model")
	}
	result := CatalogResult{Source: list.Source}
	err = o.alone(ctx, func(program *codex.Program) error {
		if own {
			if err := o.note(home); err != nil {
				return err
			}
		}
		result.CatalogResult, err = codex.WriteCatalog(ctx, codex.CatalogOptions{
			Path: path, Models: list.Models, Selection: selection, Program: program,
		})
		result.Notes = append(list.Notes, result.Notes...)
		return errors.Join(err, keepPrices(o.Settings.Paths, list.public))
	})
	return result, err
}

// setup is what a link that runs writes Codex's files with.
func (o Options) setup(port int) func() SetupOptions {
	return func() SetupOptions {
		return SetupOptions{
			Settings: o.Settings, Version: o.Version, Port: port, Codex: o.Codex, Environ: o.Environ, Now: o.Now(),
		}
	}
}

// modelUpdate writes Codex's list anew, with the selection that the present one
// was made with.
func modelUpdate(setup func() SetupOptions) func(context.Context) (link.ModelUpdate, error) {
	return func(ctx context.Context) (link.ModelUpdate, error) {
		o := setup()
		home := codex.Home{Dir: o.Settings.CodexHome.V}
		result, err := GenCatalog(ctx, o, home.Selection(), "")
		return link.ModelUpdate{Path: result.Path, Models: result.Models, Source: result.Source, Notes: result.Notes}, err
	}
}

// editWait bounds the wait for another process of ours that edits Codex's files.
// It may have to start Codex four times.
const editWait = 60 * time.Second

// alone calls edit while no other process of ours edits Codex's files.
func (o SetupOptions) alone(ctx context.Context, edit func(*codex.Program) error) error {
	paths := o.Settings.Paths
	return editAlone(ctx, paths, func() error {
		var program *codex.Program
		if o.Codex != "" {
			program = &codex.Program{Path: o.Codex, Env: o.Environ, Node: o.Settings.Node.V, Scratch: paths.Root}
		}
		return edit(program)
	})
}

// editAlone calls edit while no other process of ours edits settings or Codex's
// files.
func editAlone(ctx context.Context, paths settings.Paths, edit func() error) error {
	if err := paths.Create(); err != nil {
		return fmt.Errorf("make the state folder: %w", err)
	}
	wait, cancel := context.WithTimeout(ctx, editWait)
	defer cancel()
	lock, err := atomicfile.WaitLock(wait, paths.EditLock())
	if err != nil {
		return fmt.Errorf("another clawrouter-codex edits Codex's files: %w", err)
	}
	return errors.Join(edit(), lock.Unlock())
}
