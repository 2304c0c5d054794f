package tomledit

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func parsed(t testing.TB, text string) *Doc {
	t.Helper()
	d, err := Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestDelete(t *testing.T) {
	tests := []struct{ name, before, path, after string }{
		{"what does not exist", "a = 1\n", "b", "a = 1\n"},
		{"a line", "a = 1\nb = 2\nc = 3\n", "b", "a = 1\nc = 3\n"},
		{"a number that equals nothing, not even itself", "x = nan\nb = 2\ny = [-nan]\n", "b", "x = nan\ny = [-nan]\n"},
		{"an indented line", "a = 1\n \tb = 2 \t\nc = 3\n", "b", "a = 1\nc = 3\n"},
		{"the comment on it stays", "a = 1 # mine\nb = 2\n", "a", "# mine\nb = 2\n"},
		{"the comment above it stays", "# mine\na = 1\nb = 2\n", "a", "# mine\nb = 2\n"},
		{"CRLF", "a = 1\r\nb = 2\r\n", "a", "b = 2\r\n"},
		{"the last line without an end", "a = 1\r\nb = 2", "b", "a = 1"},
		{"the only line", "b = 2", "b", ""},
		{"behind a byte-order mark", "\ufeffb = 2\na = 1\n", "b", "\ufeffa = 1\n"},
		{"several lines", "a = [\n 1, # ]\n]\nb = 2\n", "a", "b = 2\n"},
		{"text in quotes that looks alike", "a = \"\"\"\nb = 1\n\"\"\"\nb = 2\n", "b", "a = \"\"\"\nb = 1\n\"\"\"\n"},
		{"the same name in a table", "b = 2\n[t]\nb = 3\n", "b", "[t]\nb = 3\n"},
		{"in a table", "b = 2\n[t]\nb = 3\nc = 4\n", "t.b", "b = 2\n[t]\nc = 4\n"},
		{"a table's last key leaves the header", "[t]\nb = 3\n", "t.b", "[t]\n"},
		{"a dotted key", "t.u.a = 1\nt.u.b = 1\n", "t.u.a", "t.u.b = 1\n"},
		{"the last dotted key", "t.u.a = 1\nb = 1\n", "t.u.a", "b = 1\n"},
		{"the first of an inline table", "t = { a = 1, b = 2 }\n", "t.a", "t = { b = 2 }\n"},
		{"the last of an inline table", "t = { a = 1, b = 2 }\n", "t.b", "t = { a = 1 }\n"},
		{"the only one of an inline table", "t = { a = 1 }\n", "t.a", "t = {}\n"},
		{"one inline table in another", "t = { a = { b = 1 }, c = 2 }\n", "t.a", "t = { c = 2 }\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := parsed(t, tt.before)
			if err := d.Delete(strings.Split(tt.path, ".")...); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.after, string(d.Bytes())); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDeleteRefusesATable(t *testing.T) {
	for name, text := range map[string]string{
		"a table": "[t]\na = 1\n", "a table of dotted keys": "t.a = 1\n", "a list of tables": "[[t]]\na = 1\n",
	} {
		t.Run(name, func(t *testing.T) {
			d := parsed(t, text)
			if err := d.Delete("t"); !errors.Is(err, ErrConflict) {
				t.Errorf("got %v", err)
			}
			if got := string(d.Bytes()); got != text {
				t.Errorf("became %q", got)
			}
		})
	}
}

func TestDeleteTable(t *testing.T) {
	tests := []struct{ name, before, after string }{
		{"what does not exist", "[u]\na = 1\n", "[u]\na = 1\n"},
		{"the last one", "a = 1\n\n[p.c]\nb = 2\n", "a = 1\n"},
		{"the only one", "[p.c]\nb = 2\n", ""},
		{"the first one", "[p.c]\nb = 2\n\n[u]\na = 1\n", "[u]\na = 1\n"},
		{"between two", "[a]\nb = 1\n\n[p.c]\nb = 2 # x\n# y\nc = 3\n\n[u]\na = 1\n", "[a]\nb = 1\n\n[u]\na = 1\n"},
		{"another's comment stays", "[p.c]\nb = 2\n# about u\n[u]\n", "# about u\n[u]\n"},
		{"one blank line that parts others stays", "[a]\n\n[p.c]\nb = 2\n[u]\n", "[a]\n\n[u]\n"},
		{"with the tables below", "[p.c]\nb = 2\n\n[p.c.d]\ne = 1\n\n[p.cc]\nx = 1\n", "[p.cc]\nx = 1\n"},
		{"with a list of tables below", "[[p.c.l]]\ne = 1\n[[p.c.l]]\ne = 1\n[x]\n", "[x]\n"},
		{"dotted keys", "p.c.a = 1\nx = 1\np.c.b = 1\n", "x = 1\n"},
		{"an inline table", "p = { c = { a = 1 }, d = 1 }\n", "p = { d = 1 }\n"},
		{"a key in its parent", "[p]\nc = { a = 1 }\nd = 1\n", "[p]\nd = 1\n"},
		{"no final line ending", "a = 1\n\n[p.c]\nb = 2", "a = 1"},
		{"CRLF", "a = 1\r\n\r\n[p.c]\r\nb = 2\r\n", "a = 1\r\n"},
		{"the comment behind its header stays", "a = 1\n\n[p.c] # mine\nb = 2\n# y\nc = 3\n\n[u]\n", "a = 1\n\n# mine\n\n[u]\n"},
		{"likewise on the last line", "a = 1\n[p.c] # mine", "a = 1\n# mine"},
		{"likewise, with keys and no final line ending", "[p.c] # mine\r\nb = 2", "# mine"},
		{"likewise of a list", "[[p.c.l]] # one\ne = 1\n[[p.c.l]]\ne = 1\n", "# one\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := parsed(t, tt.before)
			if err := d.DeleteTable("p", "c"); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.after, string(d.Bytes())); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRestore(t *testing.T) {
	const original = "a = 1\nmodel\t= 'gpt' # best\nz = 2\n[t]\nmodel = 3\n"
	tests := []struct{ name, now, want string }{
		{"only its value changed", strings.Replace(original, "'gpt'", `"x"`, 1), original},
		{"its comment was dropped", strings.Replace(original, "'gpt' # best", `"x"`, 1), original},
		{"its comment was changed", strings.Replace(original, "'gpt' # best", `"x" # new`, 1), strings.Replace(original, "best", "new", 1)},
		{"it is gone", strings.Replace(original, "model\t= 'gpt' # best\n", "", 1), original},
		{"its neighbour before is gone too", "z = 2\n[t]\nmodel = 3\n", "model\t= 'gpt' # best\nz = 2\n[t]\nmodel = 3\n"},
		{"all neighbours are gone", "b = 1\n[t]\nmodel = 3\n", "b = 1\nmodel\t= 'gpt' # best\n[t]\nmodel = 3\n"},
		{"a neighbour's name moved into a table", "[a]\nz = 2\n", "model\t= 'gpt' # best\n\n[a]\nz = 2\n"},
		{"nothing is left", "", "model\t= 'gpt' # best\n"},
	}
	place, ok := parsed(t, original).Place("model")
	if want := (Place{Line: "model\t= 'gpt' # best", Literal: "'gpt'", After: []string{"a"}, Before: []string{"z"}}); !ok || cmp.Diff(want, place) != "" {
		t.Fatalf("place %+v", place)
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := parsed(t, tt.now)
			if err := d.Restore("model", place); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, string(d.Bytes())); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A new root key that is deleted again leaves the file as it was, but for the
// blank line that Set puts between it and a table.
func TestDeleteUndoesSet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		before := strings.Join(rapid.SliceOf(rapid.SampledFrom(fragments)).Draw(t, "fragments"), "")
		d, err := Parse([]byte(before))
		if err != nil || d.Has("fresh") {
			t.Skip("no TOML")
		}
		gap := !d.HasRootKeys() && !d.Empty()
		if err := d.Set(`"value"`, "fresh"); err != nil {
			t.Fatal(err)
		}
		if gap {
			if err := d.TrimBlankBehind("fresh"); err != nil {
				t.Fatal(err)
			}
		}
		if err := d.Delete("fresh"); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(before, string(d.Bytes())); diff != "" {
			t.Fatal(diff)
		}
	})
}

func FuzzDelete(f *testing.F) {
	for _, s := range fragments {
		f.Add(s)
	}
	f.Add("\ufeffa = 1\r\n[t]\r\nb = { c = [ { d = 1 } ], c2 = { } }")
	f.Fuzz(func(t *testing.T, text string) {
		d, err := Parse([]byte(text))
		if err != nil {
			return
		}
		for _, i := range d.items {
			e := parsed(t, text)
			// Refusing is allowed, deleting anything else is not: cut sees to it.
			if e.DeleteTable(i.path...) == nil && e.Has(i.path...) {
				t.Fatalf("%q is still in %q", i.path, e.Bytes())
			}
		}
	})
}
