package spend

import (
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
				if err := os.WriteFile(filepath.Join(dir, limitsFile), []byte(tt.file), 0o600); err != nil {
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
