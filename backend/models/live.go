package models

import (
	"encoding/json"
	"fmt"
	"sort"
	"strconv"
	"strings"
)

// ParseIDs reads the ids of a GET /v1/models answer in OpenAI's shape.
func ParseIDs(body []byte) ([]string, error) {
	var list struct {
		Data []struct {
			ID string `json:"id"`
		} `json:"data"`
	}
	if err := json.Unmarshal(body, &list); err != nil {
		return nil, fmt.Errorf("model list: %w", err)
	}
	ids := make([]string, 0, len(list.Data))
	for _, m := range list.Data {
		if m.ID != "" {
			ids = append(ids, m.ID)
		}
	}
	if len(ids) == 0 {
		return nil, fmt.Errorf("model list: no models in it")
	}
	return ids, nil
}

// published is an entry of BlockRun's public model list. Numbers may be quoted.
type published struct {
	ID         string                 `json:"id"`
	Name       string                 `json:"name"`
	Window     json.Number            `json:"context_window"`
	Output     json.Number            `json:"max_output"`
	Categories []string               `json:"categories"`
	Pricing    map[string]json.Number `json:"pricing"`
}

// Update lays BlockRun's public list (GET /v1/models of the gateway, with
// pricing, context_window, max_output and categories) over t and returns the
// result. What the list leaves out, such as vision, stays as t has it.
func (t *Table) Update(body []byte) (*Table, error) {
	var list struct {
		Data []published `json:"data"`
	}
	if err := json.Unmarshal(body, &list); err != nil {
		return nil, fmt.Errorf("public model list: %w", err)
	}
	if len(list.Data) == 0 {
		return nil, fmt.Errorf("public model list: no models in it")
	}
	fresh := &Table{Picker: t.Picker, Aliases: t.Aliases}
	fresh.Models = append(fresh.Models, t.Models...)
	fresh.index()
	for _, p := range list.Data {
		fresh.merge(p)
	}
	return fresh, nil
}

func (t *Table) merge(p published) {
	i, ok := t.byID[p.ID]
	if !ok {
		if p.ID == "" || !p.chats() {
			return
		}
		i = len(t.Models)
		t.Models = append(t.Models, Model{ID: p.ID, Name: p.Name})
		t.byID[p.ID] = i
	}
	m := &t.Models[i]
	if p.Name != "" {
		m.Name = p.Name
	}
	if n, err := p.Window.Int64(); err == nil && n > 0 {
		m.Window = int(n)
	}
	if n, err := p.Output.Int64(); err == nil && n > 0 {
		m.Output = int(n)
	}
	in, errIn := p.Pricing["input"].Float64()
	out, errOut := p.Pricing["output"].Float64()
	if errIn == nil && errOut == nil {
		m.In, m.Out = in, out
	}
	for _, c := range p.Categories {
		m.Vision = m.Vision || c == "vision"
		m.Reasoning = m.Reasoning || c == "reasoning"
	}
}

// chats reports whether the entry is a chat model; a list without categories
// holds nothing else.
func (p published) chats() bool {
	for _, c := range p.Categories {
		if c == "chat" {
			return true
		}
	}
	return len(p.Categories) == 0 && !media(p.ID)
}

// mediaWords mark models that make or read pictures, films or sound and cannot
// hold a coding turn.
var mediaWords = []string{
	"image", "imagine", "imagen", "banana", "dall-e", "flux", "cogview", "seedream",
	"video", "sora", "veo", "seedance", "kling", "hailuo",
	"audio", "tts", "speech", "music", "whisper", "voice", "lyria",
	"embed", "embedding", "rerank", "moderation",
}

// media reports whether an id names a media model.
func media(id string) bool {
	name := strings.ToLower(id[strings.Index(id, "/")+1:])
	for _, word := range mediaWords {
		// Whole words: "veo" is not part of another name.
		for _, part := range strings.FieldsFunc(name, func(r rune) bool { return r == '-' || r == '_' || r == '.' || r == '/' }) {
			if strings.TrimRight(part, "0123456789") == word || part == word {
				return true
			}
		}
		if strings.Contains(word, "-") && strings.Contains(name, word) {
			return true
		}
	}
	return false
}

// Join returns one Model for each live id, in the live order, with everything
// that t knows of it; a routing profile gets its "blockrun/" name. Bare aliases,
// media models and NVIDIA's mirrors of other models are left out.
func (t *Table) Join(ids []string) []Model {
	var joined []Model
	seen := map[string]bool{}
	for _, id := range ids {
		m, ok := t.join(id)
		if ok && !seen[m.ID] {
			seen[m.ID] = true
			joined = append(joined, m)
		}
	}
	return joined
}

func (t *Table) join(id string) (Model, bool) {
	if profile := RoutingProfile(id); profile != "" {
		m, _ := t.Lookup(profile)
		m.ID = "blockrun/" + profile
		// The router picks among the models that see when a turn holds an image.
		m.Vision = true
		return m, true
	}
	if !strings.Contains(id, "/") || media(id) || Family(id) == "nvidia" {
		return Model{}, false
	}
	if i, ok := t.byID[id]; ok {
		return t.Models[i], true
	}
	return Model{ID: id, Name: readable(id)}, true
}

// IDs are the ids of the table in its own order, for a machine that has never
// reached a gateway.
func (t *Table) IDs() []string {
	ids := make([]string, len(t.Models))
	for i, m := range t.Models {
		ids[i] = m.ID
	}
	return ids
}

// readable makes a name for people of an id that no list names:
// "zai/glm-6-air" becomes "Glm 6 Air".
func readable(id string) string {
	words := strings.FieldsFunc(id[strings.Index(id, "/")+1:], func(r rune) bool { return r == '-' || r == '_' })
	for i, w := range words {
		words[i] = strings.ToUpper(w[:1]) + w[1:]
	}
	return strings.Join(words, " ")
}

// version is a model's place among its family's: the first number of its
// version, else of its id, read as a decimal ("4.20" is older than "4.3").
// Parameter counts ("120b") are no versions.
func version(m Model) float64 {
	for _, text := range []string{m.Version, m.ID[strings.Index(m.ID, "/")+1:]} {
		if n, ok := firstNumber(text); ok {
			return n
		}
	}
	return 0
}

func firstNumber(text string) (float64, bool) {
	for i := 0; i < len(text); i++ {
		if text[i] < '0' || text[i] > '9' {
			continue
		}
		end := i
		for end < len(text) && (text[end] >= '0' && text[end] <= '9' || text[end] == '.') {
			end++
		}
		if end < len(text) && (text[end] == 'b' || text[end] == 'B') {
			i = end
			continue
		}
		n, err := strconv.ParseFloat(strings.TrimRight(text[i:end], "."), 64)
		return n, err == nil
	}
	return 0, false
}

// byNewest sorts the models of one family: newest first; among equals the ones
// that the gateway itself puts first.
func (t *Table) byNewest(list []Model) {
	sort.SliceStable(list, func(i, j int) bool {
		a, b := list[i], list[j]
		if va, vb := version(a), version(b); va != vb {
			return va > vb
		}
		return t.place(a.ID) < t.place(b.ID)
	})
}

// place is an id's rank in the gateway's picker; one that it does not show comes
// after all that it shows.
func (t *Table) place(id string) int {
	if r, ok := t.rank[id]; ok {
		return r
	}
	return len(t.rank)
}

// Foreign describes the models of a server that is not ClawRouter: by its own
// names, since no list of ours speaks of them.
func Foreign(ids []string) []Model {
	var list []Model
	for _, id := range ids {
		if !media(id) {
			list = append(list, Model{ID: id, Name: id})
		}
	}
	return list
}
