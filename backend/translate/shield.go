package translate

import "bytes"

// What ClawRouter does to a request on its way, and how it is kept from it. All
// of this applies only where a ClawRouter answers.

// shields reports whether the request is shielded from one of these things.
func (to *Target) shields(what string) bool { return to.ClawRouter && !to.Exposed[what] }

// shield changes messages so that ClawRouter passes them on.
func (to *Target) shield(messages []message) []message {
	if to.shields("fold") {
		messages = fold(messages)
	}
	if to.shields("commands") {
		disarm(messages)
	}
	return messages
}

// partsFrom is the size, in bytes, from which content goes as parts: ClawRouter
// rewrites string contents in bodies of over 180 KB (tabs, runs of spaces, JSON
// layout), which corrupts code, and leaves parts alone.
const partsFrom = 120 << 10

// partsRefused lists where content as parts is not taken by a family's API.
var partsRefused = map[string]map[string]bool{
	"tool": {"deepseek": true, "mistral": true},
}

// asParts reports whether a message's content goes as an array of parts.
func (w *chatWriter) asParts(role string) bool {
	if !w.parts || role != "user" && role != "tool" {
		return false
	}
	return !partsRefused[role][w.family]
}

// proxyCommands are words that ClawRouter obeys itself where a user's message
// begins with them. One of them reads any local file, and none reaches a model.
var proxyCommands = []string{"/debug", "/imagegen", "/cr-imagegen", "/img2img"}

// longestCommand holds any of them, also with every character escaped as \uXXXX.
const longestCommand = 6 * len("/cr-imagegen")

// disarm puts a space before such a word: ClawRouter looks only at the very first
// character, and to the model it makes no difference.
func disarm(messages []message) {
	for i := range messages {
		m := &messages[i]
		if m.role != "user" {
			continue
		}
		for j, p := range m.content {
			if p.kind != partText || p.text.empty() {
				continue
			}
			if isCommand(p.text.inner()) {
				m.content = append([]part(nil), m.content...)
				m.content[j].text = append([]byte(`" `), p.text[1:]...)
			}
			break
		}
	}
}

func isCommand(in []byte) bool {
	if in[0] != '/' && in[0] != '\\' {
		return false
	}
	start := unescape(nil, in[:min(len(in), longestCommand)])
	for _, c := range proxyCommands {
		if bytes.HasPrefix(bytes.ToLower(start), []byte(c)) {
			return true
		}
	}
	return false
}

// notices begin the sentence that ClawRouter glues to an answer, for instance
// when the wallet is empty and a free model answers in place of the one asked.
var notices = [][]byte{
	[]byte("> **⚠️ Wallet empty**"),
	[]byte("> **⚠️ Insufficient balance**"),
	[]byte("> **⚠️ Budget"),
}

// cutNotice takes the notice off the beginning of an answer's text, so that it
// does not pile up in the history, and returns it decoded. What ClawRouter writes
// for "no text" after it, the word null, goes with it.
func cutNotice(in []byte) (notice string, rest []byte) {
	start := unescape(nil, in[:min(len(in), 256)])
	for _, n := range notices {
		if !bytes.HasPrefix(start, n) {
			continue
		}
		head, tail, found := bytes.Cut(in, []byte(paragraph))
		if !found {
			head, tail = in, nil
		}
		if string(tail) == "null" {
			tail = nil
		}
		return string(unescape(nil, head)), tail
	}
	return "", in
}
