package clawsim

import "encoding/json"

// applyTool reads the markers whose turn calls tools.
func (p *planner) applyTool(d directive) (bool, error) {
	switch d.name {
	case "tool":
		p.choose(Turn{Calls: []ToolCall{p.tools.run(or(d.arg, "ls -la"))}})
	case "tool2":
		p.choose(Turn{Calls: p.tools.pair()})
	case "run":
		p.choose(Turn{Calls: []ToolCall{p.tools.run(or(d.arg, "pwd"))}})
	case "loop":
		for range int(d.number(3, 1000)) {
			p.choose(Turn{Calls: []ToolCall{p.tools.run("pwd")}})
		}
	case "fail":
		p.choose(Turn{Calls: []ToolCall{p.tools.run("echo broken >&2; exit 3")}})
	case "patch":
		p.choose(Turn{Calls: []ToolCall{p.tools.patch(or(d.arg, "clawsim.txt"))}})
	case "tooltext":
		p.choose(Turn{Text: "Let me look at the files.", Calls: []ToolCall{p.tools.run("ls")}})
	case "xmltool":
		p.choose(Turn{Text: xmlCall(p.tools.shell(), "ls")})
	case "badargs":
		call := p.tools.run("pwd")
		call.Arguments = encode(`{"cmd": "pwd`)
		p.choose(Turn{Calls: []ToolCall{call}})
	case "unknowntool":
		p.choose(Turn{Calls: []ToolCall{{Name: or(d.arg, "no_such_tool")}}})
	case "sameids":
		a, b := p.tools.run("echo one"), p.tools.run("echo two")
		a.ID, b.ID = "call_same", "call_same"
		p.choose(Turn{Calls: []ToolCall{a, b}})
	case "search":
		p.choose(Turn{Calls: []ToolCall{{Name: "web_search",
			Arguments: encode(map[string]string{"query": or(d.arg, "clawrouter")})}}})
	default:
		return false, nil
	}
	return true, nil
}

func or(s, def string) string {
	if s == "" {
		return def
	}
	return s
}

// xmlCall is a call written as text, as models without native calls write it.
func xmlCall(tool, cmd string) string {
	param := "command"
	if tool == "exec_command" {
		param = "cmd"
	}
	return `<function_calls><invoke name="` + or(tool, "shell") + `"><parameter name="` + param + `">` +
		cmd + `</parameter></invoke></function_calls>`
}

// applyFault reads the markers for what goes wrong other than by a status.
func (p *planner) applyFault(d directive) (bool, error) {
	text := func(s string) *string { return &s }
	switch d.name {
	case "drop":
		p.choose(Turn{Drop: true})
	case "hang":
		p.choose(Turn{Hang: true})
	case "badjson":
		p.choose(Turn{Raw: text("<html>not json</html>")})
	case "degraded":
		p.choose(Turn{Text: degradedText})
	case "error200":
		p.choose(Turn{Raw: text(`{"error":{"message":"upstream failed","type":"server_error"}}`)})
	case "402funds":
		p.choose(Turn{Broke: true})
	case "context":
		p.choose(Turn{Status: 400, Body: json.RawMessage(`{"error":{"message":` +
			`"This model's maximum context length is exceeded","type":"invalid_request_error","code":"context_length_exceeded"}}`)})
	case "cut", "garbage", "half", "silent":
		p.fallback = []Turn{{Text: "{reply}"}}
		p.first = append(p.first, func(t *Turn) { t.Wire = Wire(d.name) })
	default:
		return false, nil
	}
	return true, nil
}

// degradedText is what an overloaded provider says with status 200.
const degradedText = "The model is temporarily overloaded. Please try again later."

// errorBody is what the gateway says with a status. The shapes differ on
// purpose: an object with a message, one without a type, and a bare string.
func errorBody(status int) json.RawMessage {
	switch status {
	case 400:
		return openAIError("Invalid request: bad parameter", "invalid_request_error")
	case 401:
		return openAIError("Invalid authentication", "authentication_error")
	case 403:
		return openAIError("Access denied", "permission_error")
	case 404:
		return openAIError("Unknown model", "invalid_request_error")
	case 413:
		return openAIError("Request too large", "invalid_request_error")
	case 429:
		return openAIError("Rate limit exceeded", "rate_limit_error")
	case 500:
		return json.RawMessage(`{"error":"Internal server error","message":"The provider failed"}`)
	case 503:
		return json.RawMessage(`{"error":{"message":"Service overloaded, capacity reached"}}`)
	case 529:
		return openAIError("Overloaded", "overloaded_error")
	}
	return json.RawMessage(`{"error":"upstream failure"}`)
}

func openAIError(message, kind string) json.RawMessage {
	return encode(struct {
		Error any `json:"error"`
	}{struct {
		Message string `json:"message"`
		Type    string `json:"type"`
	}{message, kind}})
}
