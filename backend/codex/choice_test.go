package codex

import (
	"errors"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/BlockRunAI/clawrouter-codex/backend/models"
)

func TestTheSelectedEntryPromisesWhatHoldsForAll(t *testing.T) {
	tests := []struct {
		name   string
		list   []models.Model
		want   []string // slugs in order
		window int
		effort string // its default effort
	}{
		{"smallest window", []models.Model{{ID: "a/1", Window: 400_000}, {ID: "b/2", Window: 200_000, Reasoning: true}},
			[]string{"a/1", models.Selected, "b/2"}, 200_000, "medium"},
		{"a window that nobody knows counts as the small one", []models.Model{{ID: "a/1", Window: 400_000}, {ID: "b/2"}},
			[]string{"a/1", models.Selected, "b/2"}, unknownWindow, ""},
		{"one model", []models.Model{{ID: "a/1", Window: 64_000}}, []string{"a/1", models.Selected}, 64_000, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			catalog := NewCatalog(tt.list, "", models.Selection{})
			var slugs []string
			for i, e := range catalog.Models {
				slugs = append(slugs, e.Slug)
				if e.Priority != i+1 {
					t.Errorf("%s has place %d, want %d", e.Slug, e.Priority, i+1)
				}
			}
			if diff := cmp.Diff(tt.want, slugs); diff != "" {
				t.Fatal(diff)
			}
			e := catalog.Models[1]
			if e.ContextWindow != tt.window || e.MaxContextWindow != tt.window || e.DefaultReasoningLevel != tt.effort {
				t.Errorf("window %d of %d, effort %q", e.ContextWindow, e.MaxContextWindow, e.DefaultReasoningLevel)
			}
			if diff := cmp.Diff([]string{"text", "image"}, e.InputModalities); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestPickerIsTheCatalogWithoutTheSelectedEntry(t *testing.T) {
	o := options(t, nil)
	if list, window := o.Home.Picker(); list != nil || window != 0 {
		t.Errorf("before setup: %v, %d", list, window)
	}
	setUp(t, o)
	list, window := o.Home.Picker()
	var ids []string
	smallest := list[0].Window
	for _, m := range list {
		ids = append(ids, m.ID)
		smallest = min(smallest, m.Window)
	}
	var want []string
	for _, m := range o.Models {
		want = append(want, m.ID)
	}
	if diff := cmp.Diff(want, ids); diff != "" || window != smallest {
		t.Errorf("window %d, smallest %d\n%s", window, smallest, diff)
	}
}

func TestSetProfileModelChangesOneLine(t *testing.T) {
	o := options(t, nil)
	if err := o.Home.SetProfileModel(models.Selected, o.Backup, noon); !errors.Is(err, ErrNoProfile) {
		t.Errorf("before setup: %v", err)
	}
	setUp(t, o)
	mine := "# mine\nmodel = \"a/b\"   # keep\n\n[model_providers.clawrouter]\nname = 'x'\n"
	if err := os.WriteFile(o.Home.Profile(), []byte(mine), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := o.Home.ProfileModel(); got != "a/b" {
		t.Errorf("the profile's model is %q", got)
	}
	if err := o.Home.SetProfileModel(models.Selected, o.Backup, noon); err != nil {
		t.Fatal(err)
	}
	want := "# mine\nmodel = \"clawrouter/selected\"   # keep\n\n[model_providers.clawrouter]\nname = 'x'\n"
	if diff := cmp.Diff(want, read(t, o.Home.Profile())); diff != "" {
		t.Error(diff)
	}
	if got := o.Home.ProfileModel(); got != models.Selected {
		t.Errorf("the profile's model is %q", got)
	}
}
