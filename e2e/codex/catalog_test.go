//go:build e2e

package codex

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// shownModel is what Codex makes of one entry of the catalog.
type shownModel struct {
	Slug        string
	DisplayName string `json:"display_name"`
	Description string
	Priority    int
	Window      int      `json:"context_window"`
	Modalities  []string `json:"input_modalities"`
	Level       string   `json:"default_reasoning_level"`
	Levels      []struct {
		Effort, Description string
	} `json:"supported_reasoning_levels"`
	Instructions string `json:"base_instructions"`
}

// Every model that can be picked is read by the real Codex as it was written.
func TestCatalogIsReadAsWritten(t *testing.T) {
	t.Parallel()
	u := newDesktopUser(t)
	path := filepath.Join(u.work, "all.json")
	u.ours("gen-catalog", "--all", "--out", path)
	quoted, err := json.Marshal(path)
	if err != nil {
		t.Fatal(err)
	}
	out := u.theirs(u.link.CodexHome, "debug", "models", "-c", "model_catalog_json="+string(quoted))
	wrote, read := modelsIn(t, readFile(t, path)), modelsIn(t, out)
	if len(wrote) < 50 {
		t.Fatalf("the catalog has %d models", len(wrote))
	}
	if diff := cmp.Diff(wrote, read); diff != "" {
		t.Errorf("codex reads something else (-written +read):\n%s", diff)
	}
}

// A turn on a model of the catalog brings no word about missing metadata, which
// Codex says of a model that it had to guess.
func TestCatalogKnowsTheMenuBarChoice(t *testing.T) {
	t.Parallel()
	c := newCodex(t)
	c.model("use", "zai/glm-5.2")
	if text := readFile(t, c.link.CodexHome, "clawrouter.config.toml"); !strings.Contains(text, "\nmodel = \"clawrouter/selected\"\n") {
		t.Errorf("the first pick left the profile at\n%s", text)
	}
	r := c.exec(`Greet me. [[say "Hello."]]`).succeed()
	if strings.Contains(r.stderr, "metadata") {
		t.Errorf("codex says %s", r.stderr)
	}
	c.want("zai/glm-5.2")
}

func modelsIn(t *testing.T, text string) []shownModel {
	t.Helper()
	var list struct{ Models []shownModel }
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		t.Fatalf("%v in %.300s", err, text)
	}
	return list.Models
}
