package spend

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLookAllowed(t *testing.T) {
	five := 5 * Dollar
	tests := []struct {
		name, file string
		want       Allowed
		bad        bool
	}{
		{"no file", "", Allowed{}, false},
		{"a cap", `{"cap_usd":5,"paused":false}`, Allowed{Cap: &five}, false},
		{"paused", `{"paused":true}`, Allowed{Paused: true}, false},
		{"broken", `{"cap_usd":`, Allowed{}, true},
		{"below nothing", `{"cap_usd":-1}`, Allowed{}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			if tt.file != "" {
				if err := os.WriteFile(filepath.Join(dir, LimitsFile), []byte(tt.file), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			got, err := LookAllowed(dir)
			if (err != nil) != tt.bad {
				t.Errorf("error %v", err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Whoever only looks sees what the program would, and leaves every file alone.
func TestLookSeesWhatOpenWould(t *testing.T) {
	d := openDesk(t, nil)
	d.setCap(3 * Dollar)
	d.spendOn("openai/gpt-5.4", "openai/gpt-5.4")
	if _, err := d.Reserve(turn("openai/gpt-5.5")); err != nil {
		t.Fatal(err)
	}
	if err := d.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	left := d.folder.copy() // by a program that was killed with a call under way
	o := Options{Session: "later", Folder: left, Prices: priceList(t), Now: d.clock.now}
	before := left.copy().files
	look, err := Look(o)
	if err != nil {
		t.Fatal(err)
	}
	if err := look.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	seen, days := look.Status(), look.Days(2)
	if err := look.SetCap(Dollar); err == nil {
		t.Error("a limit was set that nobody will find")
	}
	if err := look.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff(before, left.files); diff != "" {
		t.Errorf("looking changed the files: %s", diff)
	}
	open, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	defer open.Close(context.WithoutCancel(t.Context()))
	if err := errors.Join(open.Ready(t.Context()), open.Sync(t.Context())); err != nil {
		t.Fatal(err)
	}
	seen.Unwritten = 0
	if diff := cmp.Diff(open.Status(), seen); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(open.Days(2), days); diff != "" {
		t.Error(diff)
	}
	if seen.Turns != 2 || seen.Cap == nil {
		t.Errorf("%+v", seen)
	}
}
