package translate

import (
	"fmt"
	"regexp"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// chatRequest is what the tests read of a chat request.
type chatRequest struct {
	Model    string        `json:"model"`
	Messages []chatMessage `json:"messages"`
	Tools    []struct {
		Type     string `json:"type"`
		Function struct {
			Name        string         `json:"name"`
			Description string         `json:"description"`
			Parameters  jsontext.Value `json:"parameters"`
		} `json:"function"`
	} `json:"tools"`
}

type chatMessage struct {
	Role       string         `json:"role"`
	Content    jsontext.Value `json:"content"`
	Reasoning  string         `json:"reasoning_content"`
	ToolCallID string         `json:"tool_call_id"`
	ToolCalls  []struct {
		ID       string `json:"id"`
		Type     string `json:"type"`
		Function struct {
			Name      string `json:"name"`
			Arguments string `json:"arguments"`
		} `json:"function"`
	} `json:"tool_calls"`
}

var callID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,40}$`)

var toolName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// checkChat checks what every Chat provider demands of a request and answers 400
// to: strict JSON, one system message at the head, calls answered at once and in
// order, ids and names that are unique and well formed.
func checkChat(chat []byte) error {
	var req chatRequest
	if err := json.Unmarshal(chat, &req); err != nil {
		return err
	}
	if req.Model == "" || len(req.Messages) == 0 {
		return fmt.Errorf("no model or no messages")
	}
	if err := checkTools(req); err != nil {
		return err
	}
	ids := map[string]bool{}
	var waiting []string // ids of calls that the next messages must answer
	for i, m := range req.Messages {
		if err := checkMessage(i, m, ids); err != nil {
			return fmt.Errorf("message %d: %w", i, err)
		}
		if m.Role == "tool" {
			if len(waiting) == 0 || waiting[0] != m.ToolCallID {
				return fmt.Errorf("message %d answers %q, waiting are %q", i, m.ToolCallID, waiting)
			}
			waiting = waiting[1:]
			continue
		}
		if len(waiting) > 0 {
			return fmt.Errorf("message %d comes before the answers to %q", i, waiting)
		}
		for _, c := range m.ToolCalls {
			waiting = append(waiting, c.ID)
		}
	}
	if len(waiting) > 0 {
		return fmt.Errorf("%q are never answered", waiting)
	}
	return nil
}

func checkTools(req chatRequest) error {
	names := map[string]bool{}
	for _, tool := range req.Tools {
		f := tool.Function
		switch {
		case tool.Type != "function":
			return fmt.Errorf("tool type %q", tool.Type)
		case !toolName.MatchString(f.Name):
			return fmt.Errorf("tool name %q", f.Name)
		case names[f.Name]:
			return fmt.Errorf("tool %q twice", f.Name)
		case f.Parameters.Kind() != '{':
			return fmt.Errorf("parameters of %q are %s", f.Name, f.Parameters)
		}
		names[f.Name] = true
	}
	return nil
}

func checkMessage(i int, m chatMessage, ids map[string]bool) error {
	switch m.Role {
	case "system":
		if i > 0 {
			return fmt.Errorf("a system message that is not the first")
		}
	case "user", "tool":
	case "assistant":
		if m.Content.Kind() == 'n' && len(m.ToolCalls) == 0 {
			return fmt.Errorf("neither content nor calls")
		}
	default:
		return fmt.Errorf("role %q", m.Role)
	}
	if k := m.Content.Kind(); k != '"' && k != '[' && (m.Role != "assistant" || k != 'n') {
		return fmt.Errorf("content is %s", m.Content)
	}
	if c := string(m.Content); c == `""` || c == `[]` || c == `[{"type":"text","text":""}]` {
		return fmt.Errorf("a message with nothing in it")
	}
	if len(m.ToolCalls) > 0 && m.Role != "assistant" {
		return fmt.Errorf("a %s calls tools", m.Role)
	}
	for _, c := range m.ToolCalls {
		switch {
		case !callID.MatchString(c.ID) || ids[c.ID]:
			return fmt.Errorf("call id %q is malformed or not unique", c.ID)
		case !object([]byte(c.Function.Arguments)):
			return fmt.Errorf("arguments %q are no object", c.Function.Arguments)
		case c.Type != "function" || !toolName.MatchString(c.Function.Name):
			return fmt.Errorf("call of %s %q", c.Type, c.Function.Name)
		}
		ids[c.ID] = true
	}
	return nil
}
