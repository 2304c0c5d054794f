package codex

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/BlockRunAI/clawrouter-codex/backend/models"
	"github.com/BlockRunAI/clawrouter-codex/backend/tomledit"
)

// The key lies beside headers of the user's own, however they are written, and is
// taken out again without a trace.
func TestTheKeyBesideTheUsersHeaders(t *testing.T) {
	const key = "x-clawrouter-key = \"" + testKey + "\""
	for name, c := range map[string]struct{ before, with string }{
		"none":       {"[model_providers.clawrouter]\na = 1\n", "[model_providers.clawrouter]\na = 1\nhttp_headers = { " + key + " }\n"},
		"inline":     {"[model_providers.clawrouter]\nhttp_headers = {  x-a = '1' } # mine\n", "[model_providers.clawrouter]\nhttp_headers = {  x-a = '1', " + key + " } # mine\n"},
		"a table":    {"[model_providers.clawrouter.http_headers]\nx-a = '1'\n", "[model_providers.clawrouter.http_headers]\nx-a = '1'\n" + key + "\n"},
		"dotted":     {"[model_providers.clawrouter]\nhttp_headers.x-a = '1'\nb = 2\n", "[model_providers.clawrouter]\nhttp_headers.x-a = '1'\nhttp_headers." + key + "\nb = 2\n"},
		"all inline": {"model_providers = { clawrouter = { http_headers = { x-a = '1' } } }\n", "model_providers = { clawrouter = { http_headers = { x-a = '1', " + key + " } } }\n"},
	} {
		t.Run(name, func(t *testing.T) {
			doc, err := tomledit.Parse([]byte(c.before))
			if err != nil {
				t.Fatal(err)
			}
			for _, step := range []struct{ key, want string }{
				{testKey, c.with}, {testKey, c.with}, {"another", strings.Replace(c.with, testKey, "another", 1)}, {"", c.before}, {"", c.before},
			} {
				if err := writeKey(doc, step.key); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(step.want, string(doc.Bytes())); diff != "" {
					t.Fatalf("key %.7q: %s", step.key, diff)
				}
			}
		})
	}
}

// A provider that is not ours gets its headers back as they were.
func TestTheKeyInAForeignProvider(t *testing.T) {
	for _, headers := range []string{"", "http_headers = {}\n", "http_headers = {   } # none\n", "http_headers = { \"x-a\" = '1' }\n"} {
		original := "[model_providers.clawrouter]\nname = \"Mine\"\nbase_url = \"https://gateway.example/v1\"\n" + headers
		d := newDesktop(t, original)
		on(t, d)
		if !strings.Contains(config(t, d), testKey) {
			t.Errorf("%q: no key in\n%s", headers, config(t, d))
		}
		on(t, d)
		off(t, d)
		same(t, d, original)
	}
}

// openToOthers makes a file that may not hold the key: each returns what undoes it.
var openToOthers = map[string]func(t *testing.T, path string) (undo func()){
	"readable": func(t *testing.T, path string) func() {
		chmod(t, path, 0o640)
		return func() { chmod(t, path, 0o600) }
	},
	"readable by all": func(t *testing.T, path string) func() {
		chmod(t, path, 0o604)
		return func() { chmod(t, path, 0o600) }
	},
	"a symlink": func(t *testing.T, path string) func() {
		behind := filepath.Join(t.TempDir(), "dotfiles.toml")
		for _, err := range []error{os.Rename(path, behind), os.Symlink(behind, path)} {
			if err != nil {
				t.Fatal(err)
			}
		}
		return func() {
			for _, err := range []error{os.Remove(path), os.Rename(behind, path)} {
				if err != nil {
					t.Fatal(err)
				}
			}
		}
	},
}

func chmod(t *testing.T, path string, mode os.FileMode) {
	t.Helper()
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

func TestAReadableOrSymlinkedConfigGetsNoKey(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("files have no such modes there")
	}
	for name, open := range openToOthers {
		t.Run(name, func(t *testing.T) {
			d := newDesktop(t, "a = 1\n")
			undo := open(t, d.Home.Config())
			on(t, d)
			if strings.Contains(config(t, d), "key") {
				t.Errorf("others can read the key:\n%s", config(t, d))
			}
			undo()
			on(t, d)
			if !strings.Contains(config(t, d), testKey) {
				t.Errorf("no key in a file that is private:\n%s", config(t, d))
			}
			// Opened with the key in it: the key goes.
			open(t, d.Home.Config())
			on(t, d)
			if strings.Contains(config(t, d), testKey) {
				t.Errorf("the key stayed:\n%s", config(t, d))
			}
		})
	}
}

func setUpProfile(t *testing.T, d *Desktop, key string) SetupResult {
	t.Helper()
	result, err := Setup(t.Context(), SetupOptions{
		Home: d.Home, Port: 8403, Backup: d.Backup, Now: time.Now(),
		Models: []models.Model{{ID: "blockrun/auto", Name: "Auto", Window: 400_000}},
		Key:    func() (string, error) { return key, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func TestTheProfileCarriesTheKey(t *testing.T) {
	d := newDesktop(t, absent)
	for _, key := range []string{testKey, testKey, "another"} {
		if told := strings.Join(setUpProfile(t, d, key).Notes, "\n"); strings.Contains(told, "key") {
			t.Errorf("says %q", told)
		}
		if text := read(t, d.Home.Profile()); strings.Count(text, "http_headers = { x-clawrouter-key = \""+key+"\" }\n") != 1 || strings.Count(text, "x-clawrouter-key") != 1 {
			t.Errorf("key %.7s:\n%s", key, text)
		}
	}
	if info, err := os.Stat(d.Home.Profile()); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v: others may read the key", info.Mode(), err)
	}
	uninstall(t, d)
	if _, err := os.Stat(d.Home.Profile()); err == nil {
		t.Errorf("uninstall leaves %q", read(t, d.Home.Profile()))
	}
}

func TestAReadableOrSymlinkedProfileGetsNoKey(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("files have no such modes there")
	}
	for name, open := range openToOthers {
		t.Run(name, func(t *testing.T) {
			d := newDesktop(t, absent)
			setUpProfile(t, d, testKey)
			open(t, d.Home.Profile())
			result := setUpProfile(t, d, testKey)
			if strings.Contains(read(t, d.Home.Profile()), testKey) {
				t.Error("others can read the key")
			}
			if told := strings.Join(result.Notes, "\n"); !strings.Contains(told, d.Home.Profile()+" got no key") {
				t.Errorf("says %q", told)
			}
		})
	}
}

// A new key reaches the config whether it is on or off, and nothing else changes.
func TestRekey(t *testing.T) {
	d := newDesktop(t, "a = 1\n")
	rekey := func() {
		t.Helper()
		d.Key = func() (string, error) { return "another", nil }
		if _, err := d.Rekey(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	rekey()
	same(t, d, "a = 1\n")
	d.Key = func() (string, error) { return testKey, nil }
	on(t, d)
	want := strings.Replace(config(t, d), testKey, "another", 1)
	rekey()
	same(t, d, want)
	off(t, d)
	rekey()
	same(t, d, "a = 1\n"+strings.Replace(ourTable, testKey, "another", 1))
	if got := d.Home.KeyStates(); len(got) != 1 || got[0] != (KeyState{Path: d.Home.Config(), Ours: true, Key: "another", Private: true}) {
		t.Errorf("told %+v", got)
	}
	uninstall(t, d)
	same(t, d, "a = 1\n")
}
