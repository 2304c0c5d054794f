package codex

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Codex starts with no config that names a missing or broken model list, so the
// switch makes none.
func TestNoSwitchWithoutAModelList(t *testing.T) {
	tests := []struct{ name, list, want string }{
		{"missing", absent, "no model list yet"},
		{"no JSON", "{", "unexpected end"},
		{"empty", `{"models":[]}`, "no model"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			const original = "model = \"gpt-5.5\"\n"
			d := newDesktop(t, original)
			if tt.list != absent {
				put(t, d.Home.Catalog(), tt.list)
			}
			_, err := d.On(t.Context(), OnOptions{Port: 8403})
			if missing := (*NoCatalogError)(nil); !errors.As(err, &missing) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("on: %v", err)
			}
			same(t, d, original)
			if st := status(t, d); st.Choice == ClawRouter {
				t.Errorf("a switch that was refused is remembered: %+v", st)
			}
		})
	}
}

// A start whose model list is gone gives the config back, and keeps the choice.
func TestAStartWithoutAModelListGivesTheConfigBack(t *testing.T) {
	const original = "model = \"gpt-5.5\"\n"
	d := newDesktop(t, original)
	put(t, d.Home.Catalog(), `{"models":[{"slug":"blockrun/auto"}]}`)
	onAt := OnOptions{Port: 8403}
	done(t)(d.On(t.Context(), onAt))
	if err := os.Remove(d.Home.Catalog()); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Resume(t.Context(), onAt); err == nil {
		t.Error("nothing was said")
	}
	same(t, d, original+ourTable)
	if st := status(t, d); st.On || st.Choice != ClawRouter {
		t.Errorf("%+v", st)
	}
	put(t, d.Home.Catalog(), `{"models":[{"slug":"blockrun/auto"}]}`)
	if c := done(t)(d.Resume(t.Context(), onAt)); !c.On {
		t.Errorf("with the list again: %+v", c)
	}
}

// From a server without blockrun/auto, Codex gets a model that it has.
func TestTheFirstModelIsOneOfTheList(t *testing.T) {
	d := newDesktop(t, absent)
	put(t, d.Home.Catalog(), `{"models":[{"slug":"clawrouter/selected"},{"slug":"qwen3:8b"},{"slug":"llama"}]}`)
	if c := done(t)(d.On(t.Context(), OnOptions{Port: 8403})); c.Model != "qwen3:8b" {
		t.Errorf("on with %q", c.Model)
	}
}

// A CODEX_HOME is known by its real place, whatever link it is reached through.
func TestALinkedHomeIsTheSameHome(t *testing.T) {
	const original = "model = \"gpt-5.5\" # best\n"
	d := newDesktop(t, original)
	on(t, d)
	other := *d
	other.Home.Dir = filepath.Join(t.TempDir(), "linked")
	symlink(t, d.Home.Dir, other.Home.Dir)
	off(t, &other)
	same(t, d, original+ourTable)
}
