package link

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/backend/atomicfile"
	"github.com/BlockRunAI/clawrouter-codex/backend/codex"
	"github.com/BlockRunAI/clawrouter-codex/backend/spend"
)

// The ways in which programs write a file.
var writes = map[string]func(t *testing.T, path, text string){
	"in place": func(t *testing.T, path, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	},
	"by replacing it": func(t *testing.T, path, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := atomicfile.Write(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	},
	// As vim does with its own settings.
	"by moving the old one away": func(t *testing.T, path, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		_ = os.Rename(path, path+"~")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	},
}

// watched is a link whose states a test reads.
func (u *user) watched() (*Local, <-chan State) {
	u.t.Helper()
	local, remote, _ := u.remote()
	ctx, cancel := context.WithTimeout(u.t.Context(), 20*time.Second)
	u.t.Cleanup(cancel)
	states, err := remote.Subscribe(ctx)
	if err != nil {
		u.t.Fatal(err)
	}
	await(u.t, states, func(s State) bool { return s.Running })
	return local, states
}

func TestWhatOthersWriteIsSeen(t *testing.T) {
	for how, write := range writes {
		t.Run(how, func(t *testing.T) {
			u := newUser(t)
			home := u.setUp()
			u.withBook = u.book()
			local, states := u.watched()
			paths := u.settings.Paths

			write(t, paths.SettingsFile(), "model = \"zai/glm-5.2\"\nweb_search = true\n")
			await(t, states, func(s State) bool { return s.Model.Chosen == "zai/glm-5.2" && s.WebSearch.On })
			if local.Selected() != "zai/glm-5.2" || !local.Searches() {
				t.Error("the bridge goes on with the old ones")
			}

			write(t, filepath.Join(paths.Spend(), spend.LimitsFile), `{"cap_usd":4,"paused":true}`)
			await(t, states, func(s State) bool { return s.Spend.Cap != nil && *s.Spend.Cap == 4*spend.Dollar && s.Spend.Paused })

			text, err := os.ReadFile(home.Profile())
			if err != nil {
				t.Fatal(err)
			}
			write(t, home.Profile(), strings.Replace(string(text), "blockrun/auto", "anthropic/claude-opus-5", 1))
			await(t, states, func(s State) bool { return s.Model.InForce == "anthropic/claude-opus-5" && s.Model.Pinned })

			list, err := os.ReadFile(home.Catalog())
			if err != nil {
				t.Fatal(err)
			}
			write(t, home.Catalog(), strings.Replace(string(list), "Claude Opus 5", "Claude Opus V", 1))
			s := await(t, states, func(s State) bool { return strings.Contains(ids(s.Notices), "models-updated") })
			if s.Restart {
				t.Error("nobody switched the base config")
			}
		})
	}
}

// What desktop on of another process does to the base config is seen, and that a
// Codex which is open has to be restarted; so is what stands in the way of the
// settings.
func TestSwitchByAnotherProcessIsSeen(t *testing.T) {
	u := newUser(t)
	u.setUp()
	_, states := u.watched()
	other := &codex.Desktop{Home: codex.Home{Dir: u.settings.CodexHome.V}, State: u.settings.Paths.Root, Backup: u.settings.Paths.Backup(), Now: time.Now}
	if _, err := other.On(t.Context(), codex.OnOptions{Port: 8403}); err != nil {
		t.Fatal(err)
	}
	await(t, states, func(s State) bool { return s.Provider == ClawRouter && s.Restart })

	writes["in place"](t, u.settings.Paths.SettingsFile(), "model = ")
	await(t, states, func(s State) bool { return ids(s.Notices) == "settings" })
	writes["in place"](t, u.settings.Paths.SettingsFile(), "")
	await(t, states, func(s State) bool { return ids(s.Notices) == "" })
}

// A folder that comes, goes and comes again is found each time.
func TestFoldersThatComeAndGo(t *testing.T) {
	u := newUser(t)
	_, states := u.watched()
	dir := u.settings.CodexHome.V
	for range 2 {
		u.setUp()
		await(t, states, func(s State) bool { return s.Codex.Models == 3 && s.Codex.Profile != "" })
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
		await(t, states, func(s State) bool { return s.Codex.Models == 0 && s.Codex.Profile == "" })
	}
}

// A config that is a link into a folder of its own changes there.
func TestFilesBehindLinks(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("links need a privilege there")
	}
	u := newUser(t)
	home := u.setUp()
	real := filepath.Join(t.TempDir(), "profile.toml")
	if err := os.Rename(home.Profile(), real); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(real, home.Profile()); err != nil {
		t.Fatal(err)
	}
	_, states := u.watched()
	text, err := os.ReadFile(real)
	if err != nil {
		t.Fatal(err)
	}
	writes["by replacing it"](t, real, strings.Replace(string(text), "blockrun/auto", "zai/glm-5.2", 1))
	await(t, states, func(s State) bool { return s.Model.InForce == "zai/glm-5.2" })
}

// Codex writes into its folder all the time; none of that wakes us.
func TestOtherFilesAreNoConcern(t *testing.T) {
	dir := t.TempDir()
	ours, other := filepath.Join(dir, "config.toml"), filepath.Join(dir, "history.jsonl")
	w, err := newFileWatch([]string{ours})
	if err != nil {
		t.Fatal(err)
	}
	defer w.close()
	for _, path := range []string{other, ours} {
		if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for e := range w.fs.Events {
		if w.concerns(e) {
			if e.Name != ours {
				t.Errorf("woken by %s", e.Name)
			}
			return
		}
	}
}

// The environment decides until somebody changes the setting itself.
func TestSwitchOfTheEnvironmentOutlivesOtherChanges(t *testing.T) {
	u := newUser(t)
	u.env = map[string]string{"WEB_SEARCH": "1"}
	u.load()
	local, states := u.watched()
	writes["in place"](t, u.settings.Paths.SettingsFile(), "model = \"zai/glm-5.2\"\n")
	await(t, states, func(s State) bool { return s.Model.Chosen == "zai/glm-5.2" })
	if !local.Searches() {
		t.Error("the variable was forgotten")
	}
	if _, err := local.SetWebSearch(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	writes["in place"](t, u.settings.Paths.SettingsFile(), "model = \"zai/glm-5\"\nweb_search = false\n")
	await(t, states, func(s State) bool { return s.Model.Chosen == "zai/glm-5" })
	if local.Searches() {
		t.Error("the switch was forgotten")
	}
}
