package translate

// strictTurns lists the families whose chat templates or APIs refuse two messages
// of one role in a row. To all others Codex's separate messages (its environment,
// the user's own words) stay separate, which routing looks at.
var strictTurns = map[string]bool{"mistral": true, "meta": true, "nvidia": true, "google": true}

// alternate joins consecutive messages of the user, and consecutive texts of the
// model, where a family wants the roles to alternate.
func alternate(messages []message, family string) []message {
	if !strictTurns[family] {
		return messages
	}
	out := messages[:0:0]
	for _, m := range messages {
		if n := len(out); n > 0 && joins(&out[n-1], &m) {
			last := &out[n-1]
			last.content = append(append([]part(nil), last.content...), m.content...)
			last.separator, last.calls = paragraph, m.calls
			continue
		}
		out = append(out, m)
	}
	return out
}

// joins reports whether m may become part of the message before it. A message
// with calls keeps its place: their outputs follow it.
func joins(last, m *message) bool {
	if last.role != m.role || len(last.calls) > 0 {
		return false
	}
	return m.role == "user" || m.role == "assistant" && m.thought.empty()
}
