package bridge

import (
	"errors"
	"io"
	"sync"

	"github.com/BlockRunAI/clawrouter-codex/backend/translate"
)

// pausing is the body of an answer that tells when a Read is about to wait for upstream.
type pausing interface{ OnWait(func()) }

const (
	// readBuffer is the size of one read, in bytes: room for more than a dozen of the
	// chunks that a model sends. A stream holds it while it waits.
	readBuffer = 4 << 10
	// maxUnsent is how much may be read, in bytes, before what is made of it goes to the
	// client, although upstream has not paused: a tenth of a millisecond's work.
	maxUnsent = 16 << 10
)

var readBuffers = sync.Pool{New: func() any { b := make([]byte, readBuffer); return &b }}

// readEvents gives the stream what upstream sends. What the stream makes of it goes to
// the client whenever upstream pauses, so that nothing waits and what came together
// goes on together; of a body that does not tell when it waits, after each read.
func (t *turn) readEvents(body io.Reader) error {
	buf := readBuffers.Get().(*[]byte)
	defer readBuffers.Put(buf)
	unsent, push := 0, true
	if b, ok := body.(pausing); ok {
		push = false
		b.OnWait(func() {
			unsent = 0
			t.push()
		})
	}
	t.begin(push)
	var dec translate.SSEDecoder
	for {
		n, err := body.Read(*buf)
		if n > 0 {
			unsent += n
			enough := unsent >= maxUnsent
			if enough {
				unsent = 0
			}
			if ferr := t.feed(&dec, (*buf)[:n], push || enough); ferr != nil {
				return ferr
			}
		}
		if errors.Is(err, io.EOF) {
			t.mu.Lock()
			defer t.mu.Unlock()
			return dec.Close(t.stream.Chunk)
		}
		if err != nil {
			return err
		}
	}
}

// feed gives the stream what was read, and sends the client what came of it if push
// is set.
func (t *turn) feed(dec *translate.SSEDecoder, p []byte, push bool) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	err := dec.Feed(p, t.stream.Chunk)
	if push || err != nil {
		t.flush()
	}
	t.forgetChat()
	return err
}

// push sends the client what was made since it was sent something.
func (t *turn) push() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.flush()
}
