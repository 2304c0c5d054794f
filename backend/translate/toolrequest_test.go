package translate

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestTools shows how tools are offered upstream.
func TestTools(t *testing.T) {
	const schema = `{"type":"object","properties":{"a":{"type":"string"}},"required":["a"]}`
	const input = `{"type":"object","properties":{"input":{"type":"string","description":"The whole input of the tool, as plain text."}},"required":["input"],"additionalProperties":false}`
	const how = `\n\nPut the whole input, exactly as the tool expects it, into the string parameter ` + "`input`" + `. The string is the raw text itself: no JSON, no code fence, nothing around it.`
	function := func(name, description, parameters string) string {
		return `{"type":"function","function":{"name":"` + name + `","description":"` + description + `","parameters":` + parameters + `}}`
	}
	for _, c := range []struct{ name, tools, want string }{
		{"flat to nested", `{"type":"function","name":"f","description":"Does \"it\".","strict":false,"parameters":` + schema + `}`, function("f", `Does \"it\".`, schema)},
		{"without a description and parameters", `{"type":"function","name":"f"}`, function("f", "", `{"type":"object","properties":{}}`)},
		{"with parameters null", `{"type":"function","name":"f","parameters":null}`, function("f", "", `{"type":"object","properties":{}}`)},
		{"schema under Anthropic's name", `{"type":"function","name":"f","input_schema":` + schema + `}`, function("f", "", schema)},
		{"twice", `{"type":"function","name":"f","parameters":` + schema + `},{"type":"function","name":"f"}`, function("f", "", schema)},
		{"freeform", `{"type":"custom","name":"apply_patch","description":"Edits."}`, function("apply_patch", "Edits."+how, input)},
		{"freeform with a grammar", `{"type":"custom","name":"apply_patch","description":"Edits.","format":{"type":"grammar","syntax":"lark","definition":"start: \"a\"\n"}}`,
			function("apply_patch", "Edits."+how+`\nIt must match this lark grammar, to the character:\nstart: \"a\"\n`, input)},
		{"freeform as plain text", `{"type":"custom","name":"note","format":{"type":"text"}}`, function("note", how, input)},
		{"namespace", `{"type":"namespace","name":"mcp__e","description":"E","tools":[{"type":"function","name":"echo","parameters":` + schema + `},{"type":"custom","name":"raw"}]}`,
			function("mcp__e__echo", "", schema) + "," + function("mcp__e__raw", how, input)},
		{"an empty namespace", `{"type":"namespace","name":"a","tools":[]},{"type":"namespace","name":"b"},{"type":"namespace","name":"c","tools":null},{"type":"function","name":"f"}`, function("f", "", `{"type":"object","properties":{}}`)},
		{"tool search", `{"type":"tool_search","execution":"client","description":"Finds.","parameters":` + schema + `}`, function("tool_search", "Finds.", schema)},
		{"a namespaced and a flat tool of one name", `{"type":"namespace","name":"a","tools":[{"type":"function","name":"b"}]},{"type":"function","name":"a__b"}`,
			function("a__b", "", `{"type":"object","properties":{}}`) + "," + function("a__b_bc90de46", "", `{"type":"object","properties":{}}`)},
		{"a freeform and a plain tool of one name", `{"type":"function","name":"f"},{"type":"custom","name":"f"}`,
			function("f", "", `{"type":"object","properties":{}}`) + "," + function("f_38f4f360", how, input)},
		{"characters that upstream refuses", `{"type":"function","name":"a.b c/é"}`, function("a_b_c___", "", `{"type":"object","properties":{}}`)},
		{"no name", `{"type":"function"}`, function("tool", "", `{"type":"object","properties":{}}`)},
		{"a name twice, in an indented list", "\n{\"type\":\"function\",\"name\":\"g\",\"name\":\n\"f\"}\n", function("f", "", `{"type":"object","properties":{}}`)},
		{"what no chat model can run", `{"type":"local_shell"},{"type":"image_generation"},{"type":"function","name":"f"}`, function("f", "", `{"type":"object","properties":{}}`)},
	} {
		t.Run(c.name, func(t *testing.T) {
			chat, _ := translated(t, `{"model":"m","input":"x","tools":[`+c.tools+`]}`, Target{})
			wantJSON(t, "["+c.want+"]", string(members(t, chat)["tools"]))
			if err := checkChat(chat); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestStrictTools says that strict goes to OpenAI alone, which knows it.
func TestStrictTools(t *testing.T) {
	const body = `{"model":"m","input":"x","tools":[{"type":"function","name":"f","strict":true},{"type":"function","name":"g","strict":false}]}`
	for model, want := range map[string]int{"openai/gpt-5.6-terra": 1, "zai/glm-5": 0} {
		chat, _ := translated(t, body, Target{Model: model})
		if got := strings.Count(string(chat), `"strict":true`); got != want {
			t.Errorf("%s: strict %d times, want %d: %s", model, got, want, chat)
		}
		if strings.Contains(string(chat), `"strict":false`) {
			t.Errorf("%s: strict:false says nothing: %s", model, chat)
		}
	}
}

// TestStrictRecursion: what a recursion had to be opened for is not strict any more,
// and OpenAI answers 400 to such a schema that says it is.
func TestStrictRecursion(t *testing.T) {
	chat, _ := translated(t, `{"model":"m","input":"x","tools":[{"type":"function","name":"f","strict":true,"parameters":{"type":"object","properties":{"n":{"$ref":"#/$defs/N"}},"$defs":{"N":{"type":"object","properties":{"n":{"$ref":"#/$defs/N"}}}}}}]}`, Target{Model: "openai/gpt-5.6-terra"})
	if strings.Contains(string(chat), `"strict"`) {
		t.Errorf("strict goes with %s", chat)
	}
}

// TestWebSearchTool says that the user's switch decides, not Codex's flag.
func TestWebSearchTool(t *testing.T) {
	for _, tool := range []string{`{"type":"web_search","external_web_access":false}`, `{"type":"web_search_preview"}`} {
		for _, on := range []bool{false, true} {
			chat, _ := translated(t, `{"model":"m","input":"x","tools":[`+tool+`]}`, Target{WebSearch: on})
			if got := strings.Contains(string(chat), `"name":"web_search"`); got != on {
				t.Errorf("%s, switched on %v: offered %v", tool, on, got)
			}
			if err := checkChat(chat); err != nil {
				t.Error(err)
			}
		}
	}
}

func TestDroppedTools(t *testing.T) {
	_, turn := translated(t, `{"model":"m","input":"x","tools":[{"type":"function","name":"f"},{"type":"computer_use"},{"type":"mcp","server_label":"s"},{"type":"namespace","name":"n","tools":[{"type":"file_search"}]}]}`, Target{})
	if diff := cmp.Diff([]string{"computer_use", "mcp", "file_search"}, turn.Dropped); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestToolsThatItemsBring offers what a tool search found, and the tools of
// Codex's lite mode, although the request's own list is without them.
func TestToolsThatItemsBring(t *testing.T) {
	for _, item := range []string{
		`{"type":"tool_search_output","call_id":"s","status":"completed","execution":"client","tools":[{"type":"namespace","name":"mcp__e","tools":[{"type":"function","name":"echo","defer_loading":true}]}]}`,
		`{"type":"additional_tools","id":"at_1","tools":[{"type":"namespace","name":"mcp__e","tools":[{"type":"function","name":"echo"}]}]}`,
	} {
		chat, _ := translated(t, `{"model":"m","input":[{"role":"user","content":"x"},{"type":"tool_search_call","call_id":"s","arguments":{}},`+item+`]}`, Target{})
		wantJSON(t, `[{"type":"function","function":{"name":"mcp__e__echo","description":"","parameters":{"type":"object","properties":{}}}}]`, string(members(t, chat)["tools"]))
		if err := checkChat(chat); err != nil {
			t.Error(err)
		}
	}
}

// TestLongNames shortens what upstream refuses, in a way that keeps names apart
// and the same from turn to turn.
func TestLongNames(t *testing.T) {
	long := strings.Repeat("n", 70)
	names := toolNames{byUpstream: map[string]toolRef{}, byRef: map[toolRef]string{}}
	seen := map[string]toolRef{}
	for _, ref := range []toolRef{
		{name: long}, {name: long + "x"}, {namespace: long, name: "a"}, {namespace: long, name: "b"},
		{kind: toolCustom, name: long}, {name: strings.Repeat("n", 64)}, {name: "é" + long},
	} {
		up := names.add(ref)
		if !toolName.MatchString(up) {
			t.Errorf("%+v is called %q", ref, up)
		}
		if other, taken := seen[up]; taken {
			t.Errorf("%+v and %+v are both called %q", ref, other, up)
		}
		seen[up] = ref
		if again := names.add(ref); again != up {
			t.Errorf("%+v is called %q and %q", ref, up, again)
		}
		if got := names.byUpstream[up]; got != ref {
			t.Errorf("%q leads back to %+v, not %+v", up, got, ref)
		}
		if got := names.upstream(ref); got != up {
			t.Errorf("history calls %+v %q, not %q", ref, got, up)
		}
	}
}

func TestToolChoice(t *testing.T) {
	for _, c := range []struct{ name, choice, want string }{
		{"auto", `"auto"`, `"auto"`},
		{"none", `"none"`, `"none"`},
		{"required", `"required"`, `"required"`},
		{"with an escape", `"a\u0075to"`, `"auto"`},
		{"null", `null`, ``},
		{"a word that nobody knows", `"maybe"`, ``},
		{"a number", `5`, ``},
		{"a function", `{"type":"function","name":"f"}`, `{"type":"function","function":{"name":"f"}}`},
		{"a freeform tool", `{"name":"apply_patch","type":"custom"}`, `{"type":"function","function":{"name":"apply_patch"}}`},
		{"a function that is not offered", `{"type":"function","name":"g"}`, ``},
		{"a hosted tool", `{"type":"web_search"}`, ``},
		{"allowed tools, free", `{"type":"allowed_tools","mode":"auto","tools":[{"type":"function","name":"f"}]}`, `"auto"`},
		{"allowed tools, forced", `{"type":"allowed_tools","mode":"required","tools":[{"type":"function","name":"f"}]}`, `"required"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			chat, _ := translated(t, `{"model":"m","input":"x","tool_choice":`+c.choice+`,"tools":[{"type":"function","name":"f"},{"type":"custom","name":"apply_patch"}]}`, Target{})
			got := string(members(t, chat)["tool_choice"])
			if c.want == "" || got == "" {
				if got != c.want {
					t.Errorf("got %q, want %q", got, c.want)
				}
				return
			}
			wantJSON(t, c.want, got)
		})
	}
}

// TestNoToolsNoToolOptions says that providers get no choice among no tools: some
// answer 400 to that.
func TestNoToolsNoToolOptions(t *testing.T) {
	for _, tools := range []string{`[]`, `null`, `[{"type":"local_shell"}]`} {
		chat, _ := translated(t, `{"model":"m","input":"x","tool_choice":"auto","parallel_tool_calls":true,"tools":`+tools+`}`, Target{})
		for _, field := range []string{"tools", "tool_choice", "parallel_tool_calls"} {
			if v, there := members(t, chat)[field]; there {
				t.Errorf("tools %s: %s is %s", tools, field, v)
			}
		}
	}
}

// TestAllowedTools: only the tools that tool_choice allows are offered.
func TestAllowedTools(t *testing.T) {
	const request = `{"model":"m","input":"a","tools":[{"type":"function","name":"f"},{"type":"custom","name":"g"},{"type":"function","name":"h"},{"type":"web_search"}],
		"tool_choice":{"type":"allowed_tools","mode":"%MODE%","tools":[%TOOLS%]}}`
	for _, c := range []struct{ mode, allowed, choice, want string }{
		{"required", `{"type":"function","name":"h"}`, `"required"`, "h"},
		{"auto", `{"type":"custom","name":"g"},{"type":"web_search"}`, `"auto"`, "g web_search"},
		{"auto", `{"type":"function","name":"gone"},{"type":"mcp","server_label":"x"},7`, ``, ""},
	} {
		body := strings.NewReplacer("%MODE%", c.mode, "%TOOLS%", c.allowed).Replace(request)
		chat, _ := translated(t, body, searchTarget)
		var got struct {
			Tools []struct{ Function struct{ Name string } }

			ToolChoice json.RawMessage `json:"tool_choice"`
		}
		if err := json.Unmarshal(chat, &got); err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, tool := range got.Tools {
			names = append(names, tool.Function.Name)
		}
		if strings.Join(names, " ") != c.want || string(got.ToolChoice) != c.choice {
			t.Errorf("%s %s: offered %q with %s", c.mode, c.allowed, names, got.ToolChoice)
		}
	}
}
