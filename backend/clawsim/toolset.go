package clawsim

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
)

// toolset is the names of the tools that a request offers, in its order.
type toolset []string

// shell is the tool that runs commands, by the names that Codex has given it;
// "" when there is none.
func (t toolset) shell() string {
	for _, name := range []string{"exec_command", "shell_command", "shell"} {
		if slices.Contains(t, name) {
			return name
		}
	}
	return ""
}

// run is a call that runs a command in the dialect of the tool there is.
func (t toolset) run(cmd string) ToolCall {
	switch name := t.shell(); name {
	case "exec_command":
		return ToolCall{Name: name, Arguments: encode(map[string]string{"cmd": cmd})}
	case "shell_command":
		return ToolCall{Name: name, Arguments: encode(map[string]string{"command": cmd})}
	case "":
		return ToolCall{Name: "shell", Arguments: argv(cmd)}
	default:
		return ToolCall{Name: name, Arguments: argv(cmd)}
	}
}

// argv is a command for the tool that takes a list of words.
func argv(cmd string) json.RawMessage {
	words := strings.Fields(cmd)
	if strings.ContainsAny(cmd, "\"'|&;<>()$`*?\n") {
		words = []string{"bash", "-lc", cmd}
	}
	return encode(map[string][]string{"command": words})
}

// pair is two calls at once: of the shell where it takes lines, else of the
// first two tools there are.
func (t toolset) pair() []ToolCall {
	first, second := t.run("ls"), t.run("pwd")
	if t.shell() == "shell" && len(t) > 1 {
		second.Name = t[1]
	}
	return []ToolCall{first, second}
}

// patch adds a file with the apply_patch tool, or with the shell where Codex
// offers no such tool: it takes the here-document for a patch all the same.
func (t toolset) patch(file string) ToolCall {
	body := "*** Begin Patch\n*** Add File: " + file + "\n+hello from clawsim\n*** End Patch\n"
	if slices.Contains(t, "apply_patch") {
		return ToolCall{Name: "apply_patch", Arguments: encode(map[string]string{"input": body})}
	}
	return t.run("apply_patch <<'EOF'\n" + body + "EOF\n")
}

var (
	runLine = regexp.MustCompile("(?im)^\\s*run:[ \t]*`?([^`\n]+?)`?[ \t]*$")
	runTick = regexp.MustCompile("(?i)\\b(?:run|execute):?\\s+`([^`\n]+)`")
)

// commandIn finds the command that a prompt asks for: a line "run: CMD", or
// run `CMD` within a sentence. Other code in backticks is not run.
func commandIn(prompt string) string {
	for _, re := range []*regexp.Regexp{runLine, runTick} {
		if m := re.FindStringSubmatch(prompt); m != nil {
			return strings.TrimSpace(m[1])
		}
	}
	return ""
}

// isCompaction recognises the message with which Codex asks for a summary.
func isCompaction(prompt string) bool {
	p := strings.ToLower(prompt)
	return strings.Contains(p, "context checkpoint") && strings.Contains(p, "summary")
}

// summaryOf lists the user's own prompts, the last first; what Codex puts into
// user messages itself (in angle brackets) is left out.
func summaryOf(c *chatRequest) string {
	var asked []string
	for i := c.lastUserIndex() - 1; i >= 0; i-- {
		text := contentText(c.messages[i])
		if c.messages[i].str("role") == "user" && !strings.HasPrefix(text, "<") {
			asked = append(asked, shorten(text, 120))
		}
	}
	if len(asked) == 0 {
		return "nothing was asked yet."
	}
	return "the user asked: " + strings.Join(asked, "; ")
}
