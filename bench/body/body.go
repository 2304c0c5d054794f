package body

import "fmt"

// Model is the name that every request asks for: a paid one from ClawRouter's
// list, so that the price list, the cap and the ledger have work to do.
const Model = "deepseek/deepseek-v4-pro"

// Thread and Turn stand in a generated body wherever Codex puts the ids of the
// session and of the turn. The load generator replaces them, so that no two
// requests look like a retry of the same turn; they have a UUID's length to
// keep the body's size.
const (
	Thread = "@@@@@@@@@@@@@@@@@thread@@@@@@@@@@@@@"
	Turn   = "@@@@@@@@@@@@@@@@@turn@@@@@@@@@@@@@@@"
)

// Request is the same request in both APIs. Responses has exactly the size that
// was asked for; Chat is what is left of it after translation, a little less.
type Request struct {
	Responses []byte
	Chat      []byte
}

// Plain is an early turn of a session with function tools only. In all three,
// the last user message begins with marker, where the stub upstream finds its
// orders: it is the one message that no bridge folds or cuts.
func Plain(size int, marker string) (Request, error) {
	p := newProse(78)
	c := &conversation{tools: shellTools(p), entries: prelude(p)}
	return c.grow(p, size, 2500, marker)
}

// Tools is a turn with namespaces, a custom tool, MCP servers, web search and
// reasoning in its history.
func Tools(size int, marker string) (Request, error) {
	p := newProse(95)
	c := &conversation{tools: allTools(p), everyKind: true, entries: prelude(p)}
	return c.grow(p, size, 2500, marker)
}

// Late is a turn far into a session: the tools of Tools, and a history of
// command output that makes up nearly all of size.
func Late(size int, marker string) (Request, error) {
	p := newProse(1000)
	c := &conversation{tools: allTools(p), everyKind: true, entries: prelude(p)}
	return c.grow(p, size, 7000, marker)
}

// grow adds steps whose output is about output bytes, and a last user message,
// until the Responses body has size bytes to the byte.
func (c *conversation) grow(p *prose, size, output int, marker string) (Request, error) {
	written := len(c.responses())
	if written+2*output > size {
		return Request{}, fmt.Errorf("a request of %d bytes is too small: its fixed part alone has %d", size, written)
	}
	for n := 0; written < size-2*output; n++ {
		from := len(c.entries)
		c.step(p, n, output)
		for i, e := range c.entries[from:] {
			for _, item := range e.responses(from + i) {
				written += len(encode(item)) + 1
			}
		}
	}
	c.entries = append(c.entries, entry{role: "user", text: "Now go on. " + marker + " "})
	missing := size - len(c.responses())
	c.entries[len(c.entries)-1].text += p.sentences(missing)[:missing]
	return Request{Responses: c.responses(), Chat: c.chat()}, nil
}
