package tomledit

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestSet(t *testing.T) {
	tests := []struct {
		name, before, path, value, after string
	}{
		{"beside a number that equals nothing", "x = { y = nan }\n", "model", `"x"`, "x = { y = nan }\nmodel = \"x\"\n"},
		{"an empty file", "", "model", `"x"`, "model = \"x\"\n"},
		{
			"a value keeps its spacing and comment",
			"model   =  'old'\t# mine\nb = 1\n", "model", `"new"`,
			"model   =  \"new\"\t# mine\nb = 1\n",
		},
		{
			"a new root key goes after the last one, not into a table",
			"a = 1 # one\n\n# about t\n[t]\nmodel = 2\n", "model", `"x"`,
			"a = 1 # one\nmodel = \"x\"\n\n# about t\n[t]\nmodel = 2\n",
		},
		{
			"a file without root keys gets it on top",
			"# about t\n[t]\nmodel = 2\n", "model", `"x"`,
			"model = \"x\"\n\n# about t\n[t]\nmodel = 2\n",
		},
		{
			"a key goes to the end of its table",
			"[t]\na = 1\n\n[t.u]\nb = 2\n", "t.c", "3",
			"[t]\na = 1\nc = 3\n\n[t.u]\nb = 2\n",
		},
		{"a table without keys", "[ t ] # empty\n[u]\n", "t.c", "3", "[ t ] # empty\nc = 3\n[u]\n"},
		{
			"a new table goes to the end",
			"a = 1", "t.u.c", "3",
			"a = 1\n\n[t.u]\nc = 3\n",
		},
		{
			"text that looks like TOML is left alone",
			"a = \"\"\"\n[t]\nc = 1\n\"\"\"\n[t]\nb = [\n  1, # ]\n]\n", "t.c", "3",
			"a = \"\"\"\n[t]\nc = 1\n\"\"\"\n[t]\nb = [\n  1, # ]\n]\nc = 3\n",
		},
		{"dotted keys", "t.u.a = 1\nz = 2\n", "t.u.c", "3", "t.u.a = 1\nt.u.c = 3\nz = 2\n"},
		{"dotted keys under a header", "[t]\nu.a = 1\n", "t.u.c", "3", "[t]\nu.a = 1\nu.c = 3\n"},
		{"an inline table", "t = { a = 1 }\n", "t.c", "3", "t = { a = 1, c = 3 }\n"},
		{"an empty inline table", "t = {}\n", "t.c", "3", "t = { c = 3 }\n"},
		{"inside nested inline tables", "t = { u = {a=1} }\n", "t.u.c", "3", "t = { u = {a=1, c = 3} }\n"},
		{"a value in an inline table", "t = { a = 1, b = 2 }\n", "t.a", "9", "t = { a = 9, b = 2 }\n"},
		{"quoted keys are the same keys", "\"mo\\u0064el\" = 1\n", "model", "2", "\"mo\\u0064el\" = 2\n"},
		{"keys that need quotes", "", "a b.c", "1", "[\"a b\"]\nc = 1\n"},
		{"CRLF stays", "a = 1\r\n[t]\r\nb = 2\r\n", "t.c", "3", "a = 1\r\n[t]\r\nb = 2\r\nc = 3\r\n"},
		{"a byte-order mark stays first", "\ufeff[t]\na = 1\n", "model", "1", "\ufeffmodel = 1\n\n[t]\na = 1\n"},
		{"no final newline", "[t]\na = 1", "t.c", "3", "[t]\na = 1\nc = 3"},
		{
			"a header before a list of tables",
			"[t]\na = 1\n[[l]]\na = 2\n", "t.c", "3",
			"[t]\na = 1\nc = 3\n[[l]]\na = 2\n",
		},
		{"a whole array is replaced", "a = [\n 1,\n 2,\n] # two\n", "a", "[]", "a = [] # two\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d, err := Parse([]byte(tt.before))
			if err != nil {
				t.Fatal(err)
			}
			path := strings.Split(tt.path, ".")
			if err := d.Set(tt.value, path...); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.after, string(d.Bytes())); diff != "" {
				t.Fatal(diff)
			}
			if got, ok := d.Get(path...); !ok || got != tt.value {
				t.Errorf("Get says %q, %v", got, ok)
			}
			if err := d.Set(tt.value, path...); err != nil || string(d.Bytes()) != tt.after {
				t.Errorf("a second Set changes the file: %v\n%s", err, d.Bytes())
			}
		})
	}
}

func TestSetRefuses(t *testing.T) {
	tests := []struct{ name, before, path, value string }{
		{"a key below a number", "t = 1\n", "t.c", "3"},
		{"a key in a list of tables", "[[t]]\na = 1\n", "t.c", "3"},
		{"a key below a list of tables", "[[t]]\n[t.u]\na = 1\n", "t.u.c", "3"},
		{"a value over a table", "[t]\na = 1\n", "t", "3"},
		{"text that is no value", "a = 1\n", "a", "1 2"},
		{"a value that smuggles in a key", "a = 1\n", "a", "1\nb = 2"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d, err := Parse([]byte(tt.before))
			if err != nil {
				t.Fatal(err)
			}
			if err := d.Set(tt.value, strings.Split(tt.path, ".")...); err == nil {
				t.Errorf("became\n%s", d.Bytes())
			}
			if string(d.Bytes()) != tt.before {
				t.Errorf("changed to\n%s", d.Bytes())
			}
		})
	}
}

func TestParseTellsTheLine(t *testing.T) {
	for name, tt := range map[string]struct {
		text         string
		line, column int
	}{
		"no value":        {"a = 1\nb = \n", 2, 5},
		"a key twice":     {"a = 1\na = 2\n", 2, 1},
		"an open bracket": {"a = [1,\n", 1, 8},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Parse([]byte(tt.text))
			var syntax *SyntaxError
			if !errors.As(err, &syntax) {
				t.Fatalf("got %v", err)
			}
			if syntax.Line != tt.line {
				t.Errorf("line %d, column %d, want %d, %d: %v", syntax.Line, syntax.Column, tt.line, tt.column, err)
			}
		})
	}
}

// An edit leaves every byte outside one place as it was.
func TestSetChangesOnePlace(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		before := strings.Join(rapid.SliceOf(rapid.SampledFrom(fragments)).Draw(t, "fragments"), "")
		d, err := Parse([]byte(before))
		if err != nil {
			t.Skip("no TOML")
		}
		path := rapid.SampledFrom([]string{"model", "t.c", "t.u.c", "model_providers.clawrouter.name", "q r.s"}).Draw(t, "path")
		keys := strings.Split(path, ".")
		if err := d.Set(`"value"`, keys...); err != nil {
			if !errors.Is(err, ErrConflict) && !strings.Contains(err.Error(), "column") {
				t.Fatalf("%v\n%s", err, before)
			}
			return
		}
		checkOnePlace(t, before, string(d.Bytes()))
	})
}

func checkOnePlace(t *rapid.T, before, after string) {
	start := 0
	for start < len(before) && start < len(after) && before[start] == after[start] {
		start++
	}
	end := 0
	for end < len(before)-start && end < len(after)-start && before[len(before)-1-end] == after[len(after)-1-end] {
		end++
	}
	// What went away can only be one old value; new lines and headers only come.
	if gone := before[start : len(before)-end]; strings.ContainsAny(gone, "=[\n") && !strings.HasPrefix(gone, "\n") {
		t.Fatalf("took %q away from\n%s\nleaving\n%s", gone, before, after)
	}
}

// fragments are pieces of config files; most sequences of them are TOML.
var fragments = []string{
	"# a comment\n", "\n", "\r\n", "   \t\n", "model = \"a\" # why\n", "\"model\" = 'b'\n", "z = 1\n",
	"[t]\n", "[ t . u ]  # header\n", "[t.u.v]\n", "[[l]]\n", "[l.m]\n", "[model_providers.openai]\n", "[model_providers]\n",
	"c = 3\n", "c = 'x'\r\n", "u = { a = 1 }\n", "u.a = 1\n", "t.u.x = 1\n", "t = { u = {} }\n", "t = 5\n",
	"s = \"\"\"\n[t]\nmodel = 1\n\"\"\"\n", "s2 = '''\nmodel = '''\n", "arr = [ # [\n  \"[t]\",\n]\n",
	"clawrouter = { base_url = \"x\" }\n", "model_providers.clawrouter.wire_api = \"r\"\n", "end = 1",
}

func FuzzSet(f *testing.F) {
	for _, s := range fragments {
		f.Add(s)
	}
	f.Add("\ufeffa = 1\n[t]\nb = { c = [ { d = 1 } ] }")
	f.Fuzz(func(t *testing.T, text string) {
		d, err := Parse([]byte(text))
		if err != nil {
			return
		}
		if string(d.Bytes()) != text {
			t.Fatalf("reading changes the file: %q", d.Bytes())
		}
		for _, path := range [][]string{{"model"}, {"t", "c"}, {"model_providers", "clawrouter", "name"}} {
			if d.Set(`"v"`, path...) != nil {
				continue
			}
			if got, ok := d.Get(path...); !ok || got != `"v"` {
				t.Fatalf("%v is %q, %v in %q", path, got, ok, d.Bytes())
			}
		}
	})
}
