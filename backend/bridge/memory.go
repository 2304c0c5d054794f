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

type bodyPool struct{ pool sync.Pool }

// maxPooledBody keeps one huge request from holding memory for all others, in bytes.
const maxPooledBody = 1 << 20

func (p *bodyPool) take() []byte {
	if b, ok := p.pool.Get().(*[]byte); ok {
		return (*b)[:0]
	}
	return nil
}

func (p *bodyPool) give(b []byte) {
	if cap(b) <= maxPooledBody {
		p.pool.Put(&b)
	}
}
