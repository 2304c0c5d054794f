//go:build e2e && shots

package browser

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestShots takes the pictures of e2e/shots anew: make shots.
func TestShots(t *testing.T) {
	shots := os.Getenv("SHOTS")
	if shots == "" {
		t.Fatal("SHOTS must name the folder for the pictures")
	}
	// What the pictures show of it is nobody's folder, and the ports that users have.
	home := filepath.Join(os.TempDir(), "demo")
	if err := os.Mkdir(home, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(home) })
	perform(t, "shots.mjs", 3*time.Minute, home, 8403, 8404, "SHOTS="+shots)
}
