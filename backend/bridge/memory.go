package bridge

import "sync"

// What a turn holds in memory. It can last for many minutes, and a user's agents
// have hundreds of them open: none holds more than it still needs.

// forgetBody lets go of the client's request, which the chat request has taken the
// place of, unless the turn may need it for another round.
func (t *turn) forgetBody() {
	if t.translated.Forget() {
		bodies.give(t.body)
	}
	t.body = nil
}

// forgetChat lets go of the chat request when the client has part of the answer:
// from then on only the client can start over. The turn has then started. t.mu is held.
func (t *turn) forgetChat() {
	if t.chat != nil && t.stream.Produced() {
		t.dropChat()
		t.start.over()
	}
}

// dropChat lets others use the chat request's room, if upstream's client has read it
// for the last time: of one that was sent more than once, that is not known.
func (t *turn) dropChat() {
	if t.answer != nil && t.answer.RequestRead() && t.attempt == 0 {
		bodies.give(t.chat)
	}
	t.chat, t.answer = nil, nil
}

// bodies holds room for requests, the clients' and those that are made of them:
// without it, most of what a turn allocates is these two, which are read once and
// thrown away.
var bodies bodyPool

// bodyPool keeps huge rooms apart: a small request that took one would hold it from the
// collector, which has what nobody takes.
type bodyPool struct{ small, huge sync.Pool }

const (
	hugeBody = 1 << 20 // bytes
	// maxPooledBody is for requests of DefaultMaxRequest, and what is made of them.
	maxPooledBody = DefaultMaxRequest + DefaultMaxRequest/8
)

// take returns an empty slice, with room for about n bytes where some was left.
func (p *bodyPool) take(n int) []byte {
	pool := &p.small
	if n > hugeBody {
		pool = &p.huge
	}
	if b, ok := pool.Get().(*[]byte); ok {
		return (*b)[:0]
	}
	return nil
}

func (p *bodyPool) give(b []byte) {
	switch {
	case cap(b) <= hugeBody:
		p.small.Put(&b)
	case cap(b) <= maxPooledBody:
		p.huge.Put(&b)
	}
}
