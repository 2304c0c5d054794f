package daemon

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/backend/models"
	"github.com/BlockRunAI/clawrouter-codex/backend/proxy"
	"github.com/BlockRunAI/clawrouter-codex/backend/settings"
)

// ModelList is a selection of models and where the data come from.
type ModelList struct {
	Models []models.Model
	Source string   // in words, for people
	Notes  []string // what of the selection came to nothing, in words
	public []byte   // BlockRun's list where it was read
}

const (
	// liveTimeout is for a server on this machine or named by the user.
	liveTimeout = 3 * time.Second
	// publicTimeout is for the gateway's price list, which is worth no long wait.
	publicTimeout = 3 * time.Second
	maxPublicList = 8 << 20
)

// ListModels asks the upstream for its models, describes them with BlockRun's
// public list or the built-in one, and selects. A server that is not ClawRouter
// has names of its own: all of them are listed.
func ListModels(ctx context.Context, s *settings.Settings, version string, want models.Selection) (ModelList, error) {
	live, err := askModels(ctx, s, version)
	if err != nil {
		return ModelList{}, err
	}
	if live.ids != nil && !live.clawRouter {
		return foreignList(live, want)
	}
	table, prices, public := knownModels(ctx, s)
	source := fmt.Sprintf("models from %s, prices from %s", live.address, prices)
	if live.ids == nil {
		live.ids = table.IDs()
		source = fmt.Sprintf("%s, because %s", prices, live.why)
	}
	all := table.Join(live.ids)
	if len(all) == 0 {
		return ModelList{}, fmt.Errorf("%s offers no model that can hold a coding turn", live.address)
	}
	list := ModelList{Models: table.Select(all, want), Source: source, public: public}
	families, names := table.Unmatched(all, want)
	if len(families) > 0 {
		list.Notes = append(list.Notes, "no family of that name to leave out: "+strings.Join(families, ", "))
	}
	if len(names) > 0 {
		list.Notes = append(list.Notes, "no model of that name to leave out: "+strings.Join(names, ", "))
	}
	return list, nil
}

// foreignList is that of a server that is not ClawRouter: nothing is known of its
// models but their names, so only names can be left out.
func foreignList(live liveList, want models.Selection) (ModelList, error) {
	list := ModelList{Models: models.Foreign(live.ids), Source: live.address}
	if len(list.Models) == 0 {
		return list, fmt.Errorf("%s offers no model that can hold a coding turn", live.address)
	}
	list.Models = slices.DeleteFunc(list.Models, func(m models.Model) bool { return slices.Contains(want.DropModels, m.ID) })
	if want.PerFamily != 0 || len(want.DropFamilies) > 0 {
		list.Notes = append(list.Notes, live.address+" is no ClawRouter and tells nothing but names, so families and ages are not known: all its models are listed")
	}
	return list, nil
}

// liveList is what the upstream said of its models.
type liveList struct {
	ids        []string // nil when it said nothing
	address    string
	clawRouter bool
	why        string // it said nothing
}

func askModels(ctx context.Context, s *settings.Settings, version string) (liveList, error) {
	client, err := newClient(s, version)
	if err != nil {
		return liveList{}, err
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(ctx, liveTimeout)
	defer cancel()
	live := liveList{address: client.BaseURL()}
	body, err := client.Models(ctx)
	if err == nil {
		live.ids, err = models.ParseIDs(body)
	}
	if err != nil {
		live.why = fmt.Sprintf("%s does not tell its models: %v", live.address, proxy.RootCause(err))
		return live, nil
	}
	live.clawRouter = client.ClawRouter(ctx)
	return live, nil
}

// knownModels is the public list laid over the built-in one, its name, and what
// was read of it.
func knownModels(ctx context.Context, s *settings.Settings) (table *models.Table, from string, public []byte) {
	builtIn := models.Snapshot()
	name := "the built-in list of " + builtIn.Taken
	if s.ModelList.V == settings.NoModelList {
		return builtIn, name, nil
	}
	body, err := fetch(ctx, s.ModelList.V)
	if err != nil {
		return builtIn, name, nil
	}
	table, err = builtIn.Update(body)
	if err != nil {
		return builtIn, name, nil
	}
	return table, s.ModelList.V, body
}

func fetch(ctx context.Context, address string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, publicTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	defer transport.CloseIdleConnections()
	resp, err := (&http.Client{Transport: transport}).Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("GET %s: %s", address, resp.Status)
	}
	return io.ReadAll(io.LimitReader(resp.Body, maxPublicList))
}
