package translate

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestPiecesOfCalls shows which pieces of tool_calls belong together, as servers
// of all kinds leave out or repeat what tells them apart. A piece is written as
// index/id/name/arguments, each of which may be missing.
func TestPiecesOfCalls(t *testing.T) {
	for _, c := range []struct{ name, pieces, want string }{
		{"by index", `0/a/f/ 1/b/f/ 0///{"x":1} 1///{"x":2}`, `f({"x":1}) f({"x":2})`},
		{"by id", `/a/f/ /b/f/ /a//{"x":1} /b//{"x":2}`, `f({"x":1}) f({"x":2})`},
		{"by id and index", `0/a/f/ 1/b/g/ 0/a//{"x":1} 1/b//{"x":2}`, `f({"x":1}) g({"x":2})`},
		{"by being the last", `/a/f/{"x": ///1}`, `f({"x":1})`},
		{"one id, two indices", `0/a/f/ 1/a/f/ 0/a//{"x":1} 1/a//{"x":2}`, `f({"x":1}) f({"x":2})`},
		{"an index that comes late", `/a/f/{"x": 0/a//1}`, `f({"x":1})`},
		{"an index that gets lost", `0/a/f/{"x": /a//1}`, `f({"x":1})`},
		{"an id that comes late", `0//f/ 0/a//{"x":1}`, `f({"x":1})`},
		{"an id that changes", `0/a/f/ 0/b//{"x": 0/c//1}`, `f({"x":1})`},
		{"an index for all", `0/a/f/{"x":1} 0/b/f/{"x":2} 0/b//}`, `f({"x":1}) f({"x":2}})`},
		{"the newest of an index", `0/a/f/{} 0/b/f/ 0///{"x":2}`, `f({}) f({"x":2})`},
		{"a new name", `0//f/{"x": 0//g/{}`, `f({"x":) g({})`},
		{"the name again before the end", `0//f/{"x": 0//f/1}`, `f({"x":1})`},
		{"the name again after the end", `0//f/{"x":1} 0//f/{"x":2}`, `f({"x":1}) f({"x":2})`},
		{"the name again without arguments", `0/a/f/{"x":1} 0/a/f/`, `f({"x":1})`},
		{"a new name without arguments", `//f/{} //g/`, `f({}) g({})`},
		{"a whole call twice with one id", `/a/f/{"x":1} /a/f/{"x":1}`, `f({"x":1}) f({"x":1})`},
		{"the name again, then its arguments", `//f/ ///{"x":1} //f/ ///{"x":2}`, `f({"x":1}) f({"x":2})`},
		{"the same with an index for all", `0//f/ 0///{"x": 0///1} 0//f/ 0///{"x":2}`, `f({"x":1}) f({"x":2})`},
		{"the name in every piece", `0//f/{"x": 0//f/1} 0//f/`, `f({"x":1})`},
		{"an index that nobody had", `0/a/f/{} 7///{"x":1}`, `f({}) ({"x":1})`},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newStream(t, declared, false)
			s.Begin()
			for piece := range strings.FieldsSeq(c.pieces) {
				f := strings.SplitN(piece, "/", 4)
				fields := []string{}
				if f[0] != "" {
					fields = append(fields, `"index":`+f[0])
				}
				if f[1] != "" {
					fields = append(fields, `"id":"`+f[1]+`"`)
				}
				function := `"arguments":` + string(quote(f[3]))
				if f[2] != "" {
					function += `,"name":"` + f[2] + `"`
				}
				fields = append(fields, `"function":{`+function+`}`)
				chunk := `{"choices":[{"delta":{"tool_calls":[{` + strings.Join(fields, ",") + `}]}}]}`
				if err := s.Chunk([]byte(chunk)); err != nil {
					t.Fatal(err)
				}
			}
			var got []string
			for _, call := range s.calls {
				args := text(`"` + string(call.args) + `"`).String()
				if args == "" {
					args = "{}" // as it will be written
				}
				got = append(got, call.name+"("+args+")")
			}
			if diff := cmp.Diff(c.want, strings.Join(got, " ")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestNamesAsModelsSpellThem: models leave a namespace out, or write it with a dot;
// Codex knows no such tool.
func TestNamesAsModelsSpellThem(t *testing.T) {
	const tools = `{"model":"m","input":"x","tools":[{"type":"namespace","name":"mcp__e","tools":[{"type":"function","name":"echo"},{"type":"function","name":"twice"}]},{"type":"function","name":"twice"}]}`
	for said, want := range map[string]toolRef{
		"mcp__e__echo": {namespace: "mcp__e", name: "echo"}, "echo": {namespace: "mcp__e", name: "echo"}, "mcp__e.echo": {namespace: "mcp__e", name: "echo"},
		"functions.echo": {namespace: "mcp__e", name: "echo"}, "twice": {name: "twice"}, "nobody": {name: "nobody"},
	} {
		s := newStream(t, tools, true)
		buffered(s, []byte(`{"choices":[{"message":{"tool_calls":[{"id":"a","function":{"name":"`+said+`","arguments":"{}"}}]},"finish_reason":"tool_calls"}]}`))
		if len(s.calls) != 1 || s.calls[0].ref != want {
			t.Errorf("%s: %+v", said, s.calls[0].ref)
		}
	}
}
