package translate

// ClawRouter keeps only the last 200 messages of a request and so drops the
// task, which stands first. Long histories are folded before that happens: the
// oldest finished steps become one user message that tells them in words.
const (
	// maxMessages stays below 200, with room for the messages that show images.
	maxMessages = 180
	// foldStep is about how many messages one fold takes. It is large and fixed, so that
	// the beginning of the request stays the same for many turns and the
	// providers' caches keep hitting.
	foldStep = 60
)

// fold replaces the oldest steps by folds until at most maxMessages are left.
// The messages before the model's first answer, the task among them, and the
// last steps stay as they are. Nothing is lost: a fold holds every word.
func fold(messages []message) []message {
	over := countMessages(messages) - maxMessages
	if over <= 0 {
		return messages
	}
	at := 0
	for at < len(messages) && messages[at].role != "assistant" {
		at++
	}
	out := append(make([]message, 0, len(messages)), messages[:at]...)
	for over > 0 && at < len(messages) {
		end := stepEnd(messages, at)
		if end == len(messages) {
			break // the last step is still going on
		}
		out = append(out, foldOne(messages[at:end]))
		over -= countMessages(messages[at:end]) - 1
		at = end
	}
	return append(out, messages[at:]...)
}

// stepEnd returns where the fold that begins at start ends: never between a call
// and its output, and only by what stands before it, so that a longer history
// folds the same way.
func stepEnd(messages []message, start int) int {
	n := 0
	for i := start; i < len(messages); i++ {
		if n >= foldStep && messages[i].role != "tool" {
			return i
		}
		n++
	}
	return len(messages)
}

// countMessages counts what goes upstream: images of tools take a message of
// their own.
func countMessages(messages []message) int {
	n := len(messages)
	for i, m := range messages {
		if m.role == "tool" && hasImage(m.content) && (i == 0 || messages[i-1].role != "tool" || !hasImage(messages[i-1].content)) {
			n++
		}
	}
	return n
}

func foldOne(messages []message) message {
	f := message{role: "user", separator: line}
	add := func(s string) { f.content = append(f.content, part{kind: partText, text: quote(s)}) }
	add("[A record of earlier steps of this conversation, kept as text to save room. It is not a new request, and calls are not made this way.]")
	for _, m := range messages {
		switch m.role {
		case "assistant":
			if hasText(m.content) {
				add("[You said:]")
				f.content = append(f.content, m.content...)
			}
			for _, c := range m.calls {
				add("[You called " + c.name + " with:]")
				f.content = append(f.content, part{kind: partText, text: text(c.arguments)})
			}
		case "tool":
			add("[It returned:]")
			f.content = append(f.content, m.content...)
		default:
			add("[The user said:]")
			f.content = append(f.content, m.content...)
		}
	}
	add("[End of the record.]")
	return f
}
