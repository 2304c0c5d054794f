package translate

import "bytes"

// chunk is what one Chat answer, or one piece of it, holds for us. It is reused
// from chunk to chunk; its slices are those of the data it was read from.
type chunk struct {
	model     text
	content   []part // text, or parts where the server sends an array
	reasoning text
	refusal   text
	details   []byte // raw reasoning_details
	calls     []callPiece
	finish    text
	usage     Usage
	hasUsage  bool
	hasChoice bool
	textEnd   int    // where the text ends in the data, its quote included; 0 where it is no string
	err       []byte // raw error: an object or a string
	errText   text   // "message" beside an error that is a string
}

// callPiece is one entry of tool_calls: a whole call, or a fragment of one.
type callPiece struct {
	index     int // -1 where the server sends none
	id        text
	name      text
	arguments []byte // raw: a string, or an object where servers send one
}

func (c *chunk) reset() {
	*c = chunk{content: c.content[:0], calls: c.calls[:0]}
}

func (c *chunk) read(r *reader) error {
	return r.object(func(key []byte) (err error) {
		switch string(key) {
		case "model":
			c.model, err = r.text()
		case "choices":
			first := true
			err = r.array(func() error {
				if !first {
					return r.skip() // only one answer was asked for
				}
				first = false
				return c.readChoice(r)
			})
		case "usage":
			c.hasUsage, err = c.usage.read(r)
		case "error":
			c.err, err = r.raw()
			if string(c.err) == "null" {
				c.err = nil
			}
		case "message":
			c.errText, err = r.text()
		default:
			err = r.skip()
		}
		return err
	})
}

func (c *chunk) readChoice(r *reader) error {
	c.hasChoice = true
	return r.object(func(key []byte) (err error) {
		switch string(key) {
		case "delta", "message":
			err = r.object(func(key []byte) error { return c.deltaField(r, key) })
		case "finish_reason":
			c.finish, err = r.text()
		case "usage":
			c.hasUsage, err = c.usage.read(r)
		default:
			err = r.skip()
		}
		return err
	})
}

func (c *chunk) deltaField(r *reader, key []byte) (err error) {
	switch string(key) {
	case "content":
		isText, start := r.kind() == '"', r.pos
		if c.content, err = appendParts(c.content, r); isText {
			c.textEnd = r.pos
		} else if thought := thoughtIn(r.src[start:r.pos]); c.reasoning.empty() && len(thought) > 0 {
			c.reasoning = quoteEscaped(thought)
		}
	case "reasoning_content":
		c.reasoning, err = c.firstText(r)
	case "reasoning":
		c.reasoning, err = c.firstText(r)
	case "reasoning_details":
		c.details, err = r.rawKind('[')
	case "refusal":
		c.refusal, err = r.text()
	case "tool_calls":
		err = r.array(func() error { return c.readCall(r) })
	case "function_call":
		err = c.readCall(r)
	default:
		err = r.skip()
	}
	return err
}

// firstText reads the reasoning, which some servers send twice under two names.
func (c *chunk) firstText(r *reader) (text, error) {
	t, err := r.text()
	if !c.reasoning.empty() {
		return c.reasoning, err
	}
	return t, err
}

// appendParts is readParts into a slice that is reused.
func appendParts(dst []part, r *reader) ([]part, error) {
	if r.kind() == '"' {
		t, err := r.text()
		return append(dst, part{kind: partText, text: t}), err
	}
	parts, err := readParts(r)
	return append(dst, parts...), err
}

// thoughtIn returns what parts of type "thinking" hold, as Mistral's models send
// what they think, escaped.
func thoughtIn(content []byte) (thought []byte) {
	if !bytes.Contains(content, []byte(`"thinking"`)) {
		return nil
	}
	r := newReader(content)
	_ = r.array(func() error { // content was read once
		return r.object(func(key []byte) error {
			if string(key) != "thinking" {
				return r.skip()
			}
			parts, err := readParts(r)
			for _, p := range parts {
				thought = append(thought, p.text.inner()...)
			}
			return err
		})
	})
	return thought
}

func quoteEscaped(in []byte) text { return append(append([]byte{'"'}, in...), '"') }

func (c *chunk) readCall(r *reader) error {
	p := callPiece{index: -1}
	err := r.object(func(key []byte) (err error) {
		switch string(key) {
		case "index":
			if r.kind() == '0' {
				var n int64
				n, err = r.count()
				p.index = int(n)
				return err
			}
			err = r.skip()
		case "id":
			p.id, err = r.text()
		case "function":
			err = r.object(func(key []byte) error { return p.functionField(r, key) })
		default:
			err = p.functionField(r, key)
		}
		return err
	})
	c.calls = append(c.calls, p)
	return err
}

func (p *callPiece) functionField(r *reader, key []byte) (err error) {
	switch string(key) {
	case "name":
		p.name, err = r.text()
	case "arguments":
		p.arguments, err = r.raw()
		if string(p.arguments) == "null" {
			p.arguments = nil
		}
	default:
		err = r.skip()
	}
	return err
}
