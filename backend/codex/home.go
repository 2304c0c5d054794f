package codex

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// ProfileName is what users type after --profile.
const ProfileName = "clawrouter"

// ProviderID is the key under [model_providers].
const ProviderID = "clawrouter"

// Home is Codex's folder (CODEX_HOME).
type Home struct{ Dir string }

// Create makes the folder, for this user alone: Codex keeps its login there.
func (h Home) Create() error {
	if err := os.MkdirAll(h.Dir, 0o700); err != nil {
		return fmt.Errorf("make Codex's folder: %w", err)
	}
	return nil
}

// Config is the base config, which belongs to the user and to Codex.
func (h Home) Config() string { return filepath.Join(h.Dir, "config.toml") }

// Profile is the file that `codex --profile clawrouter` lays over Config.
func (h Home) Profile() string { return filepath.Join(h.Dir, ProfileName+".config.toml") }

// Catalog is the model_catalog_json file.
func (h Home) Catalog() string { return filepath.Join(h.Dir, "clawrouter-models.json") }

// HasProfile reports whether setup was here. Codex does not: without the profile
// it runs on OpenAI and says nothing.
func (h Home) HasProfile() bool {
	_, err := os.Stat(h.Profile())
	return err == nil
}

// Command is the line that a user types to start Codex with this home, for the
// shell of goos: POSIX, or PowerShell on Windows. userHome is the user's home
// folder; a CODEX_HOME that Codex finds by itself is left out.
func (h Home) Command(userHome, goos string) string {
	line := "codex --profile " + ProfileName
	if h.Dir == filepath.Join(userHome, ".codex") {
		return line
	}
	if goos == "windows" {
		return "$env:CODEX_HOME='" + strings.ReplaceAll(h.Dir, "'", "''") + "'; " + line
	}
	return "CODEX_HOME=" + posixQuote(h.Dir) + " " + line
}

// posixQuote leaves a word alone that no shell would change.
func posixQuote(word string) string {
	safe := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("/._-+:@%,=", r)
	}
	if word != "" && strings.IndexFunc(word, func(r rune) bool { return !safe(r) }) < 0 {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
