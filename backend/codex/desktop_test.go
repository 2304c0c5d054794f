package codex

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/BlockRunAI/clawrouter-codex/backend/atomicfile"
)

// unsynced leaves out the waits for the disk, which no test that goes on living
// can tell from the real thing.
type unsynced struct{ atomicfile.System }

func (u unsynced) CreateTemp(dir, pattern string) (atomicfile.Temp, error) {
	f, err := u.System.CreateTemp(dir, pattern)
	return unsyncedTemp{f}, err
}

func (unsynced) SyncDir(string) error { return nil }

type unsyncedTemp struct{ atomicfile.Temp }

func (unsyncedTemp) Sync() error { return nil }

// newDesktop is a switch on a home of its own, whose config holds text; "absent"
// means that there is none.
func newDesktop(t testing.TB, text string) *Desktop {
	t.Helper()
	return desktopIn(t, t.TempDir(), text)
}

const absent = "(no file)"

func desktopIn(t testing.TB, dir, text string) *Desktop {
	t.Helper()
	d := &Desktop{
		Home: Home{Dir: filepath.Join(dir, "codex")}, State: filepath.Join(dir, "state"), Backup: filepath.Join(dir, "state", "backup"),
		Now: func() time.Time { return noon }, Key: func() (string, error) { return testKey, nil }, ops: unsynced{},
	}
	if err := os.MkdirAll(d.Home.Dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if text != absent {
		if err := os.WriteFile(d.Home.Config(), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return d
}

var theLink = OnOptions{Port: 8403, Model: "blockrun/auto", Catalog: "/home/ann/.codex/clawrouter-models.json"}

func config(t testing.TB, d *Desktop) string {
	t.Helper()
	return contentOf(t, d.Home.Config())
}

func contentOf(t testing.TB, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return absent
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func on(t testing.TB, d *Desktop) Change      { t.Helper(); return done(t)(d.On(t.Context(), theLink)) }
func off(t testing.TB, d *Desktop) Change     { t.Helper(); return done(t)(d.Off(t.Context())) }
func suspend(t testing.TB, d *Desktop) Change { t.Helper(); return done(t)(d.Suspend(t.Context())) }
func resume(t testing.TB, d *Desktop) Change {
	t.Helper()
	return done(t)(d.Resume(t.Context(), theLink))
}
func uninstall(t testing.TB, d *Desktop) Change { t.Helper(); return done(t)(d.Uninstall(t.Context())) }

func done(t testing.TB) func(Change, error) Change {
	return func(c Change, err error) Change {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
}

func status(t testing.TB, d *Desktop) Status {
	t.Helper()
	st, err := d.Status()
	if err != nil {
		t.Fatal(err)
	}
	return st
}

// same fails unless the config holds want.
func same(t testing.TB, d *Desktop, want string) {
	t.Helper()
	if diff := cmp.Diff(want, config(t, d)); diff != "" {
		t.Fatal(diff)
	}
}

const ourTable = `
[model_providers.clawrouter]
name = "ClawRouter"
base_url = "http://localhost:8403/v1"
wire_api = "responses"
requires_openai_auth = true
request_max_retries = 1
stream_max_retries = 2
stream_idle_timeout_ms = 300000
http_headers = { x-clawrouter-key = "` + testKey + `" }
`

const testKey = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

func TestOnAndOff(t *testing.T) {
	tests := []struct{ name, before, on string }{
		{
			"no key was there",
			"# mine\n[tui]\nmodel = 1\n",
			"model = \"blockrun/auto\"\nmodel_provider = \"clawrouter\"\nmodel_catalog_json = \"/home/ann/.codex/clawrouter-models.json\"\n\n# mine\n[tui]\nmodel = 1\n" + ourTable,
		},
		{
			"all were there, in another order and with comments",
			"model_catalog_json = 'mine.json' # a\nmodel_provider\t= \"azure\" # b\n# c\nmodel=\"gpt-5.5\"\n",
			"model_catalog_json = \"/home/ann/.codex/clawrouter-models.json\" # a\nmodel_provider\t= \"clawrouter\" # b\n# c\nmodel=\"blockrun/auto\"\n" + ourTable,
		},
		{
			"one was there, on the last line without an end",
			"a = 1\nmodel = \"gpt-5.5\"",
			"a = 1\nmodel = \"blockrun/auto\"\nmodel_provider = \"clawrouter\"\nmodel_catalog_json = \"/home/ann/.codex/clawrouter-models.json\"\n" + ourTable,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := newDesktop(t, tt.before)
			c := on(t, d)
			same(t, d, tt.on)
			if !c.Changed || !c.On || !c.Restart || len(c.Done) != 1 {
				t.Errorf("on says %+v", c)
			}
			if st := status(t, d); !st.On || st.Choice != ClawRouter || st.BaseURL != "http://localhost:8403/v1" || !st.Remembered {
				t.Errorf("status %+v", st)
			}
			if c := on(t, d); c.Changed || !c.On {
				t.Errorf("the second on says %+v", c)
			}
			same(t, d, tt.on)
			if c := off(t, d); !c.Changed || c.On || !c.Restart {
				t.Errorf("off says %+v", c)
			}
			wantOff := tt.before
			if !strings.HasSuffix(wantOff, "\n") {
				wantOff += "\n"
			}
			same(t, d, wantOff+ourTable)
			if st := status(t, d); st.On || st.Choice != Subscription || st.Remembered {
				t.Errorf("status %+v", st)
			}
			if c := off(t, d); c.Changed {
				t.Errorf("the second off says %+v", c)
			}
			uninstall(t, d)
			same(t, d, tt.before)
		})
	}
}

func TestAConfigThatDidNotExist(t *testing.T) {
	d := newDesktop(t, absent)
	if c := off(t, d); c.Changed {
		t.Errorf("off made a file: %+v", c)
	}
	same(t, d, absent)
	on(t, d)
	if info, err := os.Stat(d.Home.Config()); err != nil || info.Mode() != 0o600 && runtime.GOOS != "windows" {
		t.Errorf("made with %v, %v", info.Mode(), err)
	}
	uninstall(t, d)
	same(t, d, absent)
	if left, err := filepath.Glob(filepath.Join(d.State, "*.json")); err != nil || len(left) > 0 {
		t.Errorf("left in the state folder: %v, %v", left, err)
	}
}

// What already points at our bridge is nobody's original.
func TestOurOwnWorkIsNotRecorded(t *testing.T) {
	const node = "model = \"blockrun/auto\"\nmodel_provider = \"clawrouter\"\nmodel_catalog_json = \"/x/models.json\"\nother = 1\n\n" +
		"[model_providers.clawrouter]\nname = \"ClawRouter\"\nbase_url = \"http://127.0.0.1:8403/v1\"\nwire_api = \"responses\"\n"
	other := strings.NewReplacer(`"clawrouter"`, `"bridge"`, ".clawrouter]", ".bridge]").Replace(node)
	tests := []struct {
		name, before string
		turnOn       bool
	}{
		{"another tool's work", node, true},
		{"off without a record", node, false},
		{"another tool's work under another name", other, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := newDesktop(t, tt.before)
			if tt.turnOn {
				on(t, d)
			}
			off(t, d)
			if got := config(t, d); !strings.HasPrefix(got, "other = 1\n") {
				t.Errorf("what is left begins %.80q", got)
			}
			if st := status(t, d); st.On || st.Provider != "" || st.Model != "" || st.Catalog != "" {
				t.Errorf("status %+v", st)
			}
		})
	}
}

func TestALostRecord(t *testing.T) {
	d := newDesktop(t, "model = \"gpt-5.5\"\n[tui]\na = 1\n")
	on(t, d)
	put(t, d.recordPath(), "half a rec")
	off(t, d)
	same(t, d, "[tui]\na = 1\n"+ourTable)
	uninstall(t, d)
	same(t, d, "[tui]\na = 1\n")
}

func TestWhatChangedInBetweenStays(t *testing.T) {
	const before = "model = \"gpt-5.5\" # best\n[tui]\na = 1\n"
	tests := []struct{ name, old, new, off string }{
		{"a model picked in Codex is ours", `"blockrun/auto"`, `"zai/glm-5"`, before + ourTable},
		{"Codex dropped the comment with it", `"blockrun/auto" # best`, `"zai/glm-5"`, before + ourTable},
		{"a comment changed", "# best", "# fine", strings.Replace(before, "best", "fine", 1) + ourTable},
		{"a comment on our line", `model_provider = "clawrouter"`, `model_provider = "clawrouter" # why`, "model = \"gpt-5.5\" # best\n# why\n[tui]\na = 1\n" + ourTable},
		{"a key", "a = 1", "a = 2", strings.Replace(before, "a = 1", "a = 2", 1) + ourTable},
		{"a line of ours is gone", "model_provider = \"clawrouter\"\n", "", before + ourTable},
		{"the user's line is gone", "model = \"blockrun/auto\" # best\n", "", before + ourTable},
		{"another provider", `"clawrouter"`, `"azure"`, strings.Replace(before, "[tui]", "model_provider = \"azure\"\n[tui]", 1) + ourTable},
		{"another provider and model", "\"blockrun/auto\" # best\nmodel_provider = \"clawrouter\"", "'o9' # best\nmodel_provider = \"azure\"",
			"model = 'o9' # best\nmodel_provider = \"azure\"\n[tui]\na = 1\n" + ourTable},
		{"another catalog", theLink.Catalog, "/mine.json", strings.Replace(before, "[tui]", "model_catalog_json = \"/mine.json\"\n[tui]", 1) + ourTable},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := newDesktop(t, before)
			on(t, d)
			now := strings.Replace(config(t, d), tt.old, tt.new, 1)
			if now == config(t, d) {
				t.Fatal("the test changes nothing")
			}
			put(t, d.Home.Config(), now)
			off(t, d)
			same(t, d, tt.off)
		})
	}
}

func TestAProviderOfTheUsersOfOurName(t *testing.T) {
	const before = "model_provider = \"clawrouter\"\nmodel = \"x\"\n\n[model_providers.clawrouter]\nname = \"Mine\" # n\nbase_url = \"https://claw.example.com/v1\"\nenv_key = \"K\"\n"
	d := newDesktop(t, before)
	on(t, d)
	if st := status(t, d); !st.On || st.BaseURL != "http://localhost:8403/v1" {
		t.Errorf("status %+v", st)
	}
	on(t, d)
	off(t, d)
	same(t, d, before)
	on(t, d)
	uninstall(t, d)
	same(t, d, before)
}

// A user who reaches BlockRun through a provider of their own has its model names
// in their config, and nothing of ours.
func TestAModelOfTheUsersOwnGateway(t *testing.T) {
	const before = "model = \"blockrun/auto\" # mine\nmodel_provider = \"gateway\"\n\n[model_providers.gateway]\nname = \"G\"\nbase_url = \"https://gateway.example.com/v1\"\n"
	d := newDesktop(t, before)
	if c := off(t, d); c.Changed {
		t.Errorf("off changed what was not on: %+v", c)
	}
	same(t, d, before)
	on(t, d)
	off(t, d)
	same(t, d, before+ourTable)
	on(t, d)
	uninstall(t, d)
	same(t, d, before)
}

func TestNoTOMLIsNotTouched(t *testing.T) {
	const broken = "a = 1\nb = \n"
	d := newDesktop(t, broken)
	for name, try := range map[string]func() error{
		"on":        func() error { _, err := d.On(t.Context(), theLink); return err },
		"off":       func() error { _, err := d.Off(t.Context()); return err },
		"suspend":   func() error { _, err := d.Suspend(t.Context()); return err },
		"resume":    func() error { _, err := d.Resume(t.Context(), theLink); return err },
		"model":     func() error { _, err := d.SetModel(t.Context(), "x"); return err },
		"uninstall": func() error { _, err := d.Uninstall(t.Context()); return err },
		"status":    func() error { _, err := d.Status(); return err },
	} {
		var unreadable *UnreadableError
		if err := try(); !errors.As(err, &unreadable) || !strings.Contains(err.Error(), d.Home.Config()+", line 2, column 5") {
			t.Errorf("%s: %v", name, err)
		}
		same(t, d, broken)
	}
	if _, err := os.Stat(d.recordPath()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("something was remembered: %v", err)
	}
}
