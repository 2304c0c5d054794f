package codex

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
)

// firstModel is what a config gets that was never switched on: ClawRouter's own
// choice, or, from a server that has no such, the first model of its list.
func (h Home) firstModel() string {
	const auto = "blockrun/auto"
	list, _ := h.Picker()
	if len(list) == 0 || slices.ContainsFunc(list, func(m PickerModel) bool { return m.ID == auto }) {
		return auto
	}
	return list[0].ID
}

// NoCatalogError says that the base config cannot be switched, because Codex
// starts with no config that names a model list which is missing or broken.
type NoCatalogError struct {
	Path string
	Err  error // nil where it is missing
}

func (e *NoCatalogError) Error() string {
	if e.Err == nil {
		return "Codex has no model list yet (" + e.Path + "), and would not start without it"
	}
	return fmt.Sprintf("Codex would not start with the model list %s: %v", e.Path, e.Err)
}

func (e *NoCatalogError) Unwrap() error { return e.Err }

// Mend is what the user can do.
func (e *NoCatalogError) Mend() string { return "clawrouter-codex setup" }

// usableCatalog is a *NoCatalogError where Codex would not start with our list.
func (h Home) usableCatalog() error {
	data, err := os.ReadFile(h.Catalog())
	if errors.Is(err, os.ErrNotExist) {
		return &NoCatalogError{Path: h.Catalog()}
	}
	if err != nil {
		return &NoCatalogError{Path: h.Catalog(), Err: err}
	}
	var list struct {
		Models []json.RawMessage `json:"models"`
	}
	if err := json.Unmarshal(data, &list); err != nil {
		return &NoCatalogError{Path: h.Catalog(), Err: err}
	}
	if len(list.Models) == 0 {
		return &NoCatalogError{Path: h.Catalog(), Err: errors.New("it holds no model")}
	}
	return nil
}
