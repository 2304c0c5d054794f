package clawsim

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"regexp"
	"strings"
)

const (
	rewriteAbove = 180 << 10
	keepMessages = 200
)

// squeeze does to a text what ClawRouter does in big bodies: one kind of line
// end, one blank line at most, no trailing space, runs of spaces to one (three or
// more at the beginning of a line to two), tabs to two spaces, ends trimmed. To
// prose it does little; it ruins Go, Makefiles, Python and patches.
func squeeze(s string) string {
	s = strings.ReplaceAll(s, "\r\n", "\n")
	s = strings.ReplaceAll(s, "\r", "\n")
	var b strings.Builder
	b.Grow(len(s))
	// ClawRouter joins blank lines before it trims them: those that hold spaces
	// do not count as blank.
	blank := 0
	for line := range strings.SplitSeq(s, "\n") {
		if line == "" {
			blank++
		} else {
			blank = 0
		}
		if blank > 1 {
			continue
		}
		squeezeLine(&b, strings.TrimRight(line, " \t"))
		b.WriteByte('\n')
	}
	return strings.TrimSpace(b.String())
}

func squeezeLine(b *strings.Builder, line string) {
	for i := 0; i < len(line); {
		switch line[i] {
		case ' ':
			end := i
			for end < len(line) && line[end] == ' ' {
				end++
			}
			keep := min(end-i, 1)
			if i == 0 {
				keep = min(end-i, 2)
			}
			b.WriteString("  "[:keep])
			i = end
		case '\t':
			b.WriteString("  ")
			i++
		default:
			end := i
			for end < len(line) && line[end] != ' ' && line[end] != '\t' {
				end++
			}
			b.WriteString(line[i:end])
			i = end
		}
	}
}

// rewrite squeezes all string contents of a body over 180 KB, minifies tool
// output that looks like JSON, and drops assistant messages said twice. Content
// that is a list of parts is not looked at.
func rewrite(c *chatRequest) bool {
	changed := false
	seen := map[[32]byte]bool{}
	var kept []*object
	for _, m := range c.messages {
		role := m.str("role")
		text, isText := m.isString("content")
		if role == "assistant" && isText && text != "" && !m.has("tool_calls") {
			h := sha256.Sum256([]byte(text))
			if seen[h] {
				changed = true
				continue
			}
			seen[h] = true
		}
		kept = append(kept, m)
		if !isText {
			continue
		}
		if to := squeezeMessage(role, text); to != text {
			m.set("content", to)
			changed = true
		}
	}
	c.messages = kept
	return changed
}

func squeezeMessage(role, text string) string {
	out := squeeze(text)
	if role == "tool" && (strings.HasPrefix(out, "{") || strings.HasPrefix(out, "[")) {
		var b bytes.Buffer
		if json.Compact(&b, []byte(out)) == nil {
			return b.String()
		}
	}
	return out
}

// cut keeps all system messages and the last of the others, 200 in all: the
// task itself, said first, is what goes. keepPairs is the later behaviour that
// does not begin with results whose calls are gone.
func cut(c *chatRequest, keepPairs bool) bool {
	if len(c.messages) <= keepMessages {
		return false
	}
	var system, rest []*object
	for _, m := range c.messages {
		if m.str("role") == "system" {
			system = append(system, m)
		} else {
			rest = append(rest, m)
		}
	}
	rest = rest[len(rest)-min(len(rest), max(0, keepMessages-len(system))):]
	for keepPairs && len(rest) > 0 && rest[0].str("role") == "tool" {
		rest = rest[1:]
	}
	c.messages = append(system, rest...)
	return true
}

// fixRoles turns the roles that ClawRouter knows no better for.
func fixRoles(c *chatRequest) bool {
	changed := false
	for _, m := range c.messages {
		role := m.str("role")
		to := role
		switch role {
		case "system", "user", "assistant", "tool", "function":
		case "developer":
			to = "system"
		case "model":
			to = "assistant"
		default:
			to = "user"
		}
		if to != role {
			m.set("role", to)
			changed = true
		}
	}
	return changed
}

var (
	oddIDChars = regexp.MustCompile(`[^A-Za-z0-9_-]`)
	brandWord  = regexp.MustCompile(`blockrun/\S*`)
)

func fixToolIDs(c *chatRequest) bool {
	changed := false
	for _, m := range c.messages {
		if id, ok := m.isString("tool_call_id"); ok && oddIDChars.MatchString(id) {
			m.set("tool_call_id", oddIDChars.ReplaceAllString(id, "_"))
			changed = true
		}
		var calls []*object
		if json.Unmarshal(m.vals["tool_calls"], &calls) != nil {
			continue
		}
		for _, call := range calls {
			if id := call.str("id"); oddIDChars.MatchString(id) {
				call.set("id", oddIDChars.ReplaceAllString(id, "_"))
				changed = true
				m.set("tool_calls", calls)
			}
		}
	}
	return changed
}

func eraseBrand(c *chatRequest) bool {
	changed := false
	for _, m := range c.messages {
		text, ok := m.isString("content")
		if ok && m.str("role") == "system" && strings.Contains(text, "blockrun/") {
			m.set("content", brandWord.ReplaceAllString(text, ""))
			changed = true
		}
	}
	return changed
}

// addReasoning gives assistant messages an empty reasoning_content, which
// reasoning models ask for.
func addReasoning(c *chatRequest) bool {
	changed := false
	for _, m := range c.messages {
		if m.str("role") == "assistant" && !m.has("reasoning_content") {
			m.set("reasoning_content", "")
			changed = true
		}
	}
	return changed
}

// leadWithUser puts a user message before a conversation that an assistant
// message begins: Google's models refuse it otherwise.
func leadWithUser(c *chatRequest) bool {
	for i, m := range c.messages {
		switch m.str("role") {
		case "system":
			continue
		case "assistant":
			lead := newObject()
			lead.set("role", "user")
			lead.set("content", "(continuing conversation)")
			c.messages = append(c.messages[:i:i], append([]*object{lead}, c.messages[i:]...)...)
			return true
		}
		return false
	}
	return false
}

// forwarded is the request as one model is sent it.
func (s *Sim) forwarded(c *chatRequest, model string) (*chatRequest, []Spoiling) {
	f := c.copy()
	f.top.set("model", upstreamID(model))
	p, _ := loadCatalog().price(model)
	var done []Spoiling
	for _, step := range []struct {
		name Spoiling
		do   func() bool
	}{
		{SpoilRoles, func() bool { return fixRoles(f) }},
		{SpoilBrand, func() bool { return eraseBrand(f) }},
		{SpoilCut, func() bool { return cut(f, atLeast(s.version, versionKeepPairs)) }},
		{SpoilToolIDs, func() bool { return fixToolIDs(f) }},
		{SpoilGoogle, func() bool { return strings.HasPrefix(model, "google/") && leadWithUser(f) }},
		{SpoilReasoning, func() bool { return p.Reasoning && addReasoning(f) }},
	} {
		if s.spoils(step.name) && step.do() {
			done = append(done, step.name)
		}
	}
	return f, done
}
