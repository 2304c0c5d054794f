package translate

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Thoughts that stand in the text, by how templates write them.
func TestLeakedThoughts(t *testing.T) {
	tools := leakedTools(t)
	call := "<tool_call>\n" + jsonCall("shell", "ls") + "\n</tool_call>"
	ran := loose1(shellCall("ls"))
	for _, c := range []written{
		{"before the answer", "<think>\nFirst, think.\n\nThen.\n</think>\n\nAnswer.", []string{"thought: First, think.\n\nThen.", "text: Answer."}},
		{"in one line", "<think>hm</think>Answer.", []string{"thought: hm", "text: Answer."}},
		{"white space before", "\n\n <think>hm</think>x", []string{"text: \n\n ", "thought: hm", "text: x"}},
		{"of none", "<think>\n\n</think>\n\nAnswer.", []string{"text: Answer."}},
		{"not closed", "<think>\nhm\n", []string{"thought: hm"}},
		{"not closed, half a tag", "<think>\nhm\n</thi", []string{"thought: hm\n</thi"}},
		{"a closing tag alone", "</think>\n\nAnswer.", []string{"text: Answer."}},
		{"a closing tag after white space", "\n</think>\nAnswer.", []string{"text: \n", "text: Answer."}},
		{"a closing tag later", "Answer.\n</think>\nx", []string{"text: Answer.\n</think>\nx"}},
		{"two thoughts", "<think>a</think>\n<think>b</think>\nAnswer.", []string{"thought: a\n\nb", "text: Answer."}},
		{"an empty thought between two", "<think>a</think><think>\n</think><think>\nb</think>x", []string{"thought: a\n\nb", "text: x"}},
		{"a call between two", "<think>a</think>" + call + "<think>b</think>", []string{"thought: a", ran, "thought: b"}},
		{"another tag", "<thinking>\na\n</thinking>\nx", []string{"thought: a", "text: x"}},
		{"Gemma's tag", "<thought>a</thought>x", []string{"thought: a", "text: x"}},
		{"Seed's tag", "<seed:think>a</seed:think>x", []string{"thought: a", "text: x"}},
		{"Mistral's tag", "[THINK]a[/THINK]x", []string{"thought: a", "text: x"}},
		{"tags of another kind in it", "<think>a</thinking> <b> [/THINK]</think>x", []string{"thought: a</thinking> <b> [/THINK]", "text: x"}},
		{"nearly a closing tag", "<think>a<<</think>b</thinkx</think>c", []string{"thought: a<<", "text: b</thinkx</think>c"}},
		{"a call in it", "<think>\nI could " + call + "\n" + call + "\n</think>\nNo.",
			[]string{"thought: I could " + call + "\n" + call, "text: No."}},
		{"a call after it", "<think>hm</think>\n" + call, []string{"thought: hm", ran}},
		{"JSON after it", "<think>hm</think>\n\n" + jsonCall("shell", "ls"), []string{"thought: hm", ran}},
		{"after a call", call + "\n<think>hm</think>\nDone.", []string{ran, "text: \n", "thought: hm", "text: Done."}},
		{"code after it keeps its indent", "<think>hm</think>\n\n    x", []string{"thought: hm", "text:     x"}},
		{"in code", "```\n<think>hm</think>\n```", []string{"text: ```\n<think>hm</think>\n```"}},
		{"in the middle", "Answer <think>hm</think>", []string{"text: Answer <think>hm</think>"}},
		{"carriage returns", "<think>\r\nhm\r\n</think>\r\nx", []string{"thought: hm", "text: x"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			want := c.want
			if c.name == "a closing tag after white space" {
				want = []string{"text: \nAnswer."} // one text, for the collector
			}
			got := splitPieces(tools, false, c.content)
			if diff := cmp.Diff(want, loose(got)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			for i := 1; i < len(c.content); i++ {
				if cut := splitPieces(tools, false, c.content[:i], c.content[i:]); !slices.Equal(got, cut) {
					t.Fatalf("cut at %d (-whole +cut):\n%s", i, cmp.Diff(got, cut))
				}
			}
		})
	}
}

// A thought goes out as it comes: only line breaks and the beginning of its
// closing tag wait, and not without end.
func TestLeakedThoughtIsNotHeld(t *testing.T) {
	var f found
	p := newSplitter(leakedTools(t).turn, &f)
	p.feed([]byte("<think>a\n"))
	if diff := cmp.Diff([]string{"thought: a"}, f.parts); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	breaks := strings.Repeat("\n", 2*maxBreaks)
	p.feed([]byte(breaks))
	if len(f.parts[0]) < maxBreaks {
		t.Errorf("%d line breaks are held back", len(breaks))
	}
	p.feed([]byte("b</think>c"))
	if diff := cmp.Diff([]string{"thought: a\n" + breaks + "b", "text: c"}, f.parts); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// White space after a call is not held without end either.
func TestLeakGapIsBounded(t *testing.T) {
	var f found
	p := newSplitter(leakedTools(t).turn, &f)
	gap := strings.Repeat(" ", 2*maxBreaks)
	p.feed([]byte("<tool_call>get_goal</tool_call>" + gap))
	if len(f.parts) != 2 || len(f.parts[1]) < maxBreaks {
		t.Errorf("%d spaces are held back: %d parts", len(gap), len(f.parts))
	}
	p.feed([]byte("x"))
	p.end(false)
	if diff := cmp.Diff([]string{"call: get_goal {}", "text: " + gap + "x"}, f.parts); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Without tools, or where none may be called, calls are text; thoughts are
// thoughts all the same.
func TestLeakWithoutTools(t *testing.T) {
	const content = "<think>hm</think>\n\n<tool_call>\n{\"name\": \"f\", \"arguments\": {}}\n</tool_call>"
	tool := `,"tools":[{"type":"function","name":"f","parameters":{}}]`
	format := `,"text":{"format":{"type":"json_schema","name":"n","schema":{}}}`
	bare := `{"name": "f", "arguments": {}}`
	thought, text := "thought: hm", "text: <tool_call>\n"+bare+"\n</tool_call>"
	for _, c := range []struct {
		name, request, content string
		want                   []string
	}{
		{"no tools", ``, content, []string{thought, text}},
		{"tool_choice none", tool + `,"tool_choice":"none"`, content, []string{thought, text}},
		{"tool_choice auto", tool + `,"tool_choice":"auto"`, content, []string{thought, "call: f {}"}},
		{"an answer in JSON was asked for", tool + format, bare, []string{"text: " + bare}},
		{"fenced, where JSON was asked for", tool + format, "```json\n" + bare + "\n```", []string{"text: ```json\n" + bare + "\n```"}},
		{"tagged, where JSON was asked for", tool + format, content, []string{thought, "call: f {}"}},
		{"JSON object", tool + `,"text":{"format":{"type":"json_object"}}`, "[" + bare + "]", []string{"text: [" + bare + "]"}},
		{"text was asked for", tool + `,"text":{"verbosity":"low","format":{"type":"text"}}`, bare, []string{"call: f {}"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, turn := translated(t, `{"model":"m","input":"x"`+c.request+`}`, Target{})
			if diff := cmp.Diff(c.want, worth(splitPieces(&leakTools{turn: turn}, false, c.content))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
