package codex

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/BlockRunAI/clawrouter-codex/backend/atomicfile"
	"github.com/BlockRunAI/clawrouter-codex/backend/models"
)

// SetupOptions is what Setup needs.
type SetupOptions struct {
	Home    Home
	Port    int            // of the bridge
	Models  []models.Model // in the picker's order
	Program *Program       // nil where no Codex is installed
	Scratch string         // an existing folder on which a catalog is tried out
}

// SetupResult tells what Setup did.
type SetupResult struct {
	Profile      string   `json:"profile"`      // path
	Catalog      string   `json:"catalog"`      // path
	Models       int      `json:"models"`       // entries in the catalog
	Source       string   `json:"source"`       // where the list of models comes from
	Instructions string   `json:"instructions"` // "codex" or "own"
	Codex        string   `json:"codex"`        // version, "" where none is installed
	Notes        []string `json:"notes"`        // what the user should know, in words
}

// Setup writes the catalog, after the installed Codex accepted it, and the
// profile that names it. The base config is not touched.
func Setup(ctx context.Context, o SetupOptions) (SetupResult, error) {
	result := SetupResult{Profile: o.Home.Profile(), Catalog: o.Home.Catalog(), Models: len(o.Models), Notes: []string{}}
	if err := os.MkdirAll(o.Home.Dir, 0o700); err != nil {
		return result, fmt.Errorf("make Codex's folder: %w", err)
	}
	if err := writeCatalog(ctx, o, &result); err != nil {
		return result, err
	}
	if err := writeProfile(o.Home, o.Port); err != nil {
		return result, err
	}
	result.Notes = append(result.Notes, legacyNotes(o.Home)...)
	return result, nil
}

// RejectedError says that the installed Codex refuses the catalog that we made.
type RejectedError struct {
	Version string
	Err     error
}

func (e *RejectedError) Error() string {
	return fmt.Sprintf("codex %s refuses the new model list, so the old one was kept: %v", e.Version, e.Err)
}

func (e *RejectedError) Unwrap() error { return e.Err }

// Mend is what the user can do.
func (e *RejectedError) Mend() string {
	return "bring both up to date: npm install -g @openai/codex@latest, and the newest clawrouter-codex"
}

func writeCatalog(ctx context.Context, o SetupOptions, result *SetupResult) error {
	instructions := askProgram(ctx, o.Program, result)
	data, err := NewCatalog(o.Models, instructions).Encode()
	if err != nil {
		return fmt.Errorf("make model list: %w", err)
	}
	if result.Codex != "" {
		if err := try(ctx, o, data); err != nil {
			return &RejectedError{Version: result.Codex, Err: err}
		}
	}
	if err := atomicfile.Write(o.Home.Catalog(), data, 0o644); err != nil {
		return fmt.Errorf("write model list: %w", err)
	}
	return nil
}

// askProgram asks the installed Codex for its version and instructions. A Codex
// that does not answer is a note, not a failure: the files are right without it.
func askProgram(ctx context.Context, p *Program, result *SetupResult) (instructions string) {
	result.Instructions = "own"
	if p == nil {
		result.Notes = append(result.Notes, "Codex is not installed: npm install -g @openai/codex")
		return ""
	}
	version, err := p.Version(ctx)
	if err != nil {
		result.Notes = append(result.Notes, fmt.Sprintf("the installed Codex does not start, so the model list was not tried out: %v", err))
		return ""
	}
	result.Codex = version
	if tooOld(version) {
		result.Notes = append(result.Notes, fmt.Sprintf("Codex %s does not read profile files: npm install -g @openai/codex@latest", version))
	}
	instructions, err = p.Instructions(ctx)
	if err != nil || instructions == "" {
		return ""
	}
	result.Instructions = "codex"
	return instructions
}

// tooOld reports whether --profile still means a table in config.toml: so it is
// in 0.124, and no more in 0.140. What lies between was not measured and passes.
func tooOld(version string) bool {
	var major, minor int
	if _, err := fmt.Sscanf(version, "%d.%d", &major, &minor); err != nil {
		return false
	}
	return major == 0 && minor <= 124
}

func try(ctx context.Context, o SetupOptions, data []byte) error {
	dir, err := os.MkdirTemp(o.Scratch, "catalog-check-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	path := filepath.Join(dir, "catalog.json")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		return err
	}
	return o.Program.Validate(ctx, path)
}

func writeProfile(home Home, port int) error {
	all := profileSettings(home.Catalog(), port)
	_, err := os.ReadFile(home.Profile())
	if errors.Is(err, fs.ErrNotExist) {
		err = atomicfile.Write(home.Profile(), freshProfile(all), 0o600)
	}
	if err != nil {
		return fmt.Errorf("write profile: %w", err)
	}
	return nil
}

func legacyNotes(home Home) []string { return nil }
