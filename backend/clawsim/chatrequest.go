package clawsim

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
)

// chatRequest is a Chat Completions body, decoded as far as ClawRouter looks.
type chatRequest struct {
	top      *object
	messages []*object
}

func parseChat(body []byte) (*chatRequest, error) {
	top := newObject()
	if err := json.Unmarshal(body, top); err != nil {
		return nil, err
	}
	if strings.TrimSpace(top.str("model")) == "" {
		return nil, errors.New("no model")
	}
	c := &chatRequest{top: top}
	if raw := top.vals["messages"]; len(raw) > 0 {
		if err := json.Unmarshal(raw, &c.messages); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// bytes is the request as it stands now.
func (c *chatRequest) bytes() []byte {
	if c.top.has("messages") {
		c.top.setRaw("messages", c.messageBytes())
	}
	return c.top.bytes()
}

func (c *chatRequest) messageBytes() []byte {
	var b bytes.Buffer
	b.WriteByte('[')
	for i, m := range c.messages {
		if i > 0 {
			b.WriteByte(',')
		}
		m.writeTo(&b)
	}
	b.WriteByte(']')
	return b.Bytes()
}

func (c *chatRequest) copy() *chatRequest {
	n := &chatRequest{top: c.top.copy(), messages: make([]*object, len(c.messages))}
	for i, m := range c.messages {
		n.messages[i] = m.copy()
	}
	return n
}

// contentText is the text of a message: the string, or its text parts joined by
// a space, as ClawRouter joins them.
func contentText(m *object) string {
	if m == nil {
		return ""
	}
	if s, ok := m.isString("content"); ok {
		return s
	}
	var parts []struct{ Type, Text string }
	if json.Unmarshal(m.vals["content"], &parts) != nil {
		return ""
	}
	var texts []string
	for _, p := range parts {
		if p.Type == "text" {
			texts = append(texts, p.Text)
		}
	}
	return strings.Join(texts, " ")
}

func (c *chatRequest) lastUserIndex() int {
	for i := len(c.messages) - 1; i >= 0; i-- {
		if c.messages[i].str("role") == "user" {
			return i
		}
	}
	return -1
}

// lastUser is the text of the last user message.
func (c *chatRequest) lastUser() string {
	if i := c.lastUserIndex(); i >= 0 {
		return contentText(c.messages[i])
	}
	return ""
}

func (c *chatRequest) firstUser() string {
	for _, m := range c.messages {
		if m.str("role") == "user" {
			return contentText(m)
		}
	}
	return ""
}

// promptIndex is the user message that the turn answers. Codex and the bridge
// put user messages of their own right behind a tool's result (its picture, the
// note that a sub-agent ended): those go on with the turn, unless they carry a
// marker.
func (c *chatRequest) promptIndex() int {
	last := c.lastUserIndex()
	for end := last; end >= 0; end-- {
		if c.messages[end].str("role") != "user" {
			continue
		}
		begin := end
		for begin > 0 && c.messages[begin-1].str("role") == "user" {
			begin--
		}
		if begin == 0 || c.messages[begin-1].str("role") != "tool" || c.marked(begin, end) {
			return end
		}
		end = begin
	}
	return last
}

// marked reports whether a message between two indexes, both included, carries
// a marker.
func (c *chatRequest) marked(begin, end int) bool {
	for _, m := range c.messages[begin : end+1] {
		if found, err := directives(contentText(m)); len(found) > 0 || err != nil {
			return true
		}
	}
	return false
}

// prompt is the text that the turn answers.
func (c *chatRequest) prompt() string {
	if i := c.promptIndex(); i >= 0 {
		return contentText(c.messages[i])
	}
	return ""
}

// toolResults are the texts of the tool messages after the prompt.
func (c *chatRequest) toolResults() []string {
	var out []string
	for _, m := range c.messages[c.promptIndex()+1:] {
		if m.str("role") == "tool" {
			out = append(out, contentText(m))
		}
	}
	return out
}

// toolNames are the names of the functions offered, in order.
func (c *chatRequest) toolNames() []string {
	var tools []struct{ Function struct{ Name string } }
	if json.Unmarshal(c.top.vals["tools"], &tools) != nil {
		return nil
	}
	var names []string
	for _, t := range tools {
		if t.Function.Name != "" {
			names = append(names, t.Function.Name)
		}
	}
	return names
}

// lastCallNames are the tools that the last assistant message called.
func (c *chatRequest) lastCallNames() []string {
	for i := len(c.messages) - 1; i >= 0; i-- {
		if c.messages[i].str("role") != "assistant" {
			continue
		}
		var calls []ToolCall
		var wire []wireCall
		if json.Unmarshal(c.messages[i].vals["tool_calls"], &wire) == nil {
			for _, w := range wire {
				calls = append(calls, ToolCall{Name: w.Function.Name})
			}
		}
		var names []string
		for _, t := range calls {
			names = append(names, t.Name)
		}
		return names
	}
	return nil
}

// maxTokens is the output that the request allows; 0 when it names none.
func (c *chatRequest) maxTokens() int {
	if n := c.top.integer("max_tokens"); n > 0 {
		return n
	}
	return c.top.integer("max_completion_tokens")
}
