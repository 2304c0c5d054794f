package codex

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCommand(t *testing.T) {
	tests := []struct{ name, dir, goos, want string }{
		{"Codex's own default", filepath.Join("/home/ann", ".codex"), "linux", "codex --profile clawrouter"},
		{"another folder", "/srv/codex-1", "linux", "CODEX_HOME=/srv/codex-1 codex --profile clawrouter"},
		{"a folder with blanks", "/home/ann/it's here", "darwin", `CODEX_HOME='/home/ann/it'\''s here' codex --profile clawrouter`},
		{"PowerShell", `D:\it's`, "windows", `$env:CODEX_HOME='D:\it''s'; codex --profile clawrouter`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := (Home{Dir: tt.dir}).Command("/home/ann", tt.goos); got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
		})
	}
}

func TestBundledInstructions(t *testing.T) {
	for name, tt := range map[string]struct{ catalog, want string }{
		"the newest of the general ones": {
			read(t, filepath.Join("testdata", "bundled.json")),
			"You are Codex, a coding agent. You share version 5.5 of a workspace.\n- Use parallel tool calls for that.",
		},
		"code mode only, whose tools we do not offer": {
			`{"models":[{"slug":"gpt-6","visibility":"list","priority":1,"tool_mode":"code_mode_only","base_instructions":"functions.exec"}]}`, "",
		},
		"not JSON": {"Error: no", ""},
		"no model": {`{"models":[]}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, bundledInstructions([]byte(tt.catalog))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func put(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// golden compares with testdata/name; UPDATE_GOLDEN=1 writes it.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if os.Getenv("UPDATE_GOLDEN") != "" {
		put(t, path, got)
	}
	want := strings.ReplaceAll(read(t, path), "\r\n", "\n")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s: %s", path, diff)
	}
}
