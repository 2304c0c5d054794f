//go:build e2e

package codex

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The profile is read by the real Codex, goes over the base config, and keeps
// what its user adds; the base config stays as it is.
func TestProfileIsLaidOverTheBaseConfig(t *testing.T) {
	t.Parallel()
	u := newDesktopUser(t)
	u.exec(`Greet me. [[say "Hello."]]`).succeed()
	u.edit("clawrouter.config.toml", `model = "blockrun/auto"`, `model = "zai/glm-5.2" # mine`)
	u.ours("setup")
	u.exec(`Greet me. [[say "Hello."]]`).succeed()
	// The gateway sees what ClawRouter made of blockrun/auto.
	if chats := u.link.Chats(t); len(chats) != 2 || chats[1].Model != "zai/glm-5.2" {
		t.Errorf("the gateway was asked %+v", chats)
	}
	if u.own.asked() != "" {
		t.Errorf("the user's own provider was asked for %q", u.own.asked())
	}
	if u.config() != u.original {
		t.Errorf("the base config is now\n%s", u.config())
	}
}

// With a profile of older releases in the base config Codex refuses to start;
// setup --migrate mends that and keeps the settings.
func TestProfileOfOlderReleasesIsMoved(t *testing.T) {
	t.Parallel()
	u := newDesktopUser(t)
	u.write("config.toml", u.original+"\n\n[profiles.clawrouter]\nmodel = \"zai/glm-5.2\"\n")
	if err := os.Remove(filepath.Join(u.link.CodexHome, "clawrouter.config.toml")); err != nil {
		t.Fatal(err)
	}
	u.ours("setup")
	if r := u.exec("Greet me."); r.exit == 0 || !strings.Contains(r.stderr, "legacy") {
		t.Errorf("before: codex ended with %d\n%s", r.exit, r.stderr)
	}
	u.edit("clawrouter.config.toml", "model = \"blockrun/auto\"\n", "")
	u.ours("setup", "--migrate")
	u.exec(`Greet me. [[say "Hello."]]`).succeed()
	u.want("zai/glm-5.2")
	if got := u.config(); got != u.original+"\n" {
		t.Errorf("the base config is now\n%s", got)
	}
}

// A Codex whose bridge is down says so in the end; left to itself it would wait
// for ever for a network that is there.
func TestProfileEndsATurnWithoutABridge(t *testing.T) {
	t.Parallel()
	c := newCodex(t)
	c.link.Bridge.Stop(t)
	if r := c.exec("Greet me."); r.exit == 0 || len(r.ofType("turn.failed")) != 1 {
		t.Errorf("codex ended with %d: %q", r.exit, r.errors())
	}
}

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

// edit replaces what stands once in a file of CODEX_HOME.
func (u *desktopUser) edit(name, old, new string) {
	u.t.Helper()
	text := readFile(u.t, u.link.CodexHome, name)
	if strings.Count(text, old) != 1 {
		u.t.Fatalf("%s holds %q %d times\n%s", name, old, strings.Count(text, old), text)
	}
	u.write(name, strings.Replace(text, old, new, 1))
}
