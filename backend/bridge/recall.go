package bridge

import (
	"bytes"
	"sync"
)

// recalled keeps the items of answers for clients that name them later instead of
// sending them again, as the AI SDK does unless it is told otherwise. OpenAI keeps
// them for 30 days; here they last as long as the room for them. Codex sends its
// whole history, and nothing is kept of its answers here.
type recalled struct {
	mu    sync.Mutex // protects the rest
	items map[string][]byte
	order []string // oldest first
	bytes int
}

// maxRecalled bounds what is kept, in bytes. A long conversation has a few hundred
// kilobytes.
const maxRecalled = 8 << 20

func (r *recalled) find(id string) []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.items[id]
}

func (r *recalled) keep(id string, item []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if id == "" || r.items[id] != nil || len(item) > maxRecalled {
		return
	}
	if r.items == nil {
		r.items = map[string][]byte{}
	}
	r.items[id] = bytes.Clone(item)
	r.order = append(r.order, id)
	r.bytes += len(item)
	for r.bytes > maxRecalled {
		oldest := r.order[0]
		r.bytes -= len(r.items[oldest])
		delete(r.items, oldest)
		r.order = r.order[1:]
	}
}
