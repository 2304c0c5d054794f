package e2e

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A lock that says where its packages came from fails everywhere else.
func TestLocksNameNoRegistry(t *testing.T) {
	var locks int
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "node_modules" || strings.HasPrefix(d.Name(), ".") && d.Name() != "..") {
			return filepath.SkipDir
		}
		if d.Name() != "package-lock.json" {
			return nil
		}
		locks++
		return checkLock(t, path)
	})
	if err != nil {
		t.Fatal(err)
	}
	if locks == 0 {
		t.Error("no package-lock.json was found")
	}
}

func checkLock(t *testing.T, path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var lock struct {
		Packages map[string]struct{ Resolved, Integrity, Version string }
	}
	if err := json.Unmarshal(text, &lock); err != nil {
		return err
	}
	for name, p := range lock.Packages {
		if p.Resolved != "" {
			t.Errorf("%s: %s is resolved to an address; npm install --omit-lockfile-registry-resolved", path, name)
		}
		if name != "" && p.Integrity == "" {
			t.Errorf("%s: %s has no checksum", path, name)
		}
	}
	return nil
}
