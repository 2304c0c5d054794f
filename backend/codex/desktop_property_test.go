package codex

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pelletier/go-toml/v2"
	"pgregory.net/rapid"

	"github.com/BlockRunAI/clawrouter-codex/backend/tomledit"
)

// Pieces of configs; no two of a list may define the same key.
var (
	rootPieces = []string{
		"model = \"gpt-5.5\"", "model_provider   =\t'azure' # mine", "model_catalog_json = \"mine.json\"#x",
		"approval_policy = \"never\" # \"[model]\"", "\tmodel_reasoning_effort = 'high'", "tui.a = 1", "tui.\"b c\" = { d = [ { e = 1 } ] }",
		"'quoted key' = 1", "notify = [ # why\n  \"say\", # [\n\n  'model = 1',\n]",
		"instructions = \"\"\"\n[model_providers.clawrouter]\nmodel = 1\n\\\"\"\"\\\n\"\"\"", "note = '''\nmodel = '''",
		"projects = { \"/a\" = { trust_level = \"trusted\" } }", "date = 2026-11-22T12:00:00Z", "# model = \"old\"", "", "",
	}
	// One of them stands for what may define model_providers at the root.
	providerPieces = []string{
		"", "", "", "model_providers.azure.name = \"Azure\"", "model_providers = { azure = { name = \"A\" } } # inline", "model_providers = {  }", "model_providers = {}",
	}
	tablePieces = []string{
		"[features]\ngoals = true\n\n\nweb = 1 # x", "[ mcp_servers . files ]  # header\ncommand = \"files\"\nenv = { model = \"x\" }",
		"[[skills.config]]\nmodel = \"in a list\"\n[[skills.config]]\n[skills.config.deep]\nmodel_provider = 1", "[desktop]",
		"[profiles.work]\nmodel = \"x\"\nmodel_provider = \"y\"", "[windows]\n\tmodel = [\n\t1,\n\t]", "[\"model x\".model]\n# nothing", "# a comment alone", "", "   \t",
		"[shell]\ns = \"\"\"\r\n[t]\r\nmodel = 2\"\"\"",
	}
	// Likewise below the first header.
	providerTables = []string{"", "", "[model_providers.openai2]\nname = \"O\"", "[model_providers]\nazure = { name = \"A\" }", "[model_providers]\n[model_providers.x]\nname = 'X'"}
)

// drawConfig makes a config that Codex could have.
func drawConfig(t *rapid.T) string {
	roots := rapid.SliceOfDistinct(rapid.IntRange(0, len(rootPieces)-1), rapid.ID[int]).Draw(t, "root")
	tables := rapid.SliceOfDistinct(rapid.IntRange(0, len(tablePieces)-1), rapid.ID[int]).Draw(t, "tables")
	var lines []string
	for _, n := range roots {
		lines = append(lines, rootPieces[n])
	}
	root := rapid.SampledFrom(providerPieces).Draw(t, "providers")
	at := rapid.IntRange(0, len(lines)).Draw(t, "providers at")
	lines = slices.Insert(lines, at, root)
	first := len(lines)
	for _, n := range tables {
		lines = append(lines, tablePieces[n])
	}
	if root == "" {
		at := rapid.IntRange(first, len(lines)).Draw(t, "provider tables at")
		lines = slices.Insert(lines, at, rapid.SampledFrom(providerTables).Draw(t, "provider tables"))
	}
	lines = slices.DeleteFunc(lines, func(l string) bool { return l == "" && rapid.Bool().Draw(t, "no blank line") })
	text := strings.Join(lines, "\n") + rapid.SampledFrom([]string{"\n", "\n", "", "\n\n", " \t"}).Draw(t, "end")
	if rapid.Bool().Draw(t, "CRLF") {
		text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\n", "\r\n")
	}
	if rapid.Bool().Draw(t, "BOM") {
		text = "\ufeff" + text
	}
	return text
}

// realConfigs are configs as users have them.
func realConfigs(t testing.TB) map[string]string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", "configs", "*.toml"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no configs: %v", err)
	}
	all := map[string]string{"empty.toml": ""}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		all[filepath.Base(path)] = string(data)
	}
	return all
}

func TestRoundTripOfRealConfigs(t *testing.T) {
	for name, text := range realConfigs(t) {
		t.Run(name, func(t *testing.T) { checkRoundTrip(t, files{t, newDesktop(t, text)}) })
	}
}

// Codex keeps a table for every folder that it ever ran in.
func TestRoundTripOfALongConfig(t *testing.T) {
	var long strings.Builder
	long.WriteString("model = \"gpt-5.5\"\n\n")
	for n := range 1700 {
		fmt.Fprintf(&long, "[projects.\"/home/ann/%d\"]\ntrust_level = \"trusted\"\n\n", n)
	}
	d := newDesktop(t, long.String())
	on(t, d)
	off(t, d)
	same(t, d, long.String()+ourTable)
	on(t, d)
	uninstall(t, d)
	same(t, d, long.String())
}

func TestRoundTripOfGeneratedConfigs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := drawConfig(t)
		b, err := newMemory(text)
		if err != nil {
			t.Fatalf("the generator makes what is no TOML: %v\n%s", err, text)
		}
		checkRoundTrip(t, b)
	})
}

func FuzzRoundTrip(f *testing.F) {
	paths, err := filepath.Glob(filepath.Join("testdata", "configs", "*.toml"))
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	for _, piece := range slices.Concat(rootPieces, tablePieces, providerPieces, providerTables) {
		f.Add(piece)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if b, err := newMemory(text); err == nil {
			checkRoundTrip(t, b)
		}
	})
}

// tester is *testing.T or *rapid.T.
type tester interface {
	Helper()
	Fatal(...any)
	Fatalf(string, ...any)
}

// bench is a config, and what can be done to it.
type bench interface {
	on() error
	off() error
	uninstall() error
	text() string
	write(text string)
}

// memory is the switch without its files: fast, and a fuzzer can see through it.
type memory struct{ s switched }

func newMemory(text string) (*memory, error) {
	doc, err := tomledit.Parse([]byte(text))
	return &memory{switched{doc: doc, catalog: theLink.Catalog, key: testKey}}, err
}

func (m *memory) on() error {
	return m.edit(ClawRouter, func(s *switched) error { return s.turnOn(theLink.Port, theLink.Model, theLink.Catalog) })
}

func (m *memory) off() error { return m.edit(Subscription, (*switched).turnOff) }

func (m *memory) uninstall() error {
	if err := m.off(); err != nil {
		return err
	}
	_, err := m.s.removeTable()
	m.s.rec = record{}
	return err
}

// edit is all or nothing, as it is with files.
func (m *memory) edit(becomes Provider, change func(*switched) error) error {
	before := m.s
	before.doc, _ = tomledit.Parse(m.s.doc.Bytes())
	if err := change(&m.s); err != nil {
		m.s = before
		return err
	}
	m.s.rec.settle(becomes)
	return nil
}

func (m *memory) text() string { return string(m.s.doc.Bytes()) }

func (m *memory) write(text string) {
	doc, err := tomledit.Parse([]byte(text))
	if err != nil {
		panic(err)
	}
	m.s.doc = doc
}

// files is the switch as users have it.
type files struct {
	t *testing.T
	d *Desktop
}

func (f files) on() error         { _, err := f.d.On(f.t.Context(), theLink); return err }
func (f files) off() error        { _, err := f.d.Off(f.t.Context()); return err }
func (f files) uninstall() error  { _, err := f.d.Uninstall(f.t.Context()); return err }
func (f files) text() string      { return config(f.t, f.d) }
func (f files) write(text string) { put(f.t, f.d.Home.Config(), text) }

// checkRoundTrip holds the promise of the switch for the text in b. What the
// switch refuses, because a key of ours is something else there, stays as it is.
func checkRoundTrip(t tester, b bench) {
	t.Helper()
	text := b.text()
	if err := b.on(); err != nil {
		if got := b.text(); got != text {
			t.Fatalf("refused with %v, and changed %q to %q", err, text, got)
		}
		return
	}
	once := b.text()
	if !pointsAtOurs(text) {
		checkOn(t, text, once)
	}
	if err := b.on(); err != nil || b.text() != once {
		t.Fatalf("on twice: %v %s", err, cmp.Diff(once, b.text()))
	}
	if err := b.off(); err != nil {
		t.Fatalf("off: %v\n%s", err, once)
	}
	if pointsAtOurs(text) {
		return
	}
	checkOff(t, text, b.text())
	for _, steps := range [][]func() error{{b.uninstall}, {b.on, b.uninstall}, {b.on, b.off, b.on, b.off, b.uninstall}} {
		for _, step := range steps {
			if err := step(); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(text, b.text()); diff != "" {
			t.Fatalf("after %d steps: %s", len(steps), diff)
		}
	}
}

// pointsAtOurs reports whether a text that a fuzzer made holds lines that are to
// be taken for ours.
func pointsAtOurs(text string) bool {
	doc, err := tomledit.Parse([]byte(text))
	if err != nil {
		return false
	}
	s := switched{doc: doc, catalog: theLink.Catalog}
	return s.on(theLink.Port) || s.ours(modelKey, false) || s.ours(catalogKey, false) || doc.Has(providerPath...)
}

// checkOn: what on changes is our keys and our table, and nothing else.
func checkOn(t tester, before, after string) {
	t.Helper()
	want := decoded(t, before)
	want[modelKey], want[providerKey], want[catalogKey] = theLink.Model, ProviderID, theLink.Catalog
	addOurTable(want)
	if diff := cmp.Diff(want, decoded(t, after)); diff != "" {
		t.Fatal(diff)
	}
}

// checkOff: the original, byte for byte, and behind it our table.
func checkOff(t tester, before, after string) {
	t.Helper()
	want := decoded(t, before)
	addOurTable(want)
	if diff := cmp.Diff(want, decoded(t, after)); diff != "" {
		t.Fatal(diff)
	}
	doc, err := tomledit.Parse([]byte(before))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, inline := doc.Inline(providerPath...); inline {
		return
	}
	table, ok := strings.CutPrefix(after, before)
	if !ok {
		t.Fatalf("off: %s", cmp.Diff(before, after))
	}
	if strings.TrimSpace(strings.ReplaceAll(table, "\r\n", "\n")) != strings.TrimSpace(ourTable) {
		t.Fatalf("off leaves %q behind the original", table)
	}
}

func addOurTable(values map[string]any) {
	all, ok := values["model_providers"].(map[string]any)
	if !ok {
		all = map[string]any{}
		values["model_providers"] = all
	}
	var ours map[string]any
	if err := toml.Unmarshal([]byte(ourTable), &ours); err != nil {
		panic(err)
	}
	maps.Copy(all, ours["model_providers"].(map[string]any))
}

func decoded(t tester, text string) map[string]any {
	t.Helper()
	values := map[string]any{}
	if err := toml.Unmarshal([]byte(strings.TrimPrefix(text, "\ufeff")), &values); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return values
}

// A change that somebody makes while the config is on is the same change as one
// that is made after off.
func TestForeignEditsCommuteWithOff(t *testing.T) {
	edits := map[string]func(string) (string, error){
		"a table at the end": func(text string) (string, error) { return withTable(text), nil },
		"a comment on top": func(text string) (string, error) {
			rest, mark := strings.CutPrefix(text, "\ufeff")
			if mark {
				return "\ufeff# new\n" + rest, nil
			}
			return "# new\n" + rest, nil
		},
		"a root key":         set("new_key", "1"),
		"a value":            set("approval_policy", `"untrusted"`),
		"a key in a table":   set("features.goals", "false"),
		"a new table":        set("new.table.key", "[ 1,\n 2 ]"),
		"a key taken away":   drop("approval_policy"),
		"a table taken away": drop("mcp_servers"),
	}
	names := slices.Sorted(maps.Keys(edits))
	rapid.Check(t, func(t *rapid.T) {
		text := drawConfig(t)
		edit := edits[rapid.SampledFrom(names).Draw(t, "edit")]
		edited, err := edit(text)
		if err != nil || edited == text || strings.Trim(text, "\ufeff \t\r\n") == "" {
			t.Skip("nothing to change there")
		}
		inBetween, err := newMemory(text)
		if err != nil {
			t.Fatal(err)
		}
		afterwards, _ := newMemory(text)
		steps := []func() error{
			inBetween.on, foreign(inBetween, edit), inBetween.off,
			afterwards.on, afterwards.off, foreign(afterwards, edit),
		}
		for _, step := range steps {
			if err := step(); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(afterwards.text(), inBetween.text()); diff != "" {
			t.Fatalf("%s\n%q", diff, text)
		}
	})
}

func foreign(b bench, edit func(string) (string, error)) func() error {
	return func() error {
		text, err := edit(b.text())
		if err == nil {
			b.write(text)
		}
		return err
	}
}

func withTable(text string) string {
	eol := "\n"
	if strings.Contains(text, "\r\n") {
		eol = "\r\n"
	}
	if !strings.HasSuffix(text, "\n") {
		text += eol
	}
	return text + eol + "[mcp_servers.new]" + eol + "command = \"new\"" + eol
}

func set(path, literal string) func(string) (string, error) {
	return with(func(d *tomledit.Doc) error { return d.Set(literal, strings.Split(path, ".")...) })
}

func drop(path string) func(string) (string, error) {
	return with(func(d *tomledit.Doc) error { return d.DeleteTable(strings.Split(path, ".")...) })
}

func with(change func(*tomledit.Doc) error) func(string) (string, error) {
	return func(text string) (string, error) {
		d, err := tomledit.Parse([]byte(text))
		if err == nil {
			err = change(d)
		}
		if err != nil {
			return "", err
		}
		return string(d.Bytes()), nil
	}
}
