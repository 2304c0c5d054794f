//go:build e2e

package codex

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The profile is read by the real Codex, goes over the base config, and keeps
// what its user adds; the base config stays as it is.
func TestProfileIsLaidOverTheBaseConfig(t *testing.T) {
	t.Parallel()
	u := newDesktopUser(t)
	u.exec(`Greet me. [[say "Hello."]]`).succeed()
	u.edit("clawrouter.config.toml", `model = "blockrun/auto"`, `model = "zai/glm-5.2" # mine`)
	u.ours("setup")
	u.exec(`Greet me. [[say "Hello."]]`).succeed()
	// The gateway sees what ClawRouter made of blockrun/auto.
	if chats := u.link.Chats(t); len(chats) != 2 || chats[1].Model != "zai/glm-5.2" {
		t.Errorf("the gateway was asked %+v", chats)
	}
	if u.own.asked() != "" {
		t.Errorf("the user's own provider was asked for %q", u.own.asked())
	}
	if u.config() != u.original {
		t.Errorf("the base config is now\n%s", u.config())
	}
}

// With a profile of older releases in the base config Codex refuses to start;
// setup --migrate mends that and keeps the settings.
func TestProfileOfOlderReleasesIsMoved(t *testing.T) {
	t.Parallel()
	u := newDesktopUser(t)
	u.write("config.toml", u.original+"\n\n[profiles.clawrouter]\nmodel = \"zai/glm-5.2\"\n")
	if err := os.Remove(filepath.Join(u.link.CodexHome, "clawrouter.config.toml")); err != nil {
		t.Fatal(err)
	}
	u.ours("setup")
	if r := u.exec("Greet me."); r.exit == 0 || !strings.Contains(r.stderr, "legacy") {
		t.Errorf("before: codex ended with %d\n%s", r.exit, r.stderr)
	}
	u.edit("clawrouter.config.toml", "model = \"blockrun/auto\"\n", "")
	u.ours("setup", "--migrate")
	u.exec(`Greet me. [[say "Hello."]]`).succeed()
	u.want("zai/glm-5.2")
	if got := u.config(); got != u.original+"\n" {
		t.Errorf("the base config is now\n%s", got)
	}
}

// A Codex whose bridge is down says so in the end; left to itself it would wait
// for ever for a network that is there.
func TestProfileEndsATurnWithoutABridge(t *testing.T) {
	t.Parallel()
	c := newCodex(t)
	c.link.Bridge.Stop(t)
	if r := c.exec("Greet me."); r.exit == 0 || len(r.ofType("turn.failed")) != 1 {
		t.Errorf("codex ended with %d: %q", r.exit, r.errors())
	}
}

// edit replaces what stands once in a file of CODEX_HOME.
func (u *desktopUser) edit(name, old, new string) {
	u.t.Helper()
	text := readFile(u.t, u.link.CodexHome, name)
	if strings.Count(text, old) != 1 {
		u.t.Fatalf("%s holds %q %d times\n%s", name, old, strings.Count(text, old), text)
	}
	u.write(name, strings.Replace(text, old, new, 1))
}
