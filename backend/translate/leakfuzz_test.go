package translate

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// checkSplit splits content in one piece and at the cuts, and checks what holds for
// every content: the cuts change nothing, text and thoughts are content in its
// order, calls are of declared tools with an object for arguments, and little is
// held.
func checkSplit(t interface {
	Helper()
	Fatalf(string, ...any)
}, tools *leakTools, content string, cuts []byte, cut bool) {
	t.Helper()
	whole := splitPieces(tools, cut, content)
	var f found
	p := newSplitter(tools.turn, &f)
	p.tools = *tools
	rest := content
	for _, c := range cuts {
		n := min(int(c), len(rest))
		give(p, &f, rest[:n])
		rest = rest[n:]
		if len(p.buf) > maxHeld || !p.matching && len(p.buf) > 0 {
			t.Fatalf("%d bytes held", len(p.buf))
		}
	}
	give(p, &f, rest)
	p.end(cut)
	if p.base != len(content) {
		t.Fatalf("content %q: %d of %d bytes counted", content, p.base, len(content))
	}
	if !slices.Equal(whole, f.parts) {
		t.Fatalf("content %q (-whole +pieces):\n%s", content, cmp.Diff(whole, f.parts))
	}
	left, taken := content, false
	for _, part := range whole {
		kind, s, _ := strings.Cut(part, ": ")
		if kind == "call" {
			name, args, _ := strings.Cut(s, " ")
			if _, ok := tools.turn.names.byUpstream[name]; !ok || !jsontext.Value(args).IsValid() || args[0] != '{' {
				t.Fatalf("content %q: not a call: %s", content, s)
			}
		}
		if taken = taken || kind != "text"; kind == "call" {
			continue
		}
		for len(s) > 0 {
			// A line break of ours stands between two thoughts.
			i := strings.IndexByte(left, s[0])
			if i < 0 {
				t.Fatalf("content %q: %q is not of it", content, part)
			}
			left, s = left[i+1:], s[1:]
		}
	}
	if !taken && !mayThink(content) && !slices.Equal(whole, onlyText(content)) {
		t.Fatalf("content %q became %q", content, whole)
	}
	if p.work > (workFactor+2)*len(content)+workSlack {
		t.Fatalf("content %q: %d bytes read", content, p.work)
	}
}

func onlyText(content string) []string {
	if content == "" {
		return nil
	}
	return []string{"text: " + content}
}

// mayThink reports whether content holds a mark of a thought, which is left out
// where a template wrote it.
func mayThink(content string) bool {
	return slices.ContainsFunc(leakMarks[:], func(k leakMark) bool {
		return (k.kind == markThink || k.kind == markThought) && strings.Contains(content, k.text)
	})
}

// give gives a piece to a splitter as a Stream does, on the fast path if there is
// one. A piece that cuts a character never comes to a Stream's splitter.
func give(p *splitter, f *found, piece string) {
	escaped := appendEscaped(nil, piece)
	if !utf8.ValidString(piece) {
		p.feed([]byte(piece))
		return
	}
	switch p.pass(escaped) {
	case passText:
		f.leakedText([]byte(piece))
	case passThought:
		f.leakedThought([]byte(piece))
	default:
		p.feed([]byte(piece))
	}
}

// leakPieces are what the wild writes calls of; strings of them are mostly wrong.
func leakPieces() []string {
	pieces := []string{
		"\n", "\n\n", " ", "    ", "text", ".", ":", "`", "``", "```", "```json\n", "~~~", "<", ">", "[", "]", "{", "}", "\"", "\\", ",", ";", ":0", "é", "🦊",
		"shell", "get_goal", "apply_patch", "echo", "nope", "functions.shell", "function", "cmd", "ls", "name", "arguments",
		`"name": `, `"arguments": `, `"shell"`, `{"name": "shell", "arguments": {"cmd": "ls"}}`, `{"cmd": "ls"}`, `{"name": "nope", "arguments": {}}`,
		"<parameter=cmd>", `<parameter name="cmd">`, "</parameter>", "</function>", "</invoke>", `">`, "<arg_key>", "</arg_key>", "<arg_value>", "</arg_value>",
		"<|tool_call_argument_begin|>", "<｜tool▁sep｜>", "[ARGS]", "[CALL_ID]", `<｜DSML｜parameter name="cmd" string="true">`, "</｜DSML｜parameter>", "</｜DSML｜invoke>",
	}
	for _, k := range leakMarks {
		pieces = append(pieces, k.text)
	}
	for _, f := range leakForms() {
		pieces = append(pieces, f.before, f.call("shell", "a\n<b>"), f.call("nope", "x"), f.after)
	}
	return slices.DeleteFunc(pieces, func(s string) bool { return s == "" })
}

// Whatever a model writes, the outcome does not depend on how it was cut, and
// nothing is made up.
func TestSplitterProperties(t *testing.T) {
	tools := leakedTools(t)
	pieces := leakPieces()
	rapid.Check(t, func(rt *rapid.T) {
		content := strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 14).Draw(rt, "content"), "")
		cuts := rapid.SliceOf(rapid.ByteRange(0, 40)).Draw(rt, "cuts")
		checkSplit(rt, tools, content, cuts, rapid.Bool().Draw(rt, "cut"))
	})
}

// FuzzLeak gives the splitter any content in any pieces.
func FuzzLeak(f *testing.F) {
	for _, form := range leakForms() {
		for i, a := range form.answers() {
			f.Add(a.content, []byte{byte(i), 1, 2, 3, 5, 8, 13}, i%2 == 0)
		}
	}
	f.Add("<think>\nhm\n</think>\n\nx</think>", []byte{3, 9}, false)
	f.Add(strings.Repeat("<tool_call>\n", 40), []byte{200}, false)
	f.Add(strings.Repeat("<tool_call>nope\n<arg_key>a</arg_key><arg_value>\n", 20), []byte{200}, true)
	f.Add(strings.Repeat("\n<function=shell><parameter=cmd>", 20), []byte{}, false)
	f.Add("````\n```\n`` a ``` b", []byte{1, 1, 1, 1, 1}, false)
	tools := leakedTools(f)
	f.Fuzz(func(t *testing.T, content string, cuts []byte, cut bool) {
		checkSplit(t, tools, content, cuts, cut)
	})
}

// deaf is a sink for what does not matter.
type deaf struct{}

func (deaf) leakedText([]byte)         {}
func (deaf) leakedThought([]byte)      {}
func (deaf) leakedCall(string, []byte) {}

// A hostile answer, in which each tag begins a call that fails only at the end,
// costs no more for each byte than a long one.
func TestSplitterWorkIsBounded(t *testing.T) {
	tools := leakedTools(t)
	for name, piece := range map[string]string{
		"open tags":         "<tool_call>\n",
		"open functions":    "\n<function=shell><parameter=cmd>",
		"foreign functions": "\n<function=nope><parameter=cmd>",
		"open JSON":         "\n\n{\"name\": \"shell\", \"arguments\": {\"a\": \"",
		"tails":             "\n\n{\"name\": \"shell\", \"arguments\": {}}",
		"tails in a line":   " .<tool_call>get_goal</tool_call>",
		"white space":       "\n<tool_call>get_goal</tool_call>" + strings.Repeat(" ", 500),
		"fences":            "\n```\n",
		"end marks":         "<|im_end|>",
		"thoughts":          "<think>\n</think>\n",
	} {
		content := strings.Repeat(piece, (maxHeld+maxHeld/4)/len(piece)) + "x"
		p := newSplitter(tools.turn, deaf{})
		for i := 0; i < len(content); i += 1000 {
			p.feed([]byte(content[i:min(i+1000, len(content))]))
			if len(p.buf) > maxHeld+1000 {
				t.Fatalf("%s: %d bytes held", name, len(p.buf))
			}
		}
		p.end(false)
		if limit := (workFactor+2)*len(content) + workSlack; p.work > limit {
			t.Errorf("%s: %d bytes read of %d", name, p.work, len(content))
		}
	}
}

// A call that is larger than what may be held is text, and so is all that is in it.
func TestSplitterHoldsNoMore(t *testing.T) {
	tools := leakedTools(t)
	inner := "\n<tool_call>\n" + jsonCall("shell", "rm") + "\n</tool_call>\n"
	content := "<function=shell>\n<parameter=cmd>\n" + strings.Repeat("x", maxHeld) + inner + "</parameter>\n</function>"
	want := []string{"text: " + content}
	if got := splitPieces(tools, false, content); !slices.Equal(got, want) {
		t.Errorf("%d parts, the last %q", len(got), got[len(got)-1][:40])
	}
	fits := "<function=shell>\n<parameter=cmd>\n" + strings.Repeat("x", maxHeld-100) + "\n</parameter>\n</function>"
	if got := splitPieces(tools, false, fits); len(got) != 1 || !strings.HasPrefix(got[0], "call: shell ") {
		t.Errorf("a call of nearly that size became %d parts", len(got))
	}
}
