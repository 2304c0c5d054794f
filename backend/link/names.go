package link

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/BlockRunAI/clawrouter-codex/backend/codex"
	"github.com/BlockRunAI/clawrouter-codex/backend/models"
)

// shelf is where a model's name is looked up.
type shelf struct {
	picker []codex.PickerModel // Codex's list
	live   []string            // upstream's ids, nil when it did not tell
	table  *models.Table
}

// find returns the model that name means: an id, a name as the picker shows it,
// or an alias of the gateway's. listed tells that Codex's list has it.
func (s shelf) find(name string) (m codex.PickerModel, listed, ok bool) {
	name = strings.TrimSpace(name)
	if m, ok := s.listed(name); ok {
		return m, true, true
	}
	if known, ok := s.known(name); ok {
		if m, ok := s.listed(known.ID); ok {
			return m, true, true
		}
		return codex.PickerModel{ID: known.ID, Name: known.Name, Description: known.Describe(), Window: known.Window}, false, true
	}
	for _, id := range s.live {
		if strings.EqualFold(id, name) {
			return s.describe(id), false, true
		}
	}
	return codex.PickerModel{}, false, false
}

// known is the model that our own table has by that name, as long as upstream
// offers it. ClawRouter lists aliases too, so the table is asked before its list.
func (s shelf) known(name string) (models.Model, bool) {
	m, ok := s.table.Lookup(name)
	offered := m.ID
	if profile := models.RoutingProfile(name); profile != "" {
		m.ID, offered, ok = "blockrun/"+profile, profile, true
	}
	return m, ok && (s.live == nil || slices.Contains(s.live, m.ID) || slices.Contains(s.live, offered))
}

func (s shelf) listed(name string) (codex.PickerModel, bool) {
	for _, m := range s.picker {
		if strings.EqualFold(m.ID, name) || strings.EqualFold(m.Name, name) {
			return m, true
		}
	}
	return codex.PickerModel{}, false
}

func (s shelf) describe(id string) codex.PickerModel {
	m, ok := s.table.Lookup(id)
	if !ok {
		m = models.Model{Name: id}
	}
	m.ID = id
	return codex.PickerModel{ID: id, Name: m.Name, Description: m.Describe(), Window: m.Window}
}

// unknown says that no model has that name, and which ones come near.
func (s shelf) unknown(name string) *Error {
	near := s.near(name)
	e := &Error{Kind: UnknownModel, Message: fmt.Sprintf("there is no model %q", name), Near: near, Fix: "clawrouter-codex model list"}
	if len(near) > 0 {
		e.Message += "; near it: " + strings.Join(near, ", ")
		e.Fix = "clawrouter-codex model use " + near[0]
	}
	return e
}

// maxNear is how many names a person reads.
const maxNear = 3

// near are the ids closest to name: those that have all its words first, then
// those that are few typing errors away. Codex's list comes before the rest.
func (s shelf) near(name string) []string {
	type candidate struct {
		id       string
		distance int
	}
	var found []candidate
	seen := map[string]bool{}
	for _, id := range s.ids() {
		if seen[id] {
			continue
		}
		seen[id] = true
		if d, ok := nearness(name, id); ok {
			found = append(found, candidate{id, d})
		}
	}
	slices.SortStableFunc(found, func(a, b candidate) int { return a.distance - b.distance })
	ids := []string{}
	for _, c := range found[:min(maxNear, len(found))] {
		ids = append(ids, c.id)
	}
	return ids
}

func (s shelf) ids() []string {
	var ids []string
	for _, m := range s.picker {
		ids = append(ids, m.ID)
	}
	if s.live == nil {
		return append(ids, s.table.IDs()...)
	}
	for _, id := range s.live {
		if strings.Contains(id, "/") {
			ids = append(ids, id)
		}
	}
	return ids
}

// nearness is 0 for an id that has all words of name, else the number of typing
// errors between them; false when that is no likely slip.
func nearness(name, id string) (int, bool) {
	name, id = strings.ToLower(name), strings.ToLower(id)
	words := strings.FieldsFunc(name, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	if len(words) > 0 && !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(id, w) }) {
		return 0, true
	}
	d := typos(name, id)
	if _, model, ok := strings.Cut(id, "/"); ok && !strings.Contains(name, "/") {
		d = typos(name, model)
	}
	return d, d <= max(2, len(name)/4)
}

// typos is the Levenshtein distance in bytes: ids are ASCII.
func typos(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(b)]
}
