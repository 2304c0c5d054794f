package codex

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/BlockRunAI/clawrouter-codex/backend/atomicfile"
	"github.com/BlockRunAI/clawrouter-codex/backend/models"
)

// CatalogOptions is what WriteCatalog needs.
type CatalogOptions struct {
	Path      string         // where the catalog goes
	Models    []models.Model // in the picker's order
	Selection models.Selection
	Program   *Program // nil where no Codex is installed
}

// CatalogResult tells what WriteCatalog did. Notes are what the user should know,
// in words.
type CatalogResult struct {
	Path         string   `json:"path"`
	Models       int      `json:"models"`       // without the entry "Menu bar choice"
	Instructions string   `json:"instructions"` // whose base instructions: "codex" or "own"
	Codex        string   `json:"codex"`        // the version that accepted it, "" where none is installed
	Notes        []string `json:"notes,omitempty"`
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

// WriteCatalog makes a catalog, has the installed Codex load it, and only then
// puts it in the old one's place.
func WriteCatalog(ctx context.Context, o CatalogOptions) (CatalogResult, error) {
	result := CatalogResult{Path: o.Path, Models: len(o.Models)}
	instructions := askProgram(ctx, o.Program, &result)
	data, err := NewCatalog(o.Models, instructions, o.Selection).Encode()
	if err != nil {
		return result, fmt.Errorf("make model list: %w", err)
	}
	if result.Codex != "" {
		if err := tryOut(ctx, o.Program, data); err != nil {
			return result, &RejectedError{Version: result.Codex, Err: err}
		}
	}
	if err := atomicfile.Write(o.Path, data, 0o644); err != nil {
		return result, fmt.Errorf("write model list: %w", err)
	}
	return result, nil
}

// askProgram asks the installed Codex for its version and instructions. A Codex
// that does not answer is a note, not a failure: the files are right without it.
func askProgram(ctx context.Context, p *Program, result *CatalogResult) (instructions string) {
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
	if !ReadsProfiles(version) {
		result.Notes = append(result.Notes, fmt.Sprintf("Codex %s does not read profile files: npm install -g @openai/codex@latest (without a profile it works: clawrouter-codex desktop on)", version))
	}
	instructions, err = p.Instructions(ctx)
	if err != nil || instructions == "" {
		return ""
	}
	result.Instructions = "codex"
	return instructions
}

func tryOut(ctx context.Context, p *Program, data []byte) error {
	dir, err := os.MkdirTemp(p.Scratch, "catalog-check-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	path := filepath.Join(dir, "catalog.json")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		return err
	}
	return p.Validate(ctx, path)
}

// Selection is the one that the catalog was last made with; the default one
// where there is no catalog of ours.
func (h Home) Selection() models.Selection {
	var c struct {
		Selection models.Selection `json:"clawrouter_selection"`
	}
	data, err := os.ReadFile(h.Catalog())
	if err != nil || json.Unmarshal(data, &c) != nil {
		return models.Selection{}
	}
	return c.Selection
}
