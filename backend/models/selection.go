package models

import (
	"slices"
	"strings"
)

// flagships is the order of families in the picker; others follow by name.
var flagships = []string{"anthropic", "openai", "google", "deepseek", "moonshot", "minimax", "zai", "xai", "qwen"}

// Selection says which of the live models a user wants to see.
type Selection struct {
	All          bool     `json:"all,omitempty"`           // everything that can hold a coding turn
	PerFamily    int      `json:"per_family,omitempty"`    // newest models of each family; 0 means DefaultPerFamily
	DropFamilies []string `json:"drop_families,omitempty"` // such as "google", "free"
	DropModels   []string `json:"drop_models,omitempty"`   // ids or aliases
}

// IsZero reports whether the selection is the default one.
func (s Selection) IsZero() bool {
	return !s.All && s.PerFamily == 0 && len(s.DropFamilies) == 0 && len(s.DropModels) == 0
}

// DefaultPerFamily keeps a picker readable.
const DefaultPerFamily = 2

// Select picks and orders models from live: blockrun/auto first, then the newest
// of each family, flagship families first, free ones last.
func (t *Table) Select(live []Model, want Selection) []Model {
	perFamily := want.PerFamily
	if perFamily <= 0 {
		perFamily = DefaultPerFamily
	}
	families := map[string][]Model{}
	for _, m := range live {
		if !t.dropped(m, want) {
			families[m.Family()] = append(families[m.Family()], m)
		}
	}
	var chosen []Model
	for _, family := range familyOrder(families) {
		list := families[family]
		t.byNewest(list)
		switch {
		case family == "blockrun":
			list = t.profiles(list, want)
		case family != "free" && !want.All && len(list) > perFamily:
			list = list[:perFamily]
		}
		chosen = append(chosen, list...)
	}
	return chosen
}

func (t *Table) dropped(m Model, want Selection) bool {
	// A family that is dropped keeps blockrun/auto: it is the profile's default.
	if m.ID != "blockrun/auto" && containsFold(want.DropFamilies, m.Family()) {
		return true
	}
	if m.Deprecated && !want.All {
		return true
	}
	for _, name := range want.DropModels {
		if strings.EqualFold(name, m.ID) || strings.EqualFold(t.Aliases[strings.ToLower(name)], m.ID) {
			return true
		}
	}
	return false
}

// Unmatched are the names of want that leave out nothing of live, for a user who
// has misspelt one.
func (t *Table) Unmatched(live []Model, want Selection) (families, models []string) {
	for _, family := range want.DropFamilies {
		if !slices.ContainsFunc(live, func(m Model) bool { return strings.EqualFold(family, m.Family()) }) {
			families = append(families, family)
		}
	}
	for _, name := range want.DropModels {
		one := Selection{DropModels: []string{name}, All: true}
		if !slices.ContainsFunc(live, func(m Model) bool { return t.dropped(m, one) }) {
			models = append(models, name)
		}
	}
	return families, models
}

// profiles are auto alone, or all three with auto first.
func (t *Table) profiles(list []Model, want Selection) []Model {
	slices.SortStableFunc(list, func(a, b Model) int {
		return t.place(RoutingProfile(a.ID)) - t.place(RoutingProfile(b.ID))
	})
	if want.All {
		return list
	}
	return slices.DeleteFunc(list, func(m Model) bool { return m.ID != "blockrun/auto" })
}

func familyOrder(families map[string][]Model) []string {
	order := make([]string, 0, len(families))
	for family := range families {
		order = append(order, family)
	}
	slices.SortFunc(order, func(a, b string) int {
		if d := familyPlace(a) - familyPlace(b); d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
	return order
}

func familyPlace(family string) int {
	switch family {
	case "blockrun":
		return -1
	case "free":
		return len(flagships) + 1
	}
	if i := slices.Index(flagships, family); i >= 0 {
		return i
	}
	return len(flagships)
}

func containsFold(list []string, name string) bool {
	return slices.ContainsFunc(list, func(s string) bool { return strings.EqualFold(s, name) })
}
