package daemon

import (
	"context"
	"fmt"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/backend/codex"
	"github.com/BlockRunAI/clawrouter-codex/backend/models"
	"github.com/BlockRunAI/clawrouter-codex/backend/settings"
)

// SetupOptions is what Setup needs.
type SetupOptions struct {
	Settings  *settings.Settings
	Port      int      // of the bridge
	Codex     string   // path of the installed Codex, "" where there is none
	Environ   []string // as os.Environ
	Selection models.Selection
}

// Setup writes Codex's profile and catalog with the models that the upstream
// offers, or those of the snapshot where no upstream answers.
func Setup(ctx context.Context, o SetupOptions) (codex.SetupResult, error) {
	list, err := ListModels(ctx, o.Settings, o.Selection)
	if err != nil {
		return codex.SetupResult{}, err
	}
	program, err := codexProgram(o.Settings, o.Codex, o.Environ)
	if err != nil {
		return codex.SetupResult{}, err
	}
	result, err := codex.Setup(ctx, codex.SetupOptions{
		Home: codex.Home{Dir: o.Settings.CodexHome.V}, Port: o.Port,
		Models: list.Models, Program: program, Scratch: o.Settings.Paths.Root,
	})
	result.Source = list.Source
	return result, err
}

// codexProgram is nil without a path. It makes the state folder, in which the
// program's throw-away homes lie.
func codexProgram(s *settings.Settings, path string, environ []string) (*codex.Program, error) {
	if err := s.Paths.Create(); err != nil {
		return nil, fmt.Errorf("make the state folder: %w", err)
	}
	if path == "" {
		return nil, nil
	}
	return &codex.Program{Path: path, Env: environ, Scratch: s.Paths.Root}, nil
}

// ModelList is a selection of models and where the data come from.
type ModelList struct {
	Models []models.Model
	Source string // in words, for people
}

// liveTimeout is for a server on this machine or named by the user.
const liveTimeout = 3 * time.Second

// ListModels asks the upstream for its models, describes them, and selects. A
// server that is not ClawRouter has names of its own: all of them are listed.
func ListModels(ctx context.Context, s *settings.Settings, want models.Selection) (ModelList, error) {
	table := models.Snapshot()
	live, err := askModels(ctx, s)
	if err != nil {
		return ModelList{}, err
	}
	if live.ids != nil && !live.clawRouter {
		return ModelList{Models: models.Foreign(live.ids), Source: live.address}, nil
	}
	source := live.address
	if live.ids == nil {
		live.ids = table.IDs()
		source = "the built-in list of " + table.Taken + " (" + live.why + ")"
	}
	all := table.Join(live.ids)
	if len(all) == 0 {
		return ModelList{}, fmt.Errorf("%s offers no model that can hold a coding turn", source)
	}
	return ModelList{Models: table.Select(all, want), Source: source}, nil
}

// liveList is what the upstream said of its models.
type liveList struct {
	ids        []string // nil when it said nothing
	address    string
	clawRouter bool
	why        string // it said nothing
}

func askModels(ctx context.Context, s *settings.Settings) (liveList, error) {
	up, err := newUpstream(Options{Settings: s})
	if err != nil {
		return liveList{}, err
	}
	defer up.client.Close()
	ctx, cancel := context.WithTimeout(ctx, liveTimeout)
	defer cancel()
	live := liveList{address: up.client.BaseURL()}
	body, err := up.client.Models(ctx)
	if err == nil {
		live.ids, err = models.ParseIDs(body)
	}
	if err != nil {
		live.why = fmt.Sprintf("%s does not tell its models: %v", live.address, rootCause(err))
		return live, nil
	}
	live.clawRouter = up.client.ClawRouter(ctx)
	return live, nil
}
