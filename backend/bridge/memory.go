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

// readBuffer is the size of the largest read from upstream, in bytes: that of the
// transport's own buffer, from which no more can come at once. What one read brings
// goes to the client in one write: while more is buffered nothing is flushed, and
// when upstream pauses nothing is held back.
//
// A stream waits with a buffer of waitBuffer bytes, room for several of the chunks that
// a model sends, and takes a large one for what is more: an open stream holds 16 KB
// less.
const (
	readBuffer = 16 << 10
	waitBuffer = 2 << 10
)

var (
	readBuffers = sync.Pool{New: func() any { b := make([]byte, readBuffer); return &b }}
	waitBuffers = sync.Pool{New: func() any { b := make([]byte, waitBuffer); return &b }}
)

// fillsWait reports whether a read of n bytes filled the small buffer, so that there
// seems to be more.
func fillsWait(buf *[]byte, n int) bool { return n == waitBuffer && len(*buf) == waitBuffer }

// nextBuffer is the buffer for the next read after one that brought n bytes into buf.
func nextBuffer(buf *[]byte, n int) *[]byte {
	switch {
	case fillsWait(buf, n):
		giveBuffer(buf)
		return readBuffers.Get().(*[]byte)
	case n < waitBuffer && len(*buf) == readBuffer:
		giveBuffer(buf)
		return waitBuffers.Get().(*[]byte)
	}
	return buf
}

func giveBuffer(buf *[]byte) {
	if len(*buf) == waitBuffer {
		waitBuffers.Put(buf)
	} else {
		readBuffers.Put(buf)
	}
}
