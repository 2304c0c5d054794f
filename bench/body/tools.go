package body

import (
	"bytes"
	"encoding/json"
)

type toolKind string

const (
	function  toolKind = "function"
	custom    toolKind = "custom"
	namespace toolKind = "namespace"
	webSearch toolKind = "web_search"
)

type param struct{ name, kind, about string }

// tool is one offered tool in neither API's shape.
type tool struct {
	kind     toolKind
	name     string
	about    string
	params   []param
	required int    // how many of params, from the first, must be given
	grammar  string // custom tools only
	members  []tool // namespaces only
}

const patchGrammar = "start: begin change+ end\nbegin: \"*** Begin Patch\" LF\nend: \"*** End Patch\" LF?\n" +
	"change: add | remove | update\nadd: \"*** Add File: \" path LF (\"+\" /(.*)/ LF)+\n" +
	"remove: \"*** Delete File: \" path LF\nupdate: \"*** Update File: \" path LF hunk+\n" +
	"hunk: (\"@@\" | \"@@ \" /(.+)/) LF ((\"+\" | \"-\" | \" \") /(.*)/ LF)+\npath: /(.+)/\n%import common.LF\n"

// shellTools are what Codex offers with every optional feature switched off.
func shellTools(p *prose) []tool {
	return []tool{
		{kind: function, name: "exec_command", about: p.sentences(70), required: 1, params: []param{
			{"cmd", "string", "Command line to run."}, {"workdir", "string", p.sentences(50)},
			{"shell", "string", p.sentences(60)}, {"tty", "boolean", p.sentences(70)},
			{"login", "boolean", p.sentences(70)}, {"justification", "string", p.sentences(70)},
			{"max_output_tokens", "number", p.sentences(80)}, {"yield_time_ms", "number", p.sentences(80)}}},
		{kind: function, name: "write_stdin", about: p.sentences(80), required: 1, params: []param{
			{"session_id", "number", p.sentences(50)}, {"chars", "string", p.sentences(80)},
			{"yield_time_ms", "number", p.sentences(140)}}},
		{kind: function, name: "view_image", about: p.sentences(120), required: 1, params: []param{
			{"path", "string", p.sentences(40)}}},
		{kind: function, name: "update_goal", about: p.sentences(1500), required: 1, params: []param{
			{"status", "string", p.sentences(200)}}},
	}
}

// allTools adds the freeform patch tool, the sub-agent namespace, two MCP
// servers and web search: every kind that needs a table of names on the way back.
func allTools(p *prose) []tool {
	return append(shellTools(p),
		tool{kind: custom, name: "apply_patch", about: p.sentences(120), grammar: patchGrammar},
		tool{kind: namespace, name: "multi_agent_v1", about: p.sentences(50), members: p.members(1200,
			"spawn_agent", "send_input", "wait_agent", "resume_agent", "close_agent")},
		tool{kind: namespace, name: "mcp__docs", about: p.sentences(40), members: p.members(300,
			"search", "fetch", "list_sources")},
		tool{kind: namespace, name: "mcp__tracker", about: p.sentences(40), members: p.members(300,
			"search", "create_ticket", "comment", "close")},
		tool{kind: webSearch},
	)
}

func (p *prose) members(about int, names ...string) []tool {
	out := make([]tool, len(names))
	for i, name := range names {
		out[i] = tool{kind: function, name: name, about: p.sentences(about), required: 1, params: []param{
			{"target", "string", p.sentences(60)}, {"message", "string", p.sentences(120)},
			{"limit", "number", p.sentences(40)}}}
	}
	return out
}

type property struct {
	Type        string `json:"type"`
	Description string `json:"description"`
}

type schema struct {
	Type                 string     `json:"type"`
	Properties           properties `json:"properties"`
	Required             []string   `json:"required"`
	AdditionalProperties bool       `json:"additionalProperties"`
}

// properties keeps the order that Codex sends, which a map would lose.
type properties []param

func (ps properties) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, p := range ps {
		if i > 0 {
			b.WriteByte(',')
		}
		b.Write(encode(p.name))
		b.WriteByte(':')
		b.Write(encode(property{p.kind, p.about}))
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

func (t tool) schema() *schema {
	s := &schema{Type: "object", Properties: t.params, Required: []string{}}
	for _, p := range t.params[:t.required] {
		s.Required = append(s.Required, p.name)
	}
	return s
}

type grammarFormat struct {
	Type       string `json:"type"`
	Syntax     string `json:"syntax"`
	Definition string `json:"definition"`
}

type responsesTool struct {
	Type        toolKind        `json:"type"`
	Name        string          `json:"name,omitempty"`
	Description string          `json:"description,omitempty"`
	Strict      *bool           `json:"strict,omitempty"`
	Parameters  *schema         `json:"parameters,omitempty"`
	Format      *grammarFormat  `json:"format,omitempty"`
	Tools       []responsesTool `json:"tools,omitempty"`
	External    *bool           `json:"external_web_access,omitempty"`
}

func responsesTools(tools []tool) []responsesTool {
	yes, no := true, false
	out := make([]responsesTool, 0, len(tools))
	for _, t := range tools {
		r := responsesTool{Type: t.kind, Name: t.name, Description: t.about}
		switch t.kind {
		case function:
			r.Strict, r.Parameters = &no, t.schema()
		case custom:
			r.Format = &grammarFormat{"grammar", "lark", t.grammar}
		case namespace:
			r.Tools = responsesTools(t.members)
		case webSearch:
			r.External = &yes
		}
		out = append(out, r)
	}
	return out
}

type chatFunction struct {
	Name        string  `json:"name"`
	Description string  `json:"description"`
	Parameters  *schema `json:"parameters"`
}

type chatTool struct {
	Type     toolKind     `json:"type"`
	Function chatFunction `json:"function"`
}

// chatTools flattens namespaces and gives custom tools one string parameter.
// Web search has no Chat Completions form and is left out.
func chatTools(tools []tool, prefix string) []chatTool {
	var out []chatTool
	for _, t := range tools {
		switch t.kind {
		case function:
			out = append(out, chatTool{function, chatFunction{prefix + t.name, t.about, t.schema()}})
		case custom:
			t.params, t.required = []param{{"input", "string", t.grammar}}, 1
			out = append(out, chatTool{function, chatFunction{prefix + t.name, t.about, t.schema()}})
		case namespace:
			out = append(out, chatTools(t.members, t.name+"__")...)
		}
	}
	return out
}

// encode marshals as Codex does, with <, > and & left as they are. Everything
// given to it is made of strings, numbers and bools, which cannot fail.
func encode(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic("bench/body: " + err.Error())
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}
