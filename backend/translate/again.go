package translate

import (
	"hash/maphash"
	"slices"
)

// Fingerprint recognises a request that comes again because its answer broke off.
// Codex then repeats its history, with the items added that it had received whole;
// sent tells which ids those can be. They are left out of the key and returned.
func (req *Request) Fingerprint(seed maphash.Seed, sent func(id string) bool) (key uint64, have []string) {
	items := req.items
	for len(items) > 0 {
		last := &items[len(items)-1]
		if last.kind != itemMessage && last.kind != itemReasoning && last.kind != itemWebSearchCall || last.id.empty() {
			break
		}
		id := last.id.String()
		if !sent(id) {
			break
		}
		have = append(have, id)
		items = items[:len(items)-1]
	}
	return req.keyOf(seed, items), have
}

// Nameless is how many items at the end of the history an answer could have
// given whose client leaves their ids out: Codex until 0.140, and a while after.
func (req *Request) Nameless() int {
	n := 0
	for i := len(req.items) - 1; i >= 0; i-- {
		it := &req.items[i]
		own := it.kind == itemReasoning || it.kind == itemWebSearchCall || it.kind == itemMessage && it.role.is("assistant")
		if !own || !it.id.empty() {
			break
		}
		n++
	}
	return n
}

// FingerprintBefore is the Fingerprint of the request without its last n items.
func (req *Request) FingerprintBefore(seed maphash.Seed, n int) uint64 {
	return req.keyOf(seed, req.items[:len(req.items)-n])
}

func (req *Request) keyOf(seed maphash.Seed, items []item) uint64 {
	var h maphash.Hash
	h.SetSeed(seed)
	if req.compact {
		h.WriteString(compactionOrder) // a summary of a history is not its next answer
	}
	h.WriteString(req.Model)
	h.Write(req.instructions)
	for i := range items {
		h.Write(items[i].raw)
	}
	h.Write(req.tools)
	return h.Sum64()
}

// has reports whether the client holds an item already, so that it is not given
// a second time.
func (s *Stream) has(id string) bool { return slices.Contains(s.opts.Have, id) }

// hide takes the events of the open item back where the client has it already.
// The item still counts for the Response object.
func (s *Stream) hide() {
	if o := &s.open; o.hidden {
		s.ev.out, s.ev.seq = s.ev.out[:o.from], o.seq
	}
}

// mark notes where the events of a new item begin.
func (s *Stream) mark() {
	o := &s.open
	o.hidden, o.from, o.seq = s.has(o.id), len(s.ev.out), s.ev.seq
}
