package translate

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
)

// script is one file of testdata/stream: what upstream sends, and above it, in
// lines that begin with #, what the case is about.
type script struct {
	name     string
	head     string // the comment and the upstream part, as they stand
	request  string
	codex    bool
	buffered bool
	upstream []byte
}

const divider = "----------\n"

// declared is the request behind a script that names none: one tool of each kind.
const declared = `{"model":"glm-5","stream":true,"input":"hi","tools":[` +
	`{"type":"function","name":"exec_command","strict":false,"parameters":{"type":"object","properties":{"cmd":{"type":"string"}}}},` +
	`{"type":"custom","name":"apply_patch"},` +
	`{"type":"tool_search","execution":"client","description":"Finds tools.","parameters":{"type":"object"}},` +
	`{"type":"namespace","name":"mcp__echo","description":"Echoes.","tools":[{"type":"function","name":"echo","strict":false,"parameters":{"type":"object"}}]}]}`

func scripts(t testing.TB) []script {
	t.Helper()
	files, err := filepath.Glob("testdata/stream/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	var all []script
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		head, _, ok := strings.Cut(string(text), divider)
		if !ok {
			t.Fatalf("%s has no line %q", file, strings.TrimSpace(divider))
		}
		all = append(all, readScript(strings.TrimSuffix(filepath.Base(file), ".txt"), head))
	}
	return all
}

// readScript takes the lines above the divider. "@codex" makes the client Codex,
// "@buffered" makes upstream's answer one JSON object, "@request {…}" is another
// request; every other line is one event of upstream.
func readScript(name, head string) script {
	s := script{name: name, head: head, request: declared}
	for line := range strings.Lines(head) {
		line = strings.TrimSuffix(line, "\n")
		switch {
		case line == "" || line[0] == '#':
		case line == "@codex":
			s.codex = true
		case line == "@buffered":
			s.buffered = true
		case strings.HasPrefix(line, "@request "):
			s.request = strings.TrimPrefix(line, "@request ")
		case s.buffered:
			s.upstream = append(s.upstream, line...)
		default:
			s.upstream = append(s.upstream, line+"\n\n"...)
		}
	}
	return s
}

// play returns the bytes that a client gets.
func (sc script) play(t testing.TB) []byte {
	s := newStream(t, sc.request, sc.codex)
	if sc.buffered {
		return buffered(s, sc.upstream)
	}
	return stream(s, sc.upstream)
}

func TestGoldenStreams(t *testing.T) {
	for _, sc := range scripts(t) {
		t.Run(sc.name, func(t *testing.T) {
			events := mustRead(t, sc.play(t))
			golden(t, "stream/"+sc.name+".txt", []byte(sc.head+divider+show(t, events)))
		})
	}
}

// show writes events for a person: one line each, without what is the same in all.
func show(t testing.TB, events []event) string {
	t.Helper()
	var b strings.Builder
	for _, e := range events {
		fmt.Fprintf(&b, "%-38s ", strings.TrimPrefix(e.Type, "response."))
		switch {
		case e.Response != nil:
			b.WriteString(showResponse(t, e))
		case e.Item != nil:
			fmt.Fprintf(&b, "%d %s", *e.OutputIndex, brief(e.Item))
		default:
			fmt.Fprintf(&b, "%d %s ", *e.OutputIndex, e.ItemID)
			if e.Part != nil {
				b.Write(brief(e.Part))
			}
			if e.Name != "" {
				b.WriteString(e.Name + " ")
			}
			for _, s := range []*string{e.Delta, e.Text, e.Arguments, e.Input} {
				if s != nil {
					fmt.Fprintf(&b, "%q", *s)
				}
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// brief leaves out the empty lists that every text part has.
func brief(v []byte) []byte {
	return bytes.ReplaceAll(v, []byte(`"annotations":[],"logprobs":[],`), nil)
}

func showResponse(t testing.TB, e event) string {
	t.Helper()
	var r responseObject
	if err := json.Unmarshal(e.Response, &r); err != nil {
		t.Fatal(err)
	}
	line := r.ID + " " + r.Status + " " + r.Model
	if e.Type == evCreated || e.Type == evInProgress {
		return line
	}
	for _, item := range r.Output {
		var it outputItem
		if err := json.Unmarshal(item, &it); err != nil {
			t.Fatal(err)
		}
		line += " " + it.ID
	}
	for name, v := range map[string][]byte{"error": r.Error, "incomplete": r.IncompleteDetails} {
		if string(v) != "null" {
			line += " " + name + " " + string(v)
		}
	}
	return line + "\n" + strings.Repeat(" ", 39) + "usage " + string(r.Usage)
}
