package translate

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// leakRequest declares a tool of each kind that a call in text can mean.
const leakRequest = `{"model":"m","input":"hi","tools":[
	{"type":"function","name":"shell","parameters":{"type":"object","properties":{
		"cmd":{"type":"string"},"timeout":{"type":"number"},"login":{"type":"boolean"},
		"env":{"type":"object"},"args":{"type":"array","items":{"type":"string"}},
		"note":{"type":["string","null"]},"mode":{"$ref":"#/$defs/mode"},"any":{}},
		"required":["cmd"],"$defs":{"mode":{"anyOf":[{"type":"integer"},{"enum":["auto"]}]}}}},
	{"type":"function","name":"get_goal","parameters":{"type":"object","properties":{}}},
	{"type":"custom","name":"apply_patch"},
	{"type":"namespace","name":"mcp__echo","tools":[
		{"type":"function","name":"echo","parameters":{"type":"object","properties":{"text":{"type":"string"}}}},
		{"type":"function","name":"read","parameters":{"type":"object","properties":{"path":{"type":"string"}}}}]},
	{"type":"namespace","name":"mcp__disk","tools":[
		{"type":"function","name":"read","parameters":{"type":"object","properties":{"path":{"type":"string"}}}}]}]}`

// found writes down what a splitter gives out, pieces of one kind joined.
type found struct {
	parts []string
	kind  string
}

func (f *found) add(kind, s string) {
	if s == "" {
		return
	}
	if kind == f.kind && kind != "call" {
		f.parts[len(f.parts)-1] += s
		return
	}
	f.kind = kind
	f.parts = append(f.parts, kind+": "+s)
}

func (f *found) leakedText(b []byte)    { f.add("text", string(b)) }
func (f *found) leakedThought(b []byte) { f.add("thought", string(b)) }
func (f *found) leakedCall(name string, args []byte) {
	f.add("call", name+" "+string(args))
}

// splitPieces runs a splitter over the pieces of one content.
func splitPieces(tools *leakTools, cut bool, pieces ...string) []string {
	var f found
	p := newSplitter(tools.turn, &f)
	p.tools = *tools
	for _, s := range pieces {
		p.feed([]byte(s))
	}
	p.end(cut)
	return f.parts
}

// leakedTools are the tools of leakRequest, with their tables made.
func leakedTools(t testing.TB) *leakTools {
	t.Helper()
	_, turn := translated(t, leakRequest, Target{})
	tools := &leakTools{turn: turn}
	tools.spellings()
	tools.shape("shell")
	return tools
}

// leakForm is a way to write a call of shell with cmd = value, as one template
// does. Most tests run over all of them.
type leakForm struct {
	name string
	// before and after stand around all calls of an answer, between between two.
	before, between, after string
	call                   func(tool, value string) string
	// tail is set for forms that count only at the end of the answer.
	tail bool
	// open is set for forms whose calls have no closing tag.
	open bool
	// anywhere is set for special tokens, which count in the middle of a line.
	anywhere bool
}

func jsonCall(tool, value string) string {
	return `{"name": "` + tool + `", "arguments": {"cmd": ` + string(quote(value)) + `}}`
}

func jsonArgs(value string) string { return `{"cmd": ` + string(quote(value)) + `}` }

func invoke(prefix string) func(tool, value string) string {
	return func(tool, value string) string {
		return "<" + prefix + `invoke name="` + tool + `">` + "\n<" + prefix + `parameter name="cmd">` + value +
			"</" + prefix + "parameter>\n</" + prefix + "invoke>"
	}
}

// leakForms are all forms.
func leakForms() []leakForm { return slices.Concat(tagForms(), tokenForms(), jsonForms()) }

func tagForms() []leakForm {
	function := func(tool, value string) string {
		return "<function=" + tool + ">\n<parameter=cmd>\n" + value + "\n</parameter>\n</function>"
	}
	tagged := func(call func(tool, value string) string) func(tool, value string) string {
		return func(tool, value string) string { return "<tool_call>\n" + call(tool, value) + "\n</tool_call>" }
	}
	return []leakForm{
		{name: "Hermes", call: tagged(jsonCall), between: "\n"},
		{name: "Qwen-coder", call: tagged(function), between: "\n"},
		{name: "Qwen-coder without its outer tag", call: function, between: "\n"},
		{name: "Qwen-coder that forgets to open", call: function, between: "\n", after: "\n</tool_call>"},
		{name: "Llama with function tags", between: "\n", call: func(tool, value string) string {
			return "<function=" + tool + ">" + jsonArgs(value) + "</function>"
		}},
		{name: "Seed", before: "<seed:tool_call>", after: "</seed:tool_call>", call: function},
		{name: "GLM", between: "\n", call: func(tool, value string) string {
			return "<tool_call>" + tool + "\n<arg_key>cmd</arg_key>\n<arg_value>" + value + "</arg_value>\n</tool_call>"
		}},
		{name: "GLM in one line", call: func(tool, value string) string {
			return "<tool_call>" + tool + "<arg_key>cmd</arg_key><arg_value>" + value + "</arg_value></tool_call>"
		}},
		{name: "Anthropic", before: "<function_calls>\n", between: "\n", after: "\n</function_calls>", call: invoke("")},
		{name: "Anthropic with a name space", between: "\n", call: invoke(anthropicNS),
			before: "<" + anthropicNS + "function_calls>\n", after: "\n</" + anthropicNS + "function_calls>"},
		{name: "MiniMax M2", before: "<minimax:tool_call>\n", between: "\n", after: "\n</minimax:tool_call>", call: invoke("")},
		{name: "MiniMax M1", before: "<tool_calls>\n", between: "\n", after: "\n</tool_calls>", call: jsonCall},
		{name: "Qwen2.5-coder", before: "<tools>\n", between: "\n", after: "\n</tools>", call: jsonCall},
	}
}

func tokenForms() []leakForm {
	return []leakForm{
		{name: "Kimi", anywhere: true, before: "<|tool_calls_section_begin|>", after: "<|tool_calls_section_end|>",
			call: func(tool, value string) string {
				return "<|tool_call_begin|>functions." + tool + ":0<|tool_call_argument_begin|>" + jsonArgs(value) + "<|tool_call_end|>"
			}},
		{name: "DeepSeek V3", anywhere: true, before: "<｜tool▁calls▁begin｜>", between: "\n", after: "<｜tool▁calls▁end｜><｜end▁of▁sentence｜>",
			call: func(tool, value string) string {
				return "<｜tool▁call▁begin｜>function<｜tool▁sep｜>" + tool + "\n```json\n" + jsonArgs(value) + "\n```<｜tool▁call▁end｜>"
			}},
		{name: "DeepSeek V3.1", anywhere: true, before: "<｜tool▁calls▁begin｜>", after: "<｜tool▁calls▁end｜>",
			call: func(tool, value string) string {
				return "<｜tool▁call▁begin｜>" + tool + "<｜tool▁sep｜>" + jsonArgs(value) + "<｜tool▁call▁end｜>"
			}},
		{name: "DeepSeek V3.2", anywhere: true, before: "<｜DSML｜function_calls>\n", between: "\n", after: "\n</｜DSML｜function_calls>",
			call: func(tool, value string) string {
				return `<｜DSML｜invoke name="` + tool + `">` + "\n" + `<｜DSML｜parameter name="cmd" string="true">` + value +
					"</｜DSML｜parameter>\n</｜DSML｜invoke>"
			}},
		{name: "Mistral", anywhere: true, open: true, call: func(tool, value string) string {
			return "[TOOL_CALLS]" + tool + "[ARGS]" + jsonArgs(value)
		}},
		{name: "Mistral with call ids", anywhere: true, open: true, call: func(tool, value string) string {
			return "[TOOL_CALLS]" + tool + "[CALL_ID]a1B2c3D4e[ARGS]" + jsonArgs(value)
		}},
		{name: "Mistral without marks", anywhere: true, open: true, call: func(tool, value string) string {
			return "[TOOL_CALLS]" + tool + jsonArgs(value)
		}},
		{name: "Mistral, a list", anywhere: true, open: true, before: "[TOOL_CALLS] [", between: ", ", after: "]</s>", call: jsonCall},
		{name: "Llama", anywhere: true, open: true, before: "<|python_tag|>", between: "; ", after: "<|eom_id|>",
			call: func(tool, value string) string {
				return `{"name": "` + tool + `", "parameters": ` + jsonArgs(value) + `}`
			}},
		{name: "Granite", anywhere: true, open: true, before: "<|tool_call|>[", between: ",", after: "]", call: jsonCall},
	}
}

func jsonForms() []leakForm {
	return []leakForm{
		{name: "JSON, name and arguments", tail: true, open: true, between: "\n", call: jsonCall},
		{name: "JSON, as Chat has it", tail: true, open: true, before: `{"tool_calls": [`, between: ", ", after: "]}",
			call: func(tool, value string) string {
				return `{"id": "c1", "type": "function", "function": {"name": "` + tool + `", "arguments": ` + string(quote(jsonArgs(value))) + `}}`
			}},
		{name: "JSON, as Responses has it", tail: true, open: true, between: "\n\n", call: func(tool, value string) string {
			return `{"type": "function", "name": "` + tool + `", "parameters": ` + jsonArgs(value) + `}`
		}},
		{name: "JSON in a list", tail: true, open: true, before: "[\n", between: ",\n", after: "\n]", call: jsonCall},
		{name: "fenced JSON", tail: true, before: "```json\n", between: "\n", after: "\n```", call: jsonCall},
		{name: "fenced in tildes", tail: true, before: "~~~\n", between: "\n", after: "\n~~~\n", call: jsonCall},
	}
}

func (f leakForm) one(tool, value string) string { return f.before + f.call(tool, value) + f.after }

func shellCall(value string) string { return "call: shell " + jsonArgs(value) }

// loose makes two notations of one call equal: arguments that were JSON keep their
// white space.
func loose(parts []string) []string {
	out := make([]string, len(parts))
	for i, s := range parts {
		out[i] = loose1(s)
	}
	return out
}

func loose1(part string) string {
	if strings.HasPrefix(part, "call: ") {
		return strings.ReplaceAll(part, `": `, `":`)
	}
	return part
}

// written is an answer and what it means.
type written struct {
	name, content string
	want          []string
}

// answers are what every form is tried in.
func (f leakForm) answers() []written {
	one := f.one("shell", "ls -l")
	call := shellCall("ls -l")
	after := []string{call, "text: \n\nDone."}
	quoted := func(s string) []string { return []string{"text: " + s} }
	list := []written{
		{"alone", one, []string{call}},
		{"after text", "Let me see.\n\n" + one, []string{"text: Let me see.\n\n", call}},
		{"followed by white space", one + "\n\n", []string{call, "text: \n\n"}},
		{"two calls", f.before + f.call("shell", "a") + f.between + f.call("shell", "b") + f.after,
			[]string{shellCall("a"), "text: " + f.between, shellCall("b")}},
		{"unicode", f.one("shell", "grüße 你好 🦊 <b>&amp;</b> \"q\" \\n"), []string{shellCall("grüße 你好 🦊 <b>&amp;</b> \"q\" \\n")}},
		{"by its name without the name space", f.one("echo", "x"), []string{"call: mcp__echo__echo " + jsonArgs("x")}},
		{"a tool that is not declared", f.one("rm_all", "ls"), quoted(f.one("rm_all", "ls"))},
		{"a name that two tools have", f.one("read", "x"), quoted(f.one("read", "x"))},
		{"the beginning of a name", f.one("she", "x"), quoted(f.one("she", "x"))},
		{"in a code fence", "Like so:\n````xml\n\n" + one + "\n````\n", quoted("Like so:\n````xml\n\n" + one + "\n````\n")},
		{"in a code fence that stays open", "```\n\n" + one, quoted("```\n\n" + one)},
		{"in inline code", "Write `" + one + "`", quoted("Write `" + one + "`")},
		{"indented as code", "Like so:\n\n    " + one, quoted("Like so:\n\n    " + one)},
		{"quoted in a sentence", "Write " + one + " to call it.", quoted("Write " + one + " to call it.")},
		{"in quotation marks", "Write \"" + one + "\"", quoted("Write \"" + one + "\"")},
		{"in a quoted line", "> " + one + "\n> so it says", quoted("> " + one + "\n> so it says")},
		{"cut in the middle", one[:len(one)*2/3-len(f.after)], quoted(one[:len(one)*2/3-len(f.after)])},
		{"with an end mark", one + "<|im_end|>\n", []string{call, "text: \n"}},
	}
	if f.tail {
		list = append(list, written{"before text", one + "\n\nDone.", quoted(one + "\n\nDone.")})
	} else {
		list = append(list, written{"before text", one + "\n\nDone.", after},
			written{"right after a sentence", "Let me see. " + one, []string{"text: Let me see. ", call}},
			written{"right after a colon", "I will look:" + one, []string{"text: I will look:", call}})
	}
	return list
}

func TestLeakedForms(t *testing.T) {
	tools := leakedTools(t)
	for _, f := range leakForms() {
		for _, a := range f.answers() {
			t.Run(f.name+"/"+a.name, func(t *testing.T) {
				want, got := worth(a.want), worth(splitPieces(tools, false, a.content))
				if diff := cmp.Diff(loose(want), loose(got)); diff != "" {
					t.Errorf("content: %s\n(-want +got):\n%s", a.content, diff)
				}
			})
		}
	}
}

// worth leaves out white space between and after calls: where it is part of the
// form it is not given out, and a Stream makes nothing of it.
func worth(parts []string) []string {
	return slices.DeleteFunc(slices.Clone(parts), func(s string) bool {
		said, isText := strings.CutPrefix(s, "text: ")
		return isText && strings.Trim(said, " \n;,") == ""
	})
}

// The outcome is the same wherever the content is cut.
func TestLeakedFormsSplitAtEveryByte(t *testing.T) {
	tools := leakedTools(t)
	for _, f := range leakForms() {
		for _, a := range f.answers() {
			whole := splitPieces(tools, false, a.content)
			if got := splitPieces(tools, false, bytewise(a.content)...); !slices.Equal(whole, got) {
				t.Fatalf("%s/%s, byte by byte (-whole +cut):\n%s", f.name, a.name, cmp.Diff(whole, got))
			}
			for i := 1; i < len(a.content); i++ {
				if got := splitPieces(tools, false, a.content[:i], a.content[i:]); !slices.Equal(whole, got) {
					t.Fatalf("%s/%s, cut at %d (-whole +cut):\n%s", f.name, a.name, i, cmp.Diff(whole, got))
				}
			}
		}
	}
}

func bytewise(s string) []string {
	pieces := make([]string, len(s))
	for i := range pieces {
		pieces[i] = s[i : i+1]
	}
	return pieces
}
