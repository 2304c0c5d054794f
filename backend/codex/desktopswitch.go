package codex

import (
	"slices"
	"strings"

	"github.com/BlockRunAI/clawrouter-codex/backend/tomledit"
)

// The root keys that the switch sets, in the order in which new ones are written.
const (
	modelKey    = "model"
	providerKey = "model_provider"
	catalogKey  = "model_catalog_json"
)

var rootKeys = []string{modelKey, providerKey, catalogKey}

var providerPath = []string{"model_providers", ProviderID}

// desktopTable is the provider in the base config. It differs from the profile's
// in one key: with requires_openai_auth = false Codex Desktop would show no
// account. The token that Codex sends for it ends at the bridge.
func desktopTable(port int) []setting {
	var table []setting
	for _, s := range profileSettings("", "", port) {
		if s.table != providerTable {
			continue
		}
		if s.key == "requires_openai_auth" {
			s.value = "true"
		}
		table = append(table, s)
	}
	return table
}

// switched is the state of one base config: its text and what is remembered.
type switched struct {
	doc *tomledit.Doc
	rec record
	// home's own catalog, which is ours whatever the record says.
	catalog string
	key     string // the bridge's, "" for a file that may not hold it
}

// on reports whether the provider in force is our bridge. A provider called
// clawrouter is, on whatever port of this machine, and so is one of another name
// with the bridge's address: other tools of the kind wrote such.
func (s *switched) on(port int) bool {
	provider := s.doc.String(providerKey)
	if provider == "" {
		return false
	}
	host, at := Address(s.doc.String("model_providers", provider, "base_url"))
	if provider == ProviderID {
		return host == "" || Loopback(host)
	}
	return Loopback(host) && at != 0 && (at == port || at == s.rec.Port)
}

// ours reports whether what a root key holds now is to be taken for our work and
// not for the user's. While our provider is in force a model is one that was
// picked from our list.
func (s *switched) ours(key string, on bool) bool {
	value := s.doc.String(key)
	switch key {
	case providerKey:
		return on
	case catalogKey:
		recorded := s.rec.Keys != nil
		return on && (!recorded || value == "") || value != "" && (value == s.catalog || value == s.rec.Catalog)
	default:
		return on || s.leftModel(value) || s.rec.Applied && value != "" && value == s.rec.Model
	}
}

// leftModel reports whether a model is one that a switch left behind, ours or
// another tool's. The names alone do not say so: a user may reach BlockRun through
// a provider of their own, and has nothing of ours then.
func (s *switched) leftModel(value string) bool {
	named := strings.HasPrefix(value, "clawrouter/") || strings.HasPrefix(value, "blockrun/")
	return named && (s.rec.Keys != nil || s.doc.String(providerKey) == "")
}

// turnOn remembers what is there and sets our keys. What is ours already is not
// remembered, and a model that was picked while on is kept.
func (s *switched) turnOn(port int, model, catalog string) error {
	on := s.on(port)
	keys := map[string]*tomledit.Place{}
	for _, key := range rootKeys {
		keys[key] = s.rec.Keys[key]
		if s.ours(key, on) {
			continue
		}
		keys[key] = nil
		if place, ok := s.doc.Place(key); ok {
			keys[key] = &place
		}
	}
	s.rec.Keys = keys
	if picked := s.doc.String(modelKey); on && picked != "" {
		model = picked
	}
	s.rec.Port, s.rec.Model, s.rec.Catalog = port, model, catalog
	if !s.doc.HasRootKeys() {
		s.rec.Gap = !s.doc.Empty()
	}
	values := map[string]string{modelKey: model, providerKey: ProviderID, catalogKey: catalog}
	for _, key := range rootKeys {
		if s.doc.String(key) == values[key] {
			continue
		}
		if err := s.doc.Set(tomledit.Quote(values[key]), key); err != nil {
			return err
		}
	}
	return s.writeTable(port)
}

// writeTable remembers what stands in the table's place, and sets our keys in it.
func (s *switched) writeTable(port int) error {
	all := desktopTable(port)
	host, _ := Address(s.doc.String(append(providerPath, "base_url")...))
	switch {
	case !s.doc.Has(providerPath...):
		s.rec.Table = &tableRecord{Newline: !s.doc.Empty() && s.doc.FinalNewline() == ""}
	case s.rec.Table != nil && Loopback(host):
	case host == "" || Loopback(host):
		s.rec.Table = &tableRecord{}
	default:
		s.rec.Table = &tableRecord{Foreign: map[string]*string{}}
		for _, setting := range all {
			s.rec.Table.Foreign[setting.key] = nil
			if literal, ok := s.doc.Get(setting.path()...); ok {
				s.rec.Table.Foreign[setting.key] = &literal
			}
		}
		if literal, ok := s.doc.Get(headersPath...); ok {
			s.rec.Table.Headers = &inlineRecord{Path: headersPath, Before: literal}
		}
	}
	path, before, inline := s.doc.Inline(providerPath...)
	if err := apply(s.doc, all); err != nil {
		return err
	}
	if err := writeKey(s.doc, s.key); err != nil {
		return err
	}
	if h := s.rec.Table.Headers; h != nil {
		h.After, _ = s.doc.Get(headersPath...)
	}
	if !inline {
		s.rec.Table.Inline = nil
		return nil
	}
	after, _ := s.doc.Get(path...)
	if old := s.rec.Table.Inline; old != nil && old.After == before {
		before = old.Before
	}
	s.rec.Table.Inline = &inlineRecord{Path: path, Before: before, After: after}
	return nil
}

// turnOff puts the root keys back. The table stays, for threads that were begun
// on it, unless the name was the user's. A key that somebody gave another value
// meanwhile keeps it.
func (s *switched) turnOff() error {
	on := s.on(s.rec.Port)
	if model := s.doc.String(modelKey); on && model != "" {
		s.rec.Model = model
	}
	back := slices.DeleteFunc(slices.Clone(rootKeys), func(key string) bool { return !s.ours(key, on) })
	if err := s.closeGap(back); err != nil {
		return err
	}
	for _, key := range back {
		if err := s.putBack(key, s.rec.Keys[key]); err != nil {
			return err
		}
	}
	if t := s.rec.Table; t != nil && t.Foreign != nil {
		return s.putBackForeign()
	}
	return nil
}

// closeGap takes away the blank line that parted our keys from the first table,
// where no other key has come to need it.
func (s *switched) closeGap(back []string) error {
	keys := s.doc.RootKeys()
	others := slices.ContainsFunc(keys, func(path []string) bool { return len(path) > 1 || !slices.Contains(back, path[0]) })
	if !s.rec.Gap || others || len(keys) == 0 {
		return nil
	}
	return s.doc.TrimBlankBehind(keys[len(keys)-1]...)
}

func (s *switched) putBack(key string, was *tomledit.Place) error {
	if was == nil {
		return s.doc.Delete(key)
	}
	return s.doc.Restore(key, *was)
}

func (s *switched) putBackForeign() error {
	if err := s.putBackHeaders(); err != nil {
		return err
	}
	for _, setting := range desktopTable(s.rec.Port) {
		if now, ok := s.doc.Get(setting.path()...); !ok || now != setting.value {
			continue
		}
		var err error
		if was := s.rec.Table.Foreign[setting.key]; was != nil {
			err = s.doc.Set(*was, setting.path()...)
		} else {
			err = s.doc.Delete(setting.path()...)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// putBackHeaders takes the key out of headers that were the user's.
func (s *switched) putBackHeaders() error {
	if h := s.rec.Table.Headers; h != nil {
		if now, ok := s.doc.Get(headersPath...); ok && now == h.After {
			return s.doc.Set(h.Before, headersPath...)
		}
	}
	return dropKey(s.doc)
}

// removeTable takes the provider away. A table that the user added to stays
// whole, and the additions are returned: without our keys Codex would refuse it.
func (s *switched) removeTable() (kept []string, err error) {
	if !s.doc.Has(providerPath...) {
		return nil, nil
	}
	t := s.rec.Table
	if t == nil {
		t = &tableRecord{}
	}
	host, _ := Address(s.doc.String(append(providerPath, "base_url")...))
	if t.Foreign != nil || host != "" && !Loopback(host) {
		return nil, nil
	}
	before := string(s.doc.Bytes())
	if i := t.Inline; i != nil {
		if now, _ := s.doc.Get(i.Path...); now == i.After {
			return nil, s.doc.Set(i.Before, i.Path...)
		}
	}
	if err := dropKey(s.doc); err != nil {
		return nil, err
	}
	if kept = s.additions(); len(kept) > 0 {
		return kept, nil
	}
	for _, setting := range desktopTable(s.rec.Port) {
		if err := s.doc.Delete(setting.path()...); err != nil {
			return nil, err
		}
	}
	if err := s.doc.DeleteTable(providerPath...); err != nil {
		return nil, err
	}
	if t.Newline && strings.HasPrefix(before, string(s.doc.Bytes())) {
		return nil, s.doc.TrimFinalNewline()
	}
	return nil, nil
}

// additions are the keys in our table that we never write.
func (s *switched) additions() []string {
	var added []string
	for _, path := range s.doc.Below(providerPath...) {
		known := slices.ContainsFunc(desktopTable(0), func(o setting) bool { return len(path) == 1 && o.key == path[0] })
		if !known {
			added = append(added, strings.Join(path, "."))
		}
	}
	return added
}
