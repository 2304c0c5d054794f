package cli

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/BlockRunAI/clawrouter-codex/backend/doctor"
	"github.com/BlockRunAI/clawrouter-codex/backend/settings"
)

var update = flag.Bool("update", false, "write the golden files anew")

// What doctor prints, for scripts, for people and for terminals.
func TestDoctorOutput(t *testing.T) {
	ill := doctor.Report{
		Checks: []doctor.Line{
			{ID: "bridge", Title: "Bridge", Status: doctor.Fail, Text: "does not run: nothing listens on port 8403", Mend: "clawrouter-codex up"},
			{ID: "balance", Title: "Balance", Status: doctor.Warn, Text: "low: $0.42 (USDC on Base, 0xAb)", Mend: "send USDC on Base to 0xAb"},
			{ID: "cap", Title: "Daily cap", Status: doctor.Skip, Text: "none is set"},
			{ID: "profile", Title: "Profile", Status: doctor.Fail, Text: "/home/ann/.codex/clawrouter.config.toml is missing", Mend: "clawrouter-codex setup", Fixable: true},
			{ID: "config", Title: "Base config", Status: doctor.OK, Text: "none, and Codex needs none"},
		},
		Mended: []string{"the base config is back on your own provider"},
	}
	well := doctor.Report{Well: true, Checks: ill.Checks[4:]}
	tests := []struct {
		name     string
		report   doctor.Report
		json     bool
		terminal bool
		env      map[string]string
	}{
		{name: "ill.json", report: ill, json: true},
		{name: "ill.txt", report: ill},
		{name: "ill-terminal.txt", report: ill, terminal: true},
		{name: "ill-terminal-no-color.txt", report: ill, terminal: true, env: map[string]string{"NO_COLOR": "1"}},
		{name: "well.json", report: well, json: true},
		{name: "well.txt", report: well},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var out bytes.Buffer
			a := &app{json: tt.json, env: Env{
				Stdout: &out, OutTerminal: tt.terminal,
				Machine: settings.Machine{LookupEnv: func(name string) (string, bool) { v, ok := tt.env[name]; return v, ok }},
			}}
			err := a.tellReport(tt.report)
			if (err == nil) != tt.report.Well {
				t.Errorf("ends with %v", err)
			}
			got := strings.ReplaceAll(out.String(), "\x1b", "ESC")
			path := filepath.Join("testdata", "doctor", tt.name)
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// No outcome is without its word and its mark.
func TestDoctorWords(t *testing.T) {
	for _, s := range []doctor.Status{doctor.OK, doctor.Skip, doctor.Warn, doctor.Fail} {
		if doctorWords[s] == "" || doctorMarks[s].mark == "" {
			t.Errorf("%s has no word or no mark", s)
		}
	}
}
