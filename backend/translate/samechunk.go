package translate

import "bytes"

// sameChunk is the frame of the last chunk that held a piece of text and nothing
// else. A server repeats it for each token: id, time, model and all. Where the
// next chunk differs from it only between the quotes, the rest means what it meant
// before and is not read again: a chunk of text then takes 0.4 × the CPU time.
// FuzzSameChunk holds the short way to the long one.
type sameChunk struct {
	head []byte // up to the opening quote, which is the last of it
	tail []byte // from the closing quote on; empty while there is no frame
}

// learn takes the frame of a chunk that was read from data.
func (f *sameChunk) learn(c *chunk, data []byte) {
	f.tail = f.tail[:0]
	if !c.onlyText() {
		return
	}
	end := c.textEnd - 1
	f.head = append(f.head[:0], data[:end-len(c.content[0].text.inner())]...)
	f.tail = append(f.tail, data[end:]...)
}

// onlyText reports whether the chunk is one piece of text, and told nothing that
// would have to be heard again.
func (c *chunk) onlyText() bool {
	return c.textEnd > 0 && len(c.content) == 1 && len(c.calls) == 0 && len(c.details) == 0 &&
		c.err == nil && !c.hasUsage && c.reasoning.empty() && c.refusal.empty() && c.finish.empty()
}

// text returns the text of a chunk in the same frame, escaped; nil means that it
// has to be read. Text with half a character at its end, or with what is not UTF-8,
// always has to.
func (f *sameChunk) text(data []byte) []byte {
	end := len(data) - len(f.tail)
	if len(f.tail) == 0 || end < len(f.head) || !bytes.HasPrefix(data, f.head) || !bytes.HasSuffix(data, f.tail) {
		return nil
	}
	r := reader{src: data, pos: len(f.head) - 1}
	if !r.string() || r.pos != end+1 || r.odd {
		return nil
	}
	return data[len(f.head):end]
}
