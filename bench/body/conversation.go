package body

import (
	"encoding/json"
	"fmt"
)

// entry is one step of a session in neither API's shape; exactly one of text,
// tool and thought is set.
type entry struct {
	role    string // of text: developer, user or assistant
	text    string
	tool    *use
	thought *thought
}

// use is a tool call with its output.
type use struct {
	id, space, name string
	custom          bool
	input           string // argument JSON, or the freeform input of a custom tool
	output          string
}

type thought struct{ summary, sealed string }

// conversation is a whole request.
type conversation struct {
	entries   []entry
	tools     []tool
	everyKind bool // reasoning, custom and namespaced calls in the history too
}

// prelude is what every Codex session begins with: base instructions, skills,
// the environment, the prompt.
func prelude(p *prose) []entry {
	return []entry{
		{role: "developer", text: "You are a coding agent in a terminal. " + p.sentences(12_000)},
		{role: "developer", text: "<skills>\n" + p.lines(2400) + "</skills>"},
		{role: "user", text: "<environment_context>\n  <cwd>/home/dev/project</cwd>\n  <shell>bash</shell>\n" +
			"  <current_date>2026-11-22</current_date>\n</environment_context>"},
		{role: "user", text: "Find out why the window test fails, and mend it."},
	}
}

// step adds one round of the agent: a thought, a call, what it printed.
func (c *conversation) step(p *prose, n, output int) {
	id := fmt.Sprintf("call_%06d", n)
	if c.everyKind && n%2 == 0 {
		c.entries = append(c.entries, entry{thought: &thought{p.sentences(160), p.opaque(700)}})
	}
	u := &use{id: id, name: "exec_command", output: fmt.Sprintf(
		"Chunk ID: %06x\nWall time: 0.%03d seconds\nProcess exited with code 0\nOriginal token count: %d\nOutput:\n%s",
		n*7919, n%1000, output/4, p.lines(output))}
	switch {
	case c.everyKind && n%5 == 3:
		u.name, u.custom = "apply_patch", true
		u.input = "*** Begin Patch\n*** Update File: window.go\n@@\n-" + p.sentences(40) + "\n+" + p.sentences(40) + "\n*** End Patch\n"
	case c.everyKind && n%5 == 4:
		u.space, u.name = "mcp__docs", "search"
		u.input = string(encode(map[string]string{"target": p.sentences(30)}))
	default:
		u.input = string(encode(map[string]string{"cmd": "sed -n '1,200p' " + words[n%len(words)] + ".go && go test ./... 2>&1 | tail"}))
	}
	c.entries = append(c.entries, entry{tool: u})
	if n%8 == 7 {
		c.entries = append(c.entries, entry{role: "assistant", text: p.sentences(300)})
	}
}

type textPart struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

type responsesItem struct {
	Type      string     `json:"type"`
	ID        string     `json:"id"`
	Role      string     `json:"role,omitempty"`
	Summary   []textPart `json:"summary,omitempty"`
	Content   []textPart `json:"content,omitempty"`
	Sealed    string     `json:"encrypted_content,omitempty"`
	Name      string     `json:"name,omitempty"`
	Namespace string     `json:"namespace,omitempty"`
	Arguments string     `json:"arguments,omitempty"`
	Input     string     `json:"input,omitempty"`
	CallID    string     `json:"call_id,omitempty"`
	Output    string     `json:"output,omitempty"`
}

func (e entry) responses(n int) []responsesItem {
	id := func(prefix string) string { return fmt.Sprintf("%s_01a20383-2af1-7db3-9e14-%012x", prefix, n) }
	switch {
	case e.thought != nil:
		return []responsesItem{{Type: "reasoning", ID: id("rs"), Sealed: e.thought.sealed,
			Summary: []textPart{{"summary_text", e.thought.summary}}}}
	case e.tool != nil && e.tool.custom:
		return []responsesItem{
			{Type: "custom_tool_call", ID: id("ctc"), CallID: e.tool.id, Name: e.tool.name, Input: e.tool.input},
			{Type: "custom_tool_call_output", ID: id("ctco"), CallID: e.tool.id, Output: e.tool.output}}
	case e.tool != nil:
		return []responsesItem{
			{Type: "function_call", ID: id("fc"), CallID: e.tool.id, Name: e.tool.name, Namespace: e.tool.space, Arguments: e.tool.input},
			{Type: "function_call_output", ID: id("fco"), CallID: e.tool.id, Output: e.tool.output}}
	}
	kind := "input_text"
	if e.role == "assistant" {
		kind = "output_text"
	}
	return []responsesItem{{Type: "message", ID: id("msg"), Role: e.role, Content: []textPart{{kind, e.text}}}}
}

type reasoningOptions struct {
	Effort  string `json:"effort,omitempty"`
	Summary string `json:"summary"`
}

type responsesRequest struct {
	Model    string            `json:"model"`
	Stream   bool              `json:"stream"`
	Input    []responsesItem   `json:"input"`
	Tools    []responsesTool   `json:"tools"`
	Choice   string            `json:"tool_choice"`
	Parallel bool              `json:"parallel_tool_calls"`
	Reason   reasoningOptions  `json:"reasoning"`
	Store    bool              `json:"store"`
	Include  []string          `json:"include"`
	CacheKey string            `json:"prompt_cache_key"`
	Metadata map[string]string `json:"client_metadata"`
}

func (c *conversation) effort() string {
	if c.everyKind {
		return "medium"
	}
	return ""
}

func (c *conversation) responses() []byte {
	r := responsesRequest{Model: Model, Stream: true, Tools: responsesTools(c.tools), Choice: "auto", Parallel: true,
		Reason: reasoningOptions{c.effort(), "auto"}, Include: []string{"reasoning.encrypted_content"}, CacheKey: Thread,
		Metadata: map[string]string{"session_id": Thread, "thread_id": Thread, "turn_id": Turn}}
	for i, e := range c.entries {
		r.Input = append(r.Input, e.responses(i)...)
	}
	return encode(r)
}

type chatCall struct {
	ID       string   `json:"id"`
	Type     toolKind `json:"type"`
	Function struct {
		Name      string `json:"name"`
		Arguments string `json:"arguments"`
	} `json:"function"`
}

type chatMessage struct {
	Role      string     `json:"role"`
	Content   string     `json:"content"`
	Reasoning string     `json:"reasoning_content,omitempty"`
	ToolCalls []chatCall `json:"tool_calls,omitempty"`
	CallID    string     `json:"tool_call_id,omitempty"`
}

type chatRequest struct {
	Model    string          `json:"model"`
	Stream   bool            `json:"stream"`
	Options  json.RawMessage `json:"stream_options"`
	Messages []chatMessage   `json:"messages"`
	Tools    []chatTool      `json:"tools"`
	Choice   string          `json:"tool_choice"`
	Parallel bool            `json:"parallel_tool_calls"`
	Effort   string          `json:"reasoning_effort,omitempty"`
}

func (c *conversation) chat() []byte {
	r := chatRequest{Model: Model, Stream: true, Options: json.RawMessage(`{"include_usage":true}`),
		Tools: chatTools(c.tools, ""), Choice: "auto", Parallel: true, Effort: c.effort()}
	reasoning := ""
	for _, e := range c.entries {
		switch {
		case e.thought != nil:
			reasoning = e.thought.summary
		case e.tool != nil:
			r.Messages = append(r.Messages, e.tool.chat(reasoning)...)
			reasoning = ""
		case e.role == "developer":
			r.Messages = append(r.Messages, chatMessage{Role: "system", Content: e.text})
		default:
			r.Messages = append(r.Messages, chatMessage{Role: e.role, Content: e.text})
		}
	}
	return encode(r)
}

func (u *use) chat(reasoning string) []chatMessage {
	call := chatCall{ID: u.id, Type: function}
	call.Function.Name, call.Function.Arguments = u.name, u.input
	if u.space != "" {
		call.Function.Name = u.space + "__" + u.name
	}
	if u.custom {
		call.Function.Arguments = string(encode(map[string]string{"input": u.input}))
	}
	return []chatMessage{{Role: "assistant", Reasoning: reasoning, ToolCalls: []chatCall{call}},
		{Role: "tool", CallID: u.id, Content: u.output}}
}
