package codex

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/pelletier/go-toml/v2"

	"github.com/BlockRunAI/clawrouter-codex/backend/atomicfile"
	"github.com/BlockRunAI/clawrouter-codex/backend/models"
	"github.com/BlockRunAI/clawrouter-codex/backend/tomledit"
)

// ErrNoProfile means that setup was not here yet.
var ErrNoProfile = errors.New("Codex has no profile of ours yet")

// ProfileModel is the model that the profile starts Codex with, "" where there is
// no profile or no model in it.
func (h Home) ProfileModel() string {
	data, err := atomicfile.Read(h.Profile())
	if err != nil {
		return ""
	}
	var profile struct {
		Model string `toml:"model"`
	}
	if toml.Unmarshal(data, &profile) != nil {
		return ""
	}
	return profile.Model
}

// SetProfileModel makes the profile start Codex with a model. It returns
// ErrNoProfile where there is none: an empty one would start Codex on OpenAI.
func (h Home) SetProfileModel(model, backup string, now time.Time) error {
	profile := file{path: h.Profile(), perm: 0o600, backup: backup, now: now, read: atomicfile.Read}
	if _, err := os.Stat(profile.path); errors.Is(err, fs.ErrNotExist) {
		return ErrNoProfile
	}
	err := profile.edit(
		func() []byte { return nil },
		func(doc *tomledit.Doc) error { return doc.Set(tomledit.Quote(model), "model") })
	var told *UnreadableError
	if err != nil && !errors.As(err, &told) {
		return fmt.Errorf("write profile: %w", err)
	}
	return err
}

// PickerModel is one model of the catalog as a menu shows it.
type PickerModel struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Description string `json:"description"` // price, window and vision, in words
	Window      int    `json:"window"`      // tokens
}

// Picker lists the models of the catalog in their order, without the entry that
// stands for the user's choice, and that entry's window, in tokens: 0 where the
// catalog has no such entry. Without a catalog the list is nil.
func (h Home) Picker() (list []PickerModel, selectedWindow int) {
	data, err := atomicfile.Read(h.Catalog())
	if err != nil {
		return nil, 0
	}
	var catalog struct {
		Models []struct {
			Slug        string `json:"slug"`
			DisplayName string `json:"display_name"`
			Description string `json:"description"`
			Window      int    `json:"context_window"`
		} `json:"models"`
	}
	if json.Unmarshal(data, &catalog) != nil {
		return nil, 0
	}
	for _, m := range catalog.Models {
		if m.Slug == models.Selected {
			selectedWindow = m.Window
			continue
		}
		list = append(list, PickerModel{ID: m.Slug, Name: m.DisplayName, Description: m.Description, Window: m.Window})
	}
	return list, selectedWindow
}
