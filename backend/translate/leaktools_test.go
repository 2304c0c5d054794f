package translate

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Formats that write every value as text get the type that the schema asks for.
func TestLeakedTypes(t *testing.T) {
	tools := leakedTools(t)
	for _, c := range []struct{ param, value, want string }{
		{"cmd", "ls", `"ls"`},
		{"cmd", "5", `"5"`},
		{"cmd", "true", `"true"`},
		{"cmd", `{"a": 1}`, `"{\"a\": 1}"`},
		{"cmd", "", `""`},
		{"cmd", ` "x" `, `" \"x\" "`},
		{"timeout", "5", `5`},
		{"timeout", " 1.5e3\n", `1.5e3`},
		{"timeout", "soon", `"soon"`},
		{"timeout", "007", `"007"`},
		{"timeout", "true", `"true"`},
		{"timeout", "", `""`},
		{"login", "true", `true`},
		{"login", "False", `false`},
		{"login", "True", `true`},
		{"login", "yes", `"yes"`},
		{"env", `{"A": "b c"}`, `{"A": "b c"}`},
		{"env", `{'A': 'b'}`, `"{'A': 'b'}"`},
		{"env", `None`, `"None"`},
		{"args", ` ["a", "b"] `, `["a", "b"]`},
		{"args", `a b`, `"a b"`},
		{"note", "null", `null`},
		{"note", "None", `"None"`},
		{"note", "nothing", `"nothing"`},
		{"note", "5", `"5"`},
		{"mode", "3", `3`},
		{"mode", "auto", `"auto"`},
		{"mode", `"auto"`, `"\"auto\""`},
		{"any", "3", `3`},
		{"any", "plain", `"plain"`},
		{"any", `[1]`, `[1]`},
		{"unknown", "true", `true`},
		{"unknown", "True", `"True"`},
	} {
		got, ok := tools.arguments("shell", []leakedParam{{name: c.param, value: c.value}})
		if want := `{"` + c.param + `":` + c.want + `}`; !ok || string(got) != want {
			t.Errorf("%s = %q: got %s, want %s", c.param, c.value, got, want)
		}
	}
}

// A format that tells the type itself is believed.
func TestLeakedTypesOfDSML(t *testing.T) {
	tools := leakedTools(t)
	p := "｜DSML｜parameter"
	for attribute, want := range map[string]string{
		`string="true"`:  `call: shell {"cmd":"ls","any":"5"}`,
		`string="false"`: `call: shell {"cmd":"ls","any":5}`,
	} {
		content := `<｜DSML｜invoke name="shell"><` + p + ` name="cmd">ls</` + p + `><` + p + ` name="any" ` + attribute + `>5</` + p + `></｜DSML｜invoke>`
		if diff := cmp.Diff([]string{want}, splitPieces(tools, false, content)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", attribute, diff)
		}
	}
}

// The types that a schema allows, however it says so.
func TestTypesOf(t *testing.T) {
	shape := shapeOf([]byte(`{"type":"object","required":["a",7],"properties":{
		"a":{"type":"string"},"b":{"type":["integer","null",3]},"c":{"enum":["x",1,true,null]},"d":{"const":"x"},
		"e":{"anyOf":[{"type":"array"},{"type":"object"}]},"f":{"$ref":"#/$defs/f"},"g":{"$ref":"#/$defs/loop"},
		"h":{"$ref":"http://x"},"i":true,"j":{"enum":[[]]},"k":{"type":"fancy"},"l":{"$ref":"#/none/at/all"}},
		"$defs":{"f":{"allOf":[{"oneOf":[{"type":"boolean"}]}]},"loop":{"$ref":"#/$defs/loop"}}}`))
	want := toolShape{required: []string{"a"}, params: map[string]jsonTypes{
		"a": typeString, "b": typeNumber | typeNull, "c": typeString | typeNumber | typeBoolean | typeNull, "d": typeString,
		"e": typeArray | typeObject, "f": typeBoolean, "g": 0, "h": 0, "i": 0, "j": 0, "k": 0, "l": 0,
	}}
	if diff := cmp.Diff(want, shape, cmp.AllowUnexported(toolShape{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := shapeOf([]byte(`7`)); got.params != nil {
		t.Errorf("a schema that is a number has parameters: %v", got)
	}
}

// The ways to name a tool.
func TestLeakedNames(t *testing.T) {
	tools := leakedTools(t)
	for spelling, want := range map[string]string{
		"shell": "shell", "functions.shell": "shell",
		"mcp__echo__echo": "mcp__echo__echo", "echo": "mcp__echo__echo", "mcp__echo.echo": "mcp__echo__echo", "functions.echo": "mcp__echo__echo",
		"mcp__disk.read": "mcp__disk__read", "mcp__echo.read": "mcp__echo__read",
		"read": "", "functions.read": "", "": "", "Shell": "", "shell ": "", "mcp__echo": "", "functions.": "",
	} {
		if got, _ := tools.find([]byte(spelling)); got != want {
			t.Errorf("%q is %q, want %q", spelling, got, want)
		}
	}
	_, turn := translated(t, `{"model":"m","input":"x","tools":[{"type":"namespace","name":"a","tools":[{"type":"function","name":"b"}]},{"type":"function","name":"b"}]}`, Target{})
	again := leakTools{turn: turn}
	if got, _ := again.find([]byte("b")); got != "b" {
		t.Errorf("b is %q: a tool's own name comes before another's short one", got)
	}
}

// A freeform tool gets its input, however the model wrote it.
func TestLeakedCustomTool(t *testing.T) {
	tools := leakedTools(t)
	patch := "*** Begin Patch\n*** Add File: a \"b\".txt\n+  é\n*** End Patch"
	want := `call: apply_patch {"input":` + string(quote(patch)) + `}`
	for name, content := range map[string]string{
		"a parameter":                   "<function=apply_patch>\n<parameter=input>\n" + patch + "\n</parameter>\n</function>",
		"raw, in a function":            "<function=apply_patch>\n" + patch + "\n</function>",
		"raw, in an invoke":             `<invoke name="apply_patch">` + patch + `</invoke>`,
		"JSON":                          `{"name":"apply_patch","arguments":{"input":` + string(quote(patch)) + `}}`,
		"JSON with the input itself":    `{"name":"apply_patch","input":` + string(quote(patch)) + `}`,
		"JSON with the input as string": `<tool_call>{"name":"apply_patch","arguments":` + string(quote(patch)) + `}</tool_call>`,
		"JSON with broken lines": `<tool_call>{"name":"apply_patch","arguments":{"input":"` +
			strings.ReplaceAll(patch, `"`, `\"`) + `"}}</tool_call>`,
	} {
		if diff := cmp.Diff([]string{want}, splitPieces(tools, false, content)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// The members that may stand in a JSON call, and arguments in all their shapes.
func TestLeakedJSONShapes(t *testing.T) {
	tools := leakedTools(t)
	goal := []string{"call: get_goal {}"}
	for _, c := range []written{
		{"no arguments, tagged", `<tool_call>{"name": "get_goal"}</tool_call>`, goal},
		{"null", `{"name": "get_goal", "arguments": null}`, goal},
		{"an empty string", `{"name": "get_goal", "arguments": ""}`, goal},
		{"an object in a string", `{"name": "shell", "arguments": " {\"cmd\":\"ls\"} "}`, []string{`call: shell {"cmd":"ls"}`}},
		{"an id", `{"id": "x", "index": 0, "type": "function_call", "call_id": null, "name": "get_goal", "args": {}}`, goal},
		{"the old API's shape", `{"function_call": {"name": "get_goal", "arguments": "{}"}}`, goal},
		{"function as the name", `{"function": "get_goal", "arguments": {}}`, goal},
		{"two in a list, one nested", `[{"function": {"name": "get_goal", "arguments": {}}}, {"name": "get_goal", "input": {}}]`, append(goal, goal...)},
		{"values of every kind", `{"name": "shell", "arguments": {"a": [1, -2.5e3, true, false, null, "\u00e9\n\"", {}, []], "b": {"c": {"d": []}}}}`,
			[]string{`call: shell {"a": [1, -2.5e3, true, false, null, "\u00e9\n\"", {}, []], "b": {"c": {"d": []}}}`}},
		{"a nested member named like a call", `{"name": "shell", "arguments": {"name": "x", "tool_calls": 5}}`, []string{`call: shell {"name": "x", "tool_calls": 5}`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, splitPieces(tools, false, c.content)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	deep := `{"name": "shell", "arguments": {"a": ` + strings.Repeat("[", 300) + strings.Repeat("]", 300) + `}}`
	if diff := cmp.Diff([]string{"text: " + deep}, splitPieces(tools, false, deep)); diff != "" {
		t.Errorf("deeper than arguments go (-want +got):\n%s", diff)
	}
}
