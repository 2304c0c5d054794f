package translate

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const taggedLs = "<tool_call>\n" + `{"name": "shell", "arguments": {"cmd": "ls"}}` + "\n</tool_call>"

// notCalls is what the model only shows, mentions or quotes.
var notCalls = []struct{ name, content string }{
	{"prose", "I used shell to run `ls`, then apply_patch. <b>x</b> a < b && c[0] {x} ~ **y**"},
	{"a tag alone", "The <tool_call> tag, <function=shell> and <think> are tags.\n<tool_call>\nlike this"},
	{"a tag in a heading", "## <tool_call>\n\ntext"},
	{"the declaration of a tool", `{"name": "shell", "parameters": {"type": "object", "properties": {"cmd": {"type": "string"}}}}`},
	{"a declaration with a description", `{"name": "shell", "description": "d", "arguments": {"cmd": "ls"}}`},
	{"the declaration of a tool, tagged", "<tool_call>\n{\"name\": \"shell\", \"arguments\": {\"type\": \"object\", \"properties\": {}}}\n</tool_call>"},
	{"a configuration file", "{\"name\": \"shell\", \"version\": \"1.0.0\"}"},
	{"JSON with the name only", `{"name": "shell"}`},
	{"JSON that goes on", "{\"name\": \"shell\", \"arguments\": {\"cmd\": \"ls\"}}\nThat runs ls."},
	{"a call in JSON that goes on", "{\"name\": \"shell\", \"arguments\": {\"cmd\": \"\n<tool_call>get_goal</tool_call>\n\"}}\nThat runs it."},
	{"JSON right after a line of text", "So I call\n{\"name\": \"shell\", \"arguments\": {\"cmd\": \"ls\"}}"},
	{"JSON with arguments twice", `{"name": "shell", "arguments": {"cmd": "ls"}, "parameters": {"cmd": "rm"}}`},
	{"JSON with two names", `{"name": "shell", "function": {"name": "get_goal", "arguments": {}}}`},
	{"JSON whose type is another", `{"type": "object", "name": "shell", "parameters": {}}`},
	{"JSON with arguments that are a list", `{"name": "shell", "arguments": ["ls"]}`},
	{"JSON with arguments that are a word", `{"name": "shell", "arguments": true}`},
	{"JSON with a string that is no object", `{"name": "shell", "arguments": "ls"}`},
	{"JSON with a string for a declaration", `{"name": "shell", "arguments": "{\"type\":\"object\",\"properties\":{}}"}`},
	{"JSON with an escaped name", `{"name": "sh\u0065ll", "arguments": {"cmd": "ls"}}`},
	{"JSON with a number for a name", `{"name": 1, "arguments": {"cmd": "ls"}}`},
	{"an empty list", "[]"},
	{"a list of nothing", `{"tool_calls": []}`},
	{"JSON and half a tag", jsonCall("shell", "ls") + "\n<tool_ca"},
	{"JSON with the beginning of a name for a name", `{"nam": "shell", "arguments": {}}`},
	{"a fence with text at its end", "```json\n{\"name\": \"shell\", \"arguments\": {\"cmd\": \"ls\"}}\n```x"},
	{"a fence with much white space", "```json" + strings.Repeat(" ", 100) + "\n{\"name\": \"shell\", \"arguments\": {\"cmd\": \"ls\"}}\n```"},
	{"a list in a list", `[[{"name": "shell", "arguments": {"cmd": "ls"}}]]`},
	{"a check box", "[ ] ask\n[x] answer"},
	{"broken JSON", `{"name": "shell", "arguments": {"cmd": "ls",}}`},
	{"broken numbers", `{"name": "shell", "arguments": {"timeout": 1.2.3}}`},
	{"a broken word", `{"name": "shell", "arguments": {"login": trve}}`},
	{"a broken escape", `{"name": "shell", "arguments": {"cmd": "\x"}}`},
	{"a broken code point", `{"name": "shell", "arguments": {"cmd": "\u12g4"}}`},
	{"a control character", "{\"name\": \"shell\", \"arguments\": {\"cmd\": \"\x01\"}}"},
	{"two values for one name", `{"name": "shell", "arguments": {"cmd": "a", "cmd": "b"}}`},
	{"a fence with more than the call", "```json\n{\"name\": \"shell\", \"arguments\": {\"cmd\": \"ls\"}}\n// runs ls\n```"},
	{"a fence with text after it", "```json\n{\"name\": \"shell\", \"arguments\": {\"cmd\": \"ls\"}}\n```\nThat runs ls."},
	{"a fence of another language", "```python\n{\"name\": \"shell\", \"arguments\": {\"cmd\": \"ls\"}}\n```"},
	{"a fence that closes too short", "````json\n{\"name\": \"shell\", \"arguments\": {\"cmd\": \"ls\"}}\n```"},
	{"a fence that closes too short and goes on", "```json\n{\"name\": \"shell\", \"arguments\": {\"cmd\": \"ls\"}}\n``\n"},
	{"a fence with a tagged call", "```\n" + taggedLs + "\n```"},
	{"a fence after whose code stand marks", "```\nx ```\n" + taggedLs},
	{"a fence with marks and text", "```\na\n``` b\n" + taggedLs},
	{"a fence whose closing marks go on as a word", "```\na\n```b\n" + taggedLs},
	{"a value that is not at its end", "<function=shell>\n<parameter=cmd>ls</parameter> -l"},
	{"a fence in the middle of a line", "So ```json\n{\"name\": \"shell\", \"arguments\": {\"cmd\": \"ls\"}}\n```"},
	{"a call after a fence that seems to close", "````\n```\n" + taggedLs + "\n````"},
	{"inline code over two lines", "See `this\n" + taggedLs + "`"},
	{"two parameters of one name", "<function=shell>\n<parameter=cmd>a</parameter>\n<parameter=cmd>b</parameter>\n</function>"},
	{"a required parameter missing at the end", "<function=shell>\n<parameter=timeout>1</parameter>\n"},
	{"a tool that needs parameters without any", "<tool_call>shell</tool_call>\n<function=shell></function>\n" + `<invoke name="shell"></invoke>`},
	{"the beginning of a parameter at the end", "<function=shell>\n<parameter=cmd>ls</parameter>\n<param"},
	{"a name too long for a parameter", "<function=shell>\n<parameter=" + strings.Repeat("x", 200) + ">"},
	{"an attribute that nobody knows", `<invoke name="shell"><parameter name="cmd" type="x">ls</parameter></invoke>`},
	{"text in a function", "<function=shell>ls</function>"},
	{"Kimi without arguments", "<|tool_call_begin|>functions.shell:0<|tool_call_end|>"},
	{"Kimi with a word for a number", "<|tool_call_begin|>functions.shell:zero<|tool_call_argument_begin|>{}<|tool_call_end|>"},
	{"DeepSeek without arguments", "<｜tool▁call▁begin｜>shell<｜tool▁sep｜>ls<｜tool▁call▁end｜>"},
	{"DeepSeek with a word for arguments", "<｜tool▁call▁begin｜>shell<｜tool▁sep｜>shell\n```json\n{}\n```<｜tool▁call▁end｜>"},
	{"DeepSeek V3 with half a name", "<｜tool▁call▁begin｜>function<｜tool▁sep｜>she\n```json\n{}\n```<｜tool▁call▁end｜>"},
	{"Mistral with a broken id", "[TOOL_CALLS]shell[CALL_ID]a b[ARGS]{}"},
	{"Mistral with broken arguments", "[TOOL_CALLS]shell[ARGS]{\"cmd\": \"ls\", \"cmd\": \"rm\"}"},
	{"end marks around text", "Done.<|im_end|>\n<|im_start|>assistant\nReally.</s>"},
	{"end marks alone", "<|im_end|>\n"},
	{"a thought in the middle", "A tag:\n\n<think>\nno thought\n</think>\n"},
}

// What is not a call stays text, to the byte.
func TestLeakNotACall(t *testing.T) {
	tools := leakedTools(t)
	for _, c := range notCalls {
		t.Run(c.name, func(t *testing.T) {
			want := []string{"text: " + c.content}
			if diff := cmp.Diff(want, splitPieces(tools, false, c.content)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(want, splitPieces(tools, false, bytewise(c.content)...)); diff != "" {
				t.Errorf("byte by byte (-want +got):\n%s", diff)
			}
		})
	}
}

// A call within another call is that call's text, whatever becomes of the outer.
func TestLeakNesting(t *testing.T) {
	tools := leakedTools(t)
	for _, inner := range leakForms() {
		if inner.tail {
			continue
		}
		evil := inner.one("shell", "rm -rf /")
		for _, outer := range leakForms() {
			if outer.tail && strings.HasPrefix(outer.name, "fenced") {
				continue // what is in a fence is code: TestLeakedForms
			}
			value := "see:\n\n" + evil + "\n\nso"
			t.Run(outer.name+" around "+inner.name, func(t *testing.T) {
				for _, c := range []written{
					{"declared", outer.one("shell", value), []string{shellCall(value)}},
					{"not declared", outer.one("write_file", value), []string{"text: " + outer.one("write_file", value)}},
					{"quoted", "Write " + outer.one("shell", value) + " for that", []string{"text: Write " + outer.one("shell", value) + " for that"}},
					{"quoted, not declared", "Write " + outer.one("write_file", value) + "\n", []string{"text: Write " + outer.one("write_file", value) + "\n"}},
				} {
					for _, s := range splitPieces(tools, false, c.content) {
						if strings.HasPrefix(s, "call: ") && loose1(s) != loose1(shellCall(value)) {
							t.Errorf("%s: ran %s\nof %s", c.name, s, c.content)
						}
					}
				}
			})
		}
	}
}

// A value may hold the tags of its own form.
func TestLeakedValueWithTags(t *testing.T) {
	tools := leakedTools(t)
	for _, value := range []string{
		"</function></invoke></tool_call>",
		"a</parameter>b", "a</arg_value>b", "a</｜DSML｜parameter>b",
		"  two spaces\n\tand a tab  ", "\n\nblank lines\n\n", "a & b &amp; <c>", "```\ncode\n```",
		"<think>hm</think>", "{\"name\": \"shell\", \"arguments\": {}}",
		invoke("")("shell", "x"), "<function=shell>\n<parameter=cmd>\nx\n</parameter>\n</function>",
		"<tool_call>shell\n<arg_key>cmd</arg_key>\n<arg_value>x</arg_value>\n</tool_call>",
	} {
		for _, f := range leakForms() {
			if f.tail && strings.HasPrefix(f.name, "fenced") && strings.Contains(value, "`") {
				continue
			}
			got := worth(splitPieces(tools, false, f.one("shell", value)))
			if diff := cmp.Diff(loose([]string{shellCall(value)}), loose(got)); diff != "" {
				t.Errorf("%s with %q (-want +got):\n%s", f.name, value, diff)
			}
		}
	}
}

// However much of a call has come, it is the whole call or none.
func TestLeakedCallCutAnywhere(t *testing.T) {
	tools := leakedTools(t)
	for _, f := range leakForms() {
		whole := f.one("shell", "rm -rf /tmp/x")
		for i := range len(whole) {
			for _, cut := range []bool{false, true} {
				for _, s := range splitPieces(tools, cut, whole[:i]) {
					if strings.HasPrefix(s, "call: ") && loose1(s) != loose1(shellCall("rm -rf /tmp/x")) {
						t.Fatalf("%s, cut %v: %s ran %s", f.name, cut, whole[:i], s)
					}
				}
			}
		}
	}
}

// At the end of a whole answer a call without its closing tag counts; where the
// answer was cut at a limit it does not.
func TestLeakUnclosed(t *testing.T) {
	tools := leakedTools(t)
	for _, c := range []struct{ name, content string }{
		{"Hermes", "<tool_call>\n" + jsonCall("shell", "ls")},
		{"Qwen-coder", "<tool_call>\n<function=shell>\n<parameter=cmd>\nls\n</parameter>\n"},
		{"Qwen-coder, half a tag", "<function=shell>\n<parameter=cmd>\nls\n</parameter>\n</func"},
		{"Llama with function tags", "<function=shell>" + jsonArgs("ls")},
		{"GLM", "<tool_call>shell\n<arg_key>cmd</arg_key>\n<arg_value>ls</arg_value>\n"},
		{"Anthropic", `<invoke name="shell"><parameter name="cmd">ls</parameter>`},
		{"Kimi", "<|tool_call_begin|>functions.shell:0<|tool_call_argument_begin|>" + jsonArgs("ls")},
		{"DeepSeek V3", "<｜tool▁call▁begin｜>function<｜tool▁sep｜>shell\n```json\n" + jsonArgs("ls") + "\n```"},
		{"DeepSeek V3.1", "<｜tool▁call▁begin｜>shell<｜tool▁sep｜>" + jsonArgs("ls")},
		{"Llama", "<|python_tag|>" + jsonCall("shell", "ls")},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(loose([]string{shellCall("ls")}), loose(worth(splitPieces(tools, false, c.content)))); diff != "" {
				t.Errorf("whole (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff([]string{"text: " + c.content}, splitPieces(tools, true, c.content)); diff != "" {
				t.Errorf("cut (-want +got):\n%s", diff)
			}
		})
	}
	t.Run("a call that was closed before the cut", func(t *testing.T) {
		want := loose([]string{shellCall("ls")})
		if diff := cmp.Diff(want, loose(splitPieces(tools, true, jsonCall("shell", "ls")))); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// Text is given out at its first byte that no call could have.
func TestLeakHoldsNoLongerThanItMust(t *testing.T) {
	tools := leakedTools(t)
	for _, c := range []struct{ held, differs string }{
		{"<", " "}, {"<tool_c", "o"}, {"<tool_call>", "no"}, {"<tool_call>\n{\"na", "t"},
		{"<tool_call>\n{\"name\": \"she", "x"}, {"<tool_call>\n{\"name\": \"shell\"", "x"},
		{"<tool_call>\n{\"name\": \"shell\", \"arguments\": ", "1"}, {"<tool_call>\n{\"name\": \"shell\", \"arguments\": {\"cmd\"", ","},
		{"<tool_call>\n" + `{"name": "shell", "arguments": {}}`, "x"}, {"<function=she", ">"}, {"<function=shell>", "x"},
		{"<function=shell>\n<para", ">"}, {"{", "1"}, {"{\"name\": \"shell\", \"arguments\": {}}\n", "x"},
		{"```js", "\n"}, {"```json", "c"}, {"```json\n", "x"}, {"```json\n{\"name\": \"shell\", \"arguments\": {}}\n``", "x"},
		{"[TOOL_CALLS]she", " "}, {"[TOOL_CALLS]shell[AR", "["}, {"<|tool_call_begin|>functions.shell:0<", "x"},
		{"<｜tool▁call▁begin｜>fun", "k"}, {"<｜tool▁call▁begin｜>function<｜tool▁sep｜>shell\n```", "x"}, {"<thi", "s"}, {"{\"name\": \"sh", "\\"},
		{"<|im_end|>", "x"}, {"<|python_tag|>", "x"}, {"[", "x"}, {"```json    ", strings.Repeat("x", 40)}, {"```a", "b"},
	} {
		var f found
		p := newSplitter(tools.turn, &f)
		p.feed([]byte(c.held))
		if len(c.held) > 0 && len(f.parts) != 0 && c.held != "```a" {
			t.Errorf("%q was not held: %q", c.held, f.parts)
		}
		p.feed([]byte(c.differs))
		if diff := cmp.Diff([]string{"text: " + c.held + c.differs}, f.parts); diff != "" {
			t.Errorf("%q and %q (-want +got):\n%s", c.held, c.differs, diff)
		}
	}
}
