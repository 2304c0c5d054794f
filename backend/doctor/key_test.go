//go:build unix

package doctor

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
)

func TestKeyLines(t *testing.T) {
	const profile = ".codex/clawrouter.config.toml"
	without := func(w *world) {
		w.write(profile, strings.Replace(w.profile("8403"), ", x-clawrouter-key = \""+bridgeKey+"\"", "", 1))
	}
	open := func(w *world) {
		if err := os.Chmod(w.path(profile), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	link := func(w *world) {
		w.write("dotfiles/profile.toml", w.profile("8403"))
		w.remove(profile)
		if err := os.Symlink(w.path("dotfiles/profile.toml"), w.path(profile)); err != nil {
			t.Fatal(err)
		}
	}
	const mayNot = "the bridge asks the system whose a connection is, which not every system tells → clawrouter-codex setup (fixable)"
	checkLines(t, []lineTest{
		{"none yet", "key", func(w *world) { w.remove(".clawrouter-codex/key") }, "warn: there is none yet: " + mayNot},
		{"broken", "key", func(w *world) { w.write(".clawrouter-codex/key", "x") },
			"fail: ~/.clawrouter-codex/key does not hold a key of clawrouter-codex → delete it, then: clawrouter-codex setup"},
		{"not in the profile", "key", without, "warn: ~/" + profile + " does not hold it: " + mayNot},
		{"an old one", "key", func(w *world) { w.write(".clawrouter-codex/key", strings.Repeat("ab", 32)) },
			"warn: ~/" + profile + " holds another one than is in force → clawrouter-codex setup, and start Codex again (fixable)"},
		{"readable", "key", open,
			"warn: ~/" + profile + " can be read by other users (-rw-r--r--), and it holds the key → chmod 600 ~/" + profile + "; then: clawrouter-codex setup --rotate-key (fixable)"},
		{"readable, and without", "key", func(w *world) { without(w); open(w) },
			"warn: ~/" + profile + " can be read by other users (-rw-r--r--), so it gets no key → chmod 600 ~/" + profile + "; then: clawrouter-codex setup --rotate-key (fixable)"},
		{"a symlink", "key", link,
			"warn: ~/" + profile + " is a symlink, and it holds the key: the folder behind it may be shared or published → clawrouter-codex setup --rotate-key"},
		{"in the base config too", "key", func(w *world) {
			w.write(".codex/config.toml", "[model_providers.clawrouter]\nbase_url = \"http://localhost:8403/v1\"\nhttp_headers.x-clawrouter-key = \""+bridgeKey+"\"\n")
		}, "ok: in ~/" + profile + " and ~/.codex/config.toml"},
		{"nothing of ours", "key", func(w *world) { w.remove(profile) }, "skip: Codex has no provider of ours"},
	})
}

func TestFilesLines(t *testing.T) {
	checkLines(t, []lineTest{
		{"open", "files", func(w *world) {
			if err := os.Chmod(w.path(".clawrouter-codex/key"), 0o640); err != nil {
				t.Fatal(err)
			}
		}, "warn: open to other users: ~/.clawrouter-codex/key (-rw-r-----) → clawrouter-codex doctor --fix (fixable)"},
	})
	if os.Getuid() != 0 {
		t.Skip("NOT RUN: only root can make files of two users")
	}
	checkLines(t, []lineTest{
		{"another user's", "files", func(w *world) {
			if err := os.Lchown(w.path(".clawrouter-codex/key"), 65534, 65534); err != nil {
				t.Fatal(err)
			}
		}, "fail: another user's, so the link does not start: ~/.clawrouter-codex/key → look at it and move it away"},
	})
}

// --fix closes what is open and writes the key where it may now stand.
func TestFixClosesFiles(t *testing.T) {
	w := newWorld(t)
	for _, name := range []string{".codex/clawrouter.config.toml", ".clawrouter-codex/key"} {
		if err := os.Chmod(w.path(name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	r := Mend(t.Context(), w.env())
	if !r.Well || w.line("key") != "ok: in ~/.codex/clawrouter.config.toml" || w.line("files") != "ok: yours alone" {
		t.Errorf("well %v: %s; %s", r.Well, w.line("key"), w.line("files"))
	}
	if len(w.fixed) != 1 || w.fixed[0] != "setup for port 8403" {
		t.Errorf("did %q", w.fixed)
	}
}

// Whatever is wrong, neither key is in what the doctor says.
func TestTheDoctorTellsNoSecret(t *testing.T) {
	for name, change := range map[string]func(*world){
		"all is well": func(*world) {},
		"another key": func(w *world) { w.write(".clawrouter-codex/key", strings.Repeat("ab", 32)) },
		"in the open": func(w *world) {
			if err := os.Chmod(w.path(".codex/clawrouter.config.toml"), 0o644); err != nil {
				t.Fatal(err)
			}
		},
		"the wallet's key is misspelt": func(w *world) { w.vars["BLOCKRUN_WALLET_KEY"] = payerKey + "0" },
	} {
		w := newWorld(t)
		change(w)
		data, err := json.Marshal(Run(t.Context(), w.env()))
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{bridgeKey, payerKey[2:], strings.Repeat("ab", 32)} {
			if strings.Contains(string(data), secret) {
				t.Errorf("%s: it says %s", name, secret)
			}
		}
	}
}
