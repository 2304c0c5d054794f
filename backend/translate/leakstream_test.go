package translate

import (
	"fmt"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"
)

// says is a chunk with that content, as JSON writes it.
func says(content string) string {
	return `{"choices":[{"index":0,"delta":{"content":` + string(quote(content)) + `}}]}`
}

const (
	saysStop   = `{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}`
	saysLength = `{"choices":[{"index":0,"delta":{},"finish_reason":"length"}]}`
)

func wire(chunks ...string) []byte {
	return []byte("data: " + strings.Join(chunks, "\n\ndata: ") + "\n\n")
}

// outcome is the output of a finished answer, one line an item.
func outcome(t testing.TB, s *Stream) []string {
	t.Helper()
	var response responseObject
	if err := json.Unmarshal(s.Response(), &response); err != nil {
		t.Fatal(err)
	}
	lines := []string{}
	for _, raw := range response.Output {
		var it outputItem
		if err := json.Unmarshal(raw, &it); err != nil {
			t.Fatal(err)
		}
		line := it.Type
		for _, p := range append(it.Content, it.Summary...) {
			line += " " + p.Text
		}
		if it.Name != "" {
			line += " " + it.Namespace + "/" + it.Name + " " + it.Input + string(it.Arguments)
		}
		lines = append(lines, line)
	}
	return lines
}

// A call in the text becomes an item like any other, in its place in the output.
func TestStreamOfLeakedCalls(t *testing.T) {
	shell := "<tool_call>\n" + `{"name": "exec_command", "arguments": {"cmd": "ls"}}` + "\n</tool_call>"
	patch := "<function=apply_patch>\n<parameter=input>\n*** Begin Patch\n\"é\"\n</parameter>\n</function>"
	echo := `<invoke name="echo"></invoke>`
	search := `<tool_call>{"name": "tool_search", "arguments": {"query": "x"}}</tool_call>`
	ran := `function_call /exec_command "{\"cmd\": \"ls\"}"`
	for _, c := range []struct {
		name, content, finish string
		want                  []string
		calls                 int
	}{
		{"alone", shell, saysStop, []string{ran}, 1},
		{"in order", "<think>\nhm\n</think>\n\nFirst.\n\n" + shell + "\nThen.\n\n" + patch + "\n" + echo + "\n", saysStop, []string{
			"reasoning hm", "message First.\n\n", ran, "message \nThen.\n\n",
			"custom_tool_call /apply_patch *** Begin Patch\n\"é\"", `function_call mcp__echo/echo "{}"`}, 3},
		{"a search for tools", search, saysStop, []string{"tool_search_call"}, 1},
		{"JSON", "I will look.\n\n" + `{"name": "exec_command", "arguments": "{\"cmd\": \"ls\"}"}`, saysStop, []string{"message I will look.\n\n", ran}, 1},
		{"two that are equal", shell + shell, saysStop, []string{ran, ran}, 2},
		{"closed before a cut", shell + "\n<tool_call>\n{\"name\"", saysLength,
			[]string{ran, "message \n<tool_call>\n{\"name\"\n\n" + cutNote}, 1},
		{"cut in the middle", shell[:40], saysLength, []string{"message " + shell[:40] + "\n\n" + cutNote}, 0},
		{"held to the end", "Hello <", saysStop, []string{"message Hello <"}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			whole := newStream(t, declared, true)
			mustRead(t, stream(whole, wire(says(c.content), c.finish)))
			if diff := cmp.Diff(c.want, outcome(t, whole)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if whole.Recovered() != c.calls {
				t.Errorf("%d calls recovered, want %d", whole.Recovered(), c.calls)
			}
			chunks := []string{}
			for _, r := range c.content {
				chunks = append(chunks, says(string(r)))
			}
			pieces := newStream(t, declared, true)
			mustRead(t, stream(pieces, wire(append(chunks, c.finish)...)))
			if diff := cmp.Diff(string(whole.Response()), string(pieces.Response())); diff != "" {
				t.Errorf("(-whole +pieces):\n%s", diff)
			}
			finish := strings.TrimPrefix(c.finish, `{"choices":[{"index":0,"delta":{},`)
			body := newStream(t, declared, true)
			mustRead(t, buffered(body, []byte(`{"choices":[{"message":{"content":`+string(quote(c.content))+`},`+finish)))
			if diff := cmp.Diff(string(whole.Response()), string(body.Response())); diff != "" {
				t.Errorf("(-streamed +buffered):\n%s", diff)
			}
		})
	}
}

// A server may write any character as an escape.
func TestLeakedCallInEscapes(t *testing.T) {
	escaped := ""
	for _, r := range "<think>\nhm</think>\n<tool_call>get_goal</tool_call>[`{~" {
		escaped += fmt.Sprintf(`\u%04x`, r)
	}
	s := newStream(t, leakRequest, true)
	chunk := `{"choices":[{"index":0,"delta":{"content":"` + escaped + `"}}]}`
	mustRead(t, stream(s, wire(chunk, saysStop)))
	if diff := cmp.Diff([]string{"reasoning hm", `function_call /get_goal "{}"`, "message [`{~"}, outcome(t, s)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Where upstream tells calls from text itself, text is text; and a server that
// parses a call and leaves its text standing has it run once.
func TestLeakBesideProperCalls(t *testing.T) {
	const text = "<tool_call>\n{\"name\": \"exec_command\", \"arguments\": {\"cmd\": \"ls\"}}\n</tool_call>"
	proper := func(args string) string {
		return `{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"exec_command","arguments":` + string(quote(args)) + `}}]}}]}`
	}
	ran := func(args string) string { return `function_call /exec_command ` + string(quote(args)) }
	for _, c := range []struct {
		name   string
		chunks []string
		want   []string
	}{
		{"text after the call", []string{proper(`{"cmd":"a"}`), says(text), saysStop}, []string{ran(`{"cmd":"a"}`), "message " + text}},
		{"text beside the call", []string{strings.Replace(proper(`{"cmd":"a"}`), `{"tool_calls"`, `{"content":`+string(quote(text+"\n"))+`,"tool_calls"`, 1), saysStop},
			[]string{"message " + text + "\n", ran(`{"cmd":"a"}`)}},
		{"text cut by the call", []string{says(text[:20]), proper(`{"cmd":"a"}`), says(text[20:]), saysStop},
			[]string{"message " + text[:20], ran(`{"cmd":"a"}`), "message " + text[20:]}},
		{"a thought beside the call", []string{says("<thi"), says("nk>hm</think>"), proper(`{"cmd":"a"}`), saysStop}, []string{"reasoning hm", ran(`{"cmd":"a"}`)}},
		{"the same call", []string{says(text + "\n"), proper(`{"cmd":"ls"}`), saysStop}, []string{ran(`{"cmd":"ls"}`)}},
		{"another call", []string{says(text), proper(`{"cmd":"a"}`), saysStop}, []string{ran(`{"cmd": "ls"}`), ran(`{"cmd":"a"}`)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newStream(t, declared, true)
			events, err := readEvents(stream(s, wire(c.chunks...)))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, outcome(t, s)); diff != "" {
				t.Errorf("(-want +got):\n%s\n%s", diff, show(t, events))
			}
		})
	}
}

// An answer that breaks off runs nothing, and one that is asked for again starts
// without what was held of the first.
func TestLeakOfBrokenAnswer(t *testing.T) {
	const call = "<tool_call>\n{\"name\": \"exec_command\", \"arguments\": {\"cmd\": \"ls\"}}"
	s := newStream(t, declared, true)
	mustRead(t, stream(s, wire(says("Hi.\n"+call))))
	if got := strings.Join(outcome(t, s), "\n"); strings.Contains(got, "function_call") {
		t.Errorf("a hang-up ran %s", got)
	}

	s = newStream(t, declared, true)
	s.Begin()
	if err := s.Chunk([]byte(says(call))); err != nil {
		t.Fatal(err)
	}
	if s.Produced() {
		t.Fatal("what is held was given out")
	}
	s.Restart()
	for _, chunk := range []string{says("Hello"), saysStop} {
		if err := s.Chunk([]byte(chunk)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.End(); err != nil {
		t.Fatal(err)
	}
	mustRead(t, s.Take())
	if diff := cmp.Diff([]string{"message Hello"}, outcome(t, s)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// White space that comes in a chunk of its own is as much part of a call as any.
func TestLeakedCallInManyChunks(t *testing.T) {
	s := newStream(t, leakRequest, true)
	mustRead(t, stream(s, wire(says("<tool_call>"), says("get_goal"), says("</tool_call>"), says("\n"), says(" "), says("<|im_end|>"), says("Done."), saysStop)))
	if diff := cmp.Diff([]string{`function_call /get_goal "{}"`, "message Done."}, outcome(t, s)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A summary for a compaction holds no thoughts, and its text no calls.
func TestLeakInCompaction(t *testing.T) {
	req, err := DecodeRequest([]byte(declared))
	if err != nil {
		t.Fatal(err)
	}
	req.Compact()
	_, turn, err := req.Chat(Target{EnvelopeKey: []byte("key")})
	if err != nil {
		t.Fatal(err)
	}
	s := turn.Stream(StreamOptions{NewID: numbered(), Now: noon})
	const text = "<tool_call>\n{\"name\": \"exec_command\", \"arguments\": {}}\n</tool_call>"
	stream(s, wire(says("<think>hm</think>\n"+text), saysStop))
	if string(unescape(nil, s.summary)) != text {
		t.Errorf("the summary is %q", s.summary)
	}
}

// Text goes on at once, in its own chunk, unless it may be a call.
func TestLeakPassesTextOn(t *testing.T) {
	for _, chunk := range []string{"Hello", " ", "\n\n", "a < b", "x[0]", "{}", "`c`", "**b**", "\n| a |\n", "<b>", "\\", "\"", "é🦊", "```\n", "<\n", "~~~"} {
		s := newStream(t, declared, true)
		s.Begin()
		for _, data := range []string{says("Text. "), says(chunk)} {
			s.Take()
			if err := s.Chunk([]byte(data)); err != nil {
				t.Fatal(err)
			}
		}
		events, err := readEvents(s.Take())
		if err != nil {
			t.Fatal(err)
		}
		if len(events) != 1 || events[0].Delta == nil || *events[0].Delta != chunk {
			t.Errorf("%q: %s", chunk, show(t, events))
		}
	}
}
