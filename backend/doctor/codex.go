package doctor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/BlockRunAI/clawrouter-codex/backend/codex"
	"github.com/BlockRunAI/clawrouter-codex/backend/models"
)

const installCodex = "npm install -g @openai/codex@latest"

func checkCodex(_ context.Context, l *look) Result {
	if l.env.Codex == nil {
		return Result{Status: Fail, Text: "codex is not on PATH", Mend: installCodex}
	}
	version, err := l.version()
	if err != nil {
		return Result{Status: Fail, Text: oneLine(fmt.Sprintf("%s does not start: %v", l.env.CodexPath, err)), Mend: installCodex}
	}
	if !codex.ReadsProfiles(version) {
		return Result{
			Status: Fail, Text: fmt.Sprintf("%s (%s) is too old to read profile files: it ends with an error under --profile %s", version, l.env.CodexPath, codex.ProfileName),
			Mend: installCodex + ", or without a profile: clawrouter-codex desktop on",
		}
	}
	return Result{Status: OK, Text: fmt.Sprintf("%s (%s)", version, l.env.CodexPath)}
}

// checkCatalog looks at the file that the profile names, as Codex does at its start.
func checkCatalog(ctx context.Context, l *look) Result {
	if l.fresh() {
		return notYet("none")
	}
	path := l.home.Catalog()
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Result{Status: Fail, Text: path + " is missing: Codex does not start where its config names it", Mend: setupCommand, Fix: l.setupFix()}
	}
	if err != nil {
		return Result{Status: Fail, Text: fmt.Sprintf("cannot be read: %v", err), Mend: "mend the permissions of " + path}
	}
	var catalog struct {
		Models []struct {
			Slug string `json:"slug"`
		} `json:"models"`
	}
	if err := json.Unmarshal(data, &catalog); err != nil {
		return Result{Status: Fail, Text: fmt.Sprintf("%s is broken: %v", path, err), Mend: setupCommand, Fix: l.setupFix()}
	}
	if len(catalog.Models) == 0 {
		return Result{Status: Fail, Text: path + " holds no model", Mend: setupCommand, Fix: l.setupFix()}
	}
	choices := 0 // as setup counts them: the menu bar's entry is no model
	for _, m := range catalog.Models {
		if m.Slug != models.Selected {
			choices++
		}
	}
	r := l.validate(ctx, path, choices)
	if model := l.profile().text("model"); r.Status == OK && model != "" {
		for _, m := range catalog.Models {
			if m.Slug == model {
				return r
			}
		}
		return Result{
			Status: Warn, Text: fmt.Sprintf("has no entry for %s, which the profile starts Codex with: Codex would guess its window", model),
			Mend: setupCommand + ", or choose another model in " + l.home.Profile(),
		}
	}
	return r
}

// validate has the installed Codex load the list.
func (l *look) validate(ctx context.Context, path string, choices int) Result {
	if l.env.Codex == nil {
		return Result{Status: OK, Text: fmt.Sprintf("%d models; not tried out, Codex is not installed", choices)}
	}
	version, err := l.version()
	if err != nil {
		return Result{Status: OK, Text: fmt.Sprintf("%d models; not tried out, Codex does not start", choices)}
	}
	if err := l.env.Codex.Validate(ctx, path); err != nil {
		return Result{Status: Fail, Text: oneLine(fmt.Sprintf("Codex %s refuses it: %v", version, err)), Mend: setupCommand, Fix: l.setupFix()}
	}
	return Result{Status: OK, Text: fmt.Sprintf("%d models, accepted by Codex %s", choices, version)}
}
