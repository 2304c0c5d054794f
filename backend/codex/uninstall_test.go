package codex

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// installedLink is a home where setup and on were run.
func installedLink(t *testing.T, base string) *Desktop {
	t.Helper()
	o := options(t, nil)
	setUp(t, o)
	d := newDesktop(t, absent)
	d.Home, d.State, d.Backup = o.Home, o.Backup, o.Backup
	if base != absent {
		put(t, d.Home.Config(), base)
	}
	on(t, d)
	return d
}

func TestUninstallLeavesNothingOfOurs(t *testing.T) {
	for name, base := range map[string]string{"with a config": "model = \"gpt-5.5\"\n", "without": absent} {
		t.Run(name, func(t *testing.T) {
			d := installedLink(t, base)
			c := uninstall(t, d)
			if !c.Changed || c.On || len(c.Done) < 3 {
				t.Errorf("says %+v", c)
			}
			same(t, d, base)
			left, err := os.ReadDir(d.Home.Dir)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range left {
				if e.Name() != "config.toml" {
					t.Errorf("left: %s", e.Name())
				}
			}
			again := uninstall(t, d)
			if diff := cmp.Diff([]string{"there was nothing of ours in " + d.Home.Dir}, again.Done); diff != "" || again.Changed {
				t.Errorf("the second one: %s", diff)
			}
		})
	}
}

func TestUninstallKeepsWhatTheUserAdded(t *testing.T) {
	d := installedLink(t, "a = 1\n")
	edit := func(path string, pairs ...string) {
		t.Helper()
		before := read(t, path)
		after := strings.NewReplacer(pairs...).Replace(before)
		if after == before {
			t.Fatalf("nothing to change in %s", path)
		}
		put(t, path, after)
	}
	edit(d.Home.Config(), "http_headers = { ", "http_headers = { x-web-search = \"1\", ")
	edit(d.Home.Profile(), "model_provider = ", "model_reasoning_effort = \"high\" # mine\nmodel_provider = ",
		"unbounded_connection_retries = false", "unbounded_connection_retries = false\ngoals = true")
	edit(d.Home.Catalog(), `"New"`, `"New",  "mine": true`)
	// The key is no addition, and of no use without the bridge.
	table := strings.Replace(ourTable, "x-clawrouter-key = \""+testKey+"\"", "x-web-search = \"1\"", 1)
	c := uninstall(t, d)
	same(t, d, "a = 1\n"+table)
	if diff := cmp.Diff("model_reasoning_effort = \"high\" # mine\n\n[features]\ngoals = true\n", read(t, d.Home.Profile())); diff != "" {
		t.Error(diff)
	}
	if got := read(t, d.Home.Catalog()); !strings.Contains(got, `"mine": true`) {
		t.Error("the user's line in the catalog is gone")
	}
	words := strings.Join(c.Done, "\n")
	for _, want := range []string{
		"kept [model_providers.clawrouter] in " + d.Home.Config() + ", because you added to it: http_headers",
		"kept " + d.Home.Profile() + ", because you added to it", "kept " + d.Home.Catalog() + ", because somebody edited it",
	} {
		if !strings.Contains(words, want) {
			t.Errorf("not said: %s\nbut\n%s", want, words)
		}
	}
}

// A write that is killed leaves its new text beside the file; uninstall knows it.
func TestUninstallTakesWhatAKilledWriteLeft(t *testing.T) {
	const original = "model = \"gpt-5.5\"\n"
	d := newDesktop(t, original)
	dotfile := filepath.Join(t.TempDir(), "codex.toml")
	if err := os.Rename(d.Home.Config(), dotfile); err != nil {
		t.Fatal(err)
	}
	symlink(t, dotfile, d.Home.Config())
	for left := 1; ; left++ {
		d.ops = &killed{left: left}
		if _, err := d.On(t.Context(), theLink); err == nil {
			break
		}
	}
	mine := filepath.Join(filepath.Dir(dotfile), ".codex.toml.mine.tmp")
	put(t, mine, "mine")
	beside := func() (names []string) {
		all, err := os.ReadDir(filepath.Dir(dotfile))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range all {
			names = append(names, e.Name())
		}
		return names
	}
	if len(beside()) < 4 {
		t.Fatalf("the kills left nothing: %v", beside())
	}
	d.ops = unsynced{}
	c := uninstall(t, d)
	if diff := cmp.Diff([]string{".codex.toml.mine.tmp", "codex.toml"}, beside()); diff != "" {
		t.Error(diff)
	}
	if words := strings.Join(c.Done, "\n"); !strings.Contains(words, "removed what an interrupted write left behind: ") {
		t.Errorf("says %s", words)
	}
	same(t, d, original)
}

func TestStopAndStart(t *testing.T) {
	const original = "model = \"gpt-5.5\"\n"
	d := newDesktop(t, original)
	if c := resume(t, d); c.Changed || c.On {
		t.Errorf("a start switches on what nobody chose: %+v", c)
	}
	on(t, d)
	put(t, d.Home.Config(), strings.Replace(config(t, d), "blockrun/auto", "zai/glm-5", 1))
	if c := suspend(t, d); c.On || c.Model != "zai/glm-5" {
		t.Errorf("stop says %+v", c)
	}
	same(t, d, original+ourTable)
	if st := status(t, d); st.Choice != ClawRouter || st.On {
		t.Errorf("stopped: %+v", st)
	}
	if c := suspend(t, d); c.Changed {
		t.Errorf("a second stop: %+v", c)
	}
	if c := resume(t, d); !c.On || c.Model != "zai/glm-5" {
		t.Errorf("start says %+v", c)
	}
	if st := status(t, d); !st.On || st.Model != "zai/glm-5" {
		t.Errorf("started: %+v", st)
	}
	off(t, d)
	if c := resume(t, d); c.Changed || c.On {
		t.Errorf("start after off: %+v", c)
	}
	same(t, d, original+ourTable)
}

func TestAHandThatSwitchesChooses(t *testing.T) {
	d := newDesktop(t, "model = \"gpt-5.5\"\n")
	on(t, d)
	put(t, d.Home.Config(), strings.Replace(config(t, d), "model_provider = \"clawrouter\"\n", "", 1))
	suspend(t, d)
	if st := status(t, d); st.Choice != Subscription || st.Model != "gpt-5.5" {
		t.Errorf("off by hand: %+v", st)
	}
	resume(t, d)
	if status(t, d).On {
		t.Error("start overrules the hand that switched off")
	}
	put(t, d.Home.Config(), "model_provider = \"clawrouter\"\n"+config(t, d))
	resume(t, d)
	if st := status(t, d); st.Choice != ClawRouter || !st.On {
		t.Errorf("on by hand: %+v", st)
	}
	suspend(t, d)
	if st := status(t, d); st.Choice != ClawRouter || st.On {
		t.Errorf("stopped: %+v", st)
	}
}

func TestSetModel(t *testing.T) {
	d := newDesktop(t, "model = \"gpt-5.5\" # best\n")
	done(t)(d.SetModel(t.Context(), "zai/glm-5"))
	same(t, d, "model = \"gpt-5.5\" # best\n")
	resume(t, d)
	put(t, d.Home.Catalog(), `{"models":[{"slug":"zai/glm-5"}]}`)
	if _, err := d.On(t.Context(), OnOptions{Port: 8403}); err != nil {
		t.Fatal(err)
	}
	if st := status(t, d); st.Model != "zai/glm-5" || st.Catalog != d.Home.Catalog() {
		t.Errorf("on with %+v", st)
	}
	if c := done(t)(d.SetModel(t.Context(), "clawrouter/selected")); !c.Changed {
		t.Errorf("says %+v", c)
	}
	if got := config(t, d); !strings.HasPrefix(got, "model = \"clawrouter/selected\" # best\n") {
		t.Errorf("became %q", got)
	}
	off(t, d)
	same(t, d, "model = \"gpt-5.5\" # best\n"+ourTable)
}
