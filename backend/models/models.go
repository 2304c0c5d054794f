package models

import (
	_ "embed"
	"encoding/json"
	"strings"
	"sync"
)

// Selected is the picker entry "Menu bar choice": it stands for the model that the
// user has chosen in the menu bar, the panel or by command, resolved anew at
// every turn.
const Selected = "clawrouter/selected"

// Model is what is known of one model. A window or price of 0 means that nobody
// told us, not that there is none.
type Model struct {
	ID         string  `json:"id"`         // the gateway's own name, "family/model"
	Name       string  `json:"name"`       // for people
	Version    string  `json:"version"`    // as the gateway writes it: "5.2", "k3", "4-pro"
	In         float64 `json:"in"`         // US dollars per million input tokens
	Out        float64 `json:"out"`        // US dollars per million output tokens
	Window     int     `json:"window"`     // tokens
	Output     int     `json:"output"`     // tokens, at most, of one answer
	Reasoning  bool    `json:"reasoning"`  // thinks before it answers
	Vision     bool    `json:"vision"`     // accepts images
	Tools      bool    `json:"tools"`      // is known to call tools
	Agentic    bool    `json:"agentic"`    // is recommended for long tool loops
	Deprecated bool    `json:"deprecated"` // the gateway is about to drop it
	Successor  string  `json:"successor"`  // what answers in place of a deprecated one
}

// Family is the part of an id before "/": "anthropic", "openai", "free".
// Routing profiles are of the family "blockrun".
func (m Model) Family() string { return Family(m.ID) }

// Family is Model.Family for a bare id.
func Family(id string) string {
	family, _, found := strings.Cut(id, "/")
	if !found {
		return "blockrun"
	}
	return family
}

// Free reports whether a turn on id costs nothing. A price of 0 does not say so:
// the routing profiles are listed at 0 and cost what they route to.
func Free(id string) bool { return strings.HasPrefix(id, "free/") }

// RoutingProfile returns "auto", "eco" or "premium" for a name that lets
// ClawRouter choose the model, with or without "blockrun/", and "" for others.
func RoutingProfile(id string) string {
	switch name := strings.TrimPrefix(strings.ToLower(strings.TrimSpace(id)), "blockrun/"); name {
	case "auto", "eco", "premium":
		return name
	case "auto-router", "router":
		return "auto"
	}
	return ""
}

// Table is a set of models that can be looked up by name.
type Table struct {
	Taken   string            `json:"taken"`   // the day the data were read, "" for live data
	Picker  []string          `json:"picker"`  // ids in the gateway's own order of preference
	Aliases map[string]string `json:"aliases"` // bare or outdated name to id
	Models  []Model           `json:"models"`

	byID map[string]int
	rank map[string]int
}

//go:embed blockrun.json
var snapshot []byte

// Snapshot is the list that the program was built with. It is decoded once.
var Snapshot = sync.OnceValue(func() *Table {
	t := &Table{}
	if err := json.Unmarshal(snapshot, t); err != nil {
		panic("models: embedded snapshot: " + err.Error())
	}
	t.index()
	return t
})

func (t *Table) index() {
	t.byID = make(map[string]int, len(t.Models))
	for i, m := range t.Models {
		t.byID[m.ID] = i
	}
	t.rank = make(map[string]int, len(t.Picker))
	for i, id := range t.Picker {
		t.rank[id] = i
	}
}

// Lookup finds a model by the name that a client sends: case, a "blockrun/"
// prefix and aliases are accepted, as ClawRouter accepts them.
func (t *Table) Lookup(name string) (Model, bool) {
	name = strings.ToLower(strings.TrimSpace(name))
	if profile := RoutingProfile(name); profile != "" {
		name = profile
	}
	name = strings.TrimPrefix(name, "blockrun/")
	if i, ok := t.byID[name]; ok {
		return t.Models[i], true
	}
	if i, ok := t.byID[t.Aliases[name]]; ok {
		return t.Models[i], true
	}
	return Model{}, false
}

// Alias reports whether name is another name of a model.
func (t *Table) Alias(name string) bool {
	_, ok := t.Aliases[strings.ToLower(strings.TrimSpace(name))]
	return ok
}
