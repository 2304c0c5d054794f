package codex

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/BlockRunAI/clawrouter-codex/backend/models"
	"github.com/BlockRunAI/clawrouter-codex/backend/tomledit"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// TestMain lets the test binary stand in for Codex: installed("0.169.0") starts
// it with the variables that fakeCodex reads.
func TestMain(m *testing.M) {
	if os.Getenv("FAKE_CODEX") != "" {
		os.Exit(fakeCodex(os.Args[1:]))
	}
	os.Exit(m.Run())
}

// fakeCodex answers as the real one does to the three questions that setup asks.
func fakeCodex(args []string) int {
	if home := os.Getenv("CODEX_HOME"); !strings.Contains(home, "codex-check-") {
		fmt.Fprintf(os.Stderr, "asked in the user's own CODEX_HOME %s\n", home)
		return 9
	}
	fmt.Fprintln(os.Stderr, "WARNING: proceeding, even though we could not create PATH aliases")
	switch {
	case os.Getenv("FAKE_CODEX") == "broken":
		fmt.Fprintln(os.Stderr, "Error: cannot find its own parts")
		return 1
	case slices.Equal(args, []string{"--version"}):
		fmt.Println("codex-cli " + os.Getenv("FAKE_CODEX"))
	case slices.Equal(args, []string{"debug", "models", "--bundled"}):
		data, err := os.ReadFile(os.Getenv("FAKE_CODEX_BUNDLED"))
		if err != nil {
			return 1
		}
		_, _ = os.Stdout.Write(data)
	case len(args) == 4 && args[2] == "-c":
		path := strings.Trim(strings.TrimPrefix(args[3], "model_catalog_json="), `"'`)
		data, err := os.ReadFile(path)
		if err != nil || os.Getenv("FAKE_CODEX_REJECTS") != "" {
			fmt.Fprintf(os.Stderr, "Error: missing field `sparkle` at line 1 column 1 %v\n", err)
			return 1
		}
		_, _ = os.Stdout.Write(data)
	default:
		return 2
	}
	return 0
}

func installed(t *testing.T, version string, env ...string) *Program {
	t.Helper()
	bundled, err := filepath.Abs(filepath.Join("testdata", "bundled.json"))
	if err != nil {
		t.Fatal(err)
	}
	return &Program{
		Path: os.Args[0], Scratch: t.TempDir(),
		Env: append(slices.Concat(os.Environ(), env), "FAKE_CODEX="+version, "FAKE_CODEX_BUNDLED="+bundled, "CODEX_HOME=/the/users/own",
			// The race detector would sleep a second at the end of every process.
			"GORACE=atexit_sleep_ms=0"),
	}
}

// options sets up a fresh CODEX_HOME that does not exist yet.
func options(t *testing.T, program *Program) SetupOptions {
	t.Helper()
	dir := t.TempDir()
	return SetupOptions{
		Home: Home{Dir: filepath.Join(dir, "codex")}, Port: 8403, Program: program,
		Backup: filepath.Join(dir, "backup"), Now: noon,
		Models: []models.Model{
			{ID: "blockrun/auto", Name: "Auto", Window: 1_050_000, Vision: true},
			{ID: "anthropic/claude-opus-5", Name: "Claude Opus 5", In: 5, Out: 25, Window: 1_000_000, Vision: true, Reasoning: true},
			{ID: "zai/new", Name: "New"},
		},
	}
}

func setUp(t *testing.T, o SetupOptions) SetupResult {
	t.Helper()
	result, err := Setup(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func TestSetupOfAFreshHome(t *testing.T) {
	o := options(t, installed(t, "0.169.0"))
	result := setUp(t, o)
	want := SetupResult{
		Profile: o.Home.Profile(),
		Catalog: CatalogResult{Path: o.Home.Catalog(), Models: 3, Instructions: "codex", Codex: "0.169.0"},
		Notes:   []string{},
	}
	if diff := cmp.Diff(want, result); diff != "" {
		t.Error(diff)
	}
	if left, err := os.ReadDir(o.Program.Scratch); err != nil || len(left) != 0 {
		t.Errorf("throw-away homes are left behind: %v %v", left, err)
	}
	profile := strings.ReplaceAll(read(t, o.Home.Profile()), tomledit.Quote(o.Home.Catalog()), `"/home/ann/.codex/clawrouter-models.json"`)
	golden(t, "profile.toml", profile)
	golden(t, "catalog.json", read(t, o.Home.Catalog()))
	if _, err := os.Stat(o.Home.Config()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the base config was touched: %v", err)
	}
	for path, perm := range map[string]fs.FileMode{o.Home.Dir: fs.ModeDir | 0o700, o.Home.Profile(): 0o600} {
		if info, err := os.Stat(path); err != nil || info.Mode() != perm && runtime.GOOS != "windows" { // which has no such bits
			t.Errorf("%s: %v %v, want %v", path, info.Mode(), err, perm)
		}
	}
}

func TestSetupWithoutCodex(t *testing.T) {
	tests := []struct {
		name    string
		program func(t *testing.T) *Program
		note    string
	}{
		{"not installed", func(*testing.T) *Program { return nil }, "Codex is not installed: npm install -g @openai/codex"},
		{"does not start", func(t *testing.T) *Program { return installed(t, "broken") }, "cannot find its own parts"},
		{"too old for profiles", func(t *testing.T) *Program { return installed(t, "0.124.0") }, "Codex 0.124.0 does not read profile files"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := options(t, tt.program(t))
			result := setUp(t, o)
			if len(result.Notes) != 1 || !strings.Contains(result.Notes[0], tt.note) {
				t.Errorf("notes %q, want one with %q", result.Notes, tt.note)
			}
			if got := read(t, o.Home.Catalog()); result.Catalog.Instructions == "own" && !strings.Contains(got, "You are a coding agent that works in") {
				t.Error("the catalog has no instructions of its own")
			}
		})
	}
}

func TestSetupKeepsTheOldCatalogWhenCodexRefusesTheNew(t *testing.T) {
	o := options(t, installed(t, "0.169.0", "FAKE_CODEX_REJECTS=1"))
	put(t, o.Home.Catalog(), "the old one")
	_, err := Setup(t.Context(), o)
	var rejected *RejectedError
	if !errors.As(err, &rejected) {
		t.Fatalf("got %v", err)
	}
	if !strings.Contains(err.Error(), "missing field `sparkle`") || rejected.Mend() == "" {
		t.Errorf("says %q, mend %q", err, rejected.Mend())
	}
	if got := read(t, o.Home.Catalog()); got != "the old one" {
		t.Errorf("catalog became %.40q", got)
	}
	if o.Home.HasProfile() {
		t.Error("a profile was written that names a catalog of another version")
	}
}

func TestSecondSetupKeepsWhatTheUserChanged(t *testing.T) {
	o := options(t, nil)
	setUp(t, o)
	once := read(t, o.Home.Profile())
	setUp(t, o)
	if diff := cmp.Diff(once, read(t, o.Home.Profile())); diff != "" {
		t.Errorf("a second setup changes the profile: %s", diff)
	}
	mine := strings.NewReplacer(
		`model = "blockrun/auto"`, "model = \"zai/new\" # cheaper\nmodel_reasoning_effort = \"high\"",
		"stream_max_retries = 2", "stream_max_retries = 9",
		"wire_api", "# my note\nwire_api",
		"unbounded_connection_retries = false", "unbounded_connection_retries = true\ngoals = false",
	).Replace(once) + "\n[mcp_servers.files]\ncommand = \"files\"\n"
	put(t, o.Home.Profile(), mine)
	o.Port = 9403
	setUp(t, o)
	want := strings.Replace(mine, "localhost:8403", "localhost:9403", 1)
	if diff := cmp.Diff(want, read(t, o.Home.Profile())); diff != "" {
		t.Error(diff)
	}
	backups, err := os.ReadDir(o.Backup)
	if err != nil || len(backups) != 1 {
		t.Fatalf("backups %v, %v", backups, err)
	}
	if got := read(t, filepath.Join(o.Backup, backups[0].Name())); got != mine {
		t.Errorf("the copy is not the file as it was: %s", got)
	}
}

func TestSetupOfAProfileThatSomebodyElseWrote(t *testing.T) {
	o := options(t, nil)
	put(t, o.Home.Profile(), "# mine\r\nmodel_providers = { clawrouter = { name = \"x\" } }\r\n[features]\r\ngoals = true\r\n")
	setUp(t, o)
	want := strings.Join([]string{
		`# mine`,
		`model_providers = { clawrouter = { name = "ClawRouter", base_url = "http://localhost:8403/v1", wire_api = "responses", requires_openai_auth = false, request_max_retries = 1, stream_max_retries = 2, stream_idle_timeout_ms = 300000 } }`,
		`model = "blockrun/auto"`,
		`model_provider = "clawrouter"`,
		`model_catalog_json = ` + tomledit.Quote(o.Home.Catalog()),
		`[features]`,
		`goals = true`,
		`unbounded_connection_retries = false`,
		``,
	}, "\r\n")
	if diff := cmp.Diff(want, read(t, o.Home.Profile())); diff != "" {
		t.Error(diff)
	}
}

func TestSetupLeavesAFileThatIsNoTOMLAlone(t *testing.T) {
	o := options(t, nil)
	const broken = "model = \"a\nb = 1\n"
	put(t, o.Home.Profile(), broken)
	_, err := Setup(t.Context(), o)
	var unreadable *UnreadableError
	if !errors.As(err, &unreadable) || !strings.Contains(err.Error(), "line 1") {
		t.Errorf("got %v", err)
	}
	if got := read(t, o.Home.Profile()); got != broken {
		t.Errorf("became %q", got)
	}
}

func TestEditIsRedoneWhenTheFileChangesMeanwhile(t *testing.T) {
	o := options(t, nil)
	put(t, o.Home.Profile(), "a = 1\n")
	reads := 0
	f := file{path: o.Home.Profile(), backup: o.Backup, now: noon, perm: 0o600}
	f.read = func(path string) ([]byte, error) {
		if reads++; reads == 2 {
			// Codex writes between our read and our rename.
			put(t, path, "a = 1\nb = 2\n")
		}
		return os.ReadFile(path)
	}
	if err := f.edit(nil, setA); err != nil {
		t.Fatal(err)
	}
	if got := read(t, o.Home.Profile()); got != "a = 5\nb = 2\n" {
		t.Errorf("Codex's change is gone: %q", got)
	}
}

func TestEditGivesUpInTheEnd(t *testing.T) {
	o := options(t, nil)
	put(t, o.Home.Profile(), "a = 1\n")
	reads := 0
	f := file{path: o.Home.Profile(), backup: o.Backup, now: noon, perm: 0o600}
	f.read = func(path string) ([]byte, error) {
		reads++
		put(t, path, fmt.Sprintf("a = 1\nb = %d\n", reads))
		return os.ReadFile(path)
	}
	if err := f.edit(nil, setA); err == nil || reads != 2*editTries {
		t.Errorf("after %d reads: %v", reads, err)
	}
}

func TestLegacyProfileIsTold(t *testing.T) {
	for name, tt := range map[string]struct{ config, want string }{
		"a legacy table":    {"[profiles.clawrouter]\nmodel = \"x\"\n", "the table [profiles.clawrouter]"},
		"a legacy selector": {"profile = 'clawrouter'\n", "the line profile = 'clawrouter'"},
		"another profile":   {"[profiles.work]\nmodel = \"x\"\n", ""},
		"a broken config":   {"model = \n", "cannot be read by Codex: line 1"},
		"nothing of ours":   {"model = \"gpt\"\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			o := options(t, nil)
			put(t, o.Home.Config(), tt.config)
			notes := strings.Join(setUp(t, o).Notes[1:], "\n")
			if !strings.Contains(notes, tt.want) || (tt.want == "") != (notes == "") {
				t.Errorf("notes %q", notes)
			}
			if got := read(t, o.Home.Config()); got != tt.config {
				t.Errorf("the base config was changed to %q", got)
			}
		})
	}
}

func TestSelectionIsRemembered(t *testing.T) {
	o := options(t, nil)
	if got := o.Home.Selection(); !got.IsZero() {
		t.Errorf("without a catalog: %+v", got)
	}
	o.Selection = models.Selection{PerFamily: 3, DropFamilies: []string{"free"}}
	setUp(t, o)
	if diff := cmp.Diff(o.Selection, o.Home.Selection()); diff != "" {
		t.Error(diff)
	}
}

func setA(doc *tomledit.Doc) error { return doc.Set("5", "a") }
