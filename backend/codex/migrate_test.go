package codex

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestMigrate(t *testing.T) {
	tests := []struct {
		name, config, profile   string
		wantConfig, wantProfile string
		want                    Migration
	}{
		{
			name:       "a table and the line that selects it",
			config:     "# mine\nprofile = 'clawrouter'\napproval_policy = \"never\"\n\n[profiles.clawrouter]\nmodel = \"zai/glm-5\" # cheap\nmodel_provider = \"clawrouter\"\n\n[profiles.clawrouter.features]\ngoals = true\n\n[profiles.work]\nmodel = \"x\"\n",
			profile:    absent,
			wantConfig: "# mine\napproval_policy = \"never\"\n\n[profiles.work]\nmodel = \"x\"\n", wantProfile: "model = \"zai/glm-5\"\nmodel_provider = \"clawrouter\"\n\n[features]\ngoals = true\n",
			want: Migration{
				Found: []string{"the table [profiles.clawrouter]", "the line profile = 'clawrouter'"},
				Moved: []string{"model", "model_provider", "features.goals"},
			},
		},
		{
			name:       "the profile file wins",
			config:     "[profiles.clawrouter]\nmodel = \"old\"\nmodel_provider = \"clawrouter\"\nsandbox_mode = \"read-only\"\n",
			profile:    "# p\nmodel = \"new\"\nmodel_provider = \"clawrouter\"\n",
			wantConfig: "", wantProfile: "# p\nmodel = \"new\"\nmodel_provider = \"clawrouter\"\nsandbox_mode = \"read-only\"\n",
			want: Migration{Found: []string{"the table [profiles.clawrouter]"}, Moved: []string{"sandbox_mode"}, Left: []string{"model"}},
		},
		{
			name:       "another profile is none of ours",
			config:     "profile = \"work\"\n[profiles.work]\nmodel = \"x\"\n",
			profile:    absent,
			wantConfig: "profile = \"work\"\n[profiles.work]\nmodel = \"x\"\n", wantProfile: absent,
		},
		{name: "no config", config: absent, profile: absent, wantConfig: absent, wantProfile: absent},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := newDesktop(t, tt.config)
			if tt.profile != absent {
				put(t, d.Home.Profile(), tt.profile)
			}
			m, err := d.Migrate(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			tt.want.Config, tt.want.Backup = d.Home.Config(), d.Backup
			if diff := cmp.Diff(tt.want, m, cmpopts.EquateEmpty()); diff != "" {
				t.Error(diff)
			}
			same(t, d, tt.wantConfig)
			if got := contentOf(t, d.Home.Profile()); got != tt.wantProfile {
				t.Error(cmp.Diff(tt.wantProfile, got))
			}
			if left, err := d.Home.Legacy(os.ReadFile); err != nil || len(left) > 0 {
				t.Errorf("still there: %v, %v", left, err)
			}
			if tt.config == tt.wantConfig {
				return
			}
			copies, err := filepath.Glob(filepath.Join(d.Backup, "config.toml.*"))
			if err != nil || len(copies) != 1 || read(t, copies[0]) != tt.config {
				t.Errorf("copies %v, %v", copies, err)
			}
		})
	}
}
