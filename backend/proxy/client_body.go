package proxy

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptrace"
	"sync"
)

// sentBody is a request's body that is let go of when it was sent: net/http keeps
// the request, and with it a megabyte late in a session, until the answer's last
// byte, which can be many minutes.
type sentBody struct {
	mu       sync.Mutex // protects the rest
	reader   *bytes.Reader
	data     []byte // nil once it is let go of
	wrote    bool   // net/http reads it no more
	answered bool   // net/http will not send it again
}

func newSentBody(data []byte) *sentBody {
	return &sentBody{reader: bytes.NewReader(data), data: data}
}

// put makes b the body of req. The reader's type is one that net/http knows to hold
// its bytes already, so that they go out with the headers.
func (b *sentBody) put(req *http.Request) {
	req.Body, req.ContentLength = io.NopCloser(b.reader), int64(len(b.data))
	req.GetBody = func() (io.ReadCloser, error) {
		b.mu.Lock()
		defer b.mu.Unlock()
		return io.NopCloser(bytes.NewReader(b.data)), nil
	}
}

// written is told by net/http when the bytes were written, or not.
func (b *sentBody) written(info httptrace.WroteRequestInfo) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.wrote = info.Err == nil
	b.forget()
}

// answer is told when the answer's headers have come, which may be sooner.
func (b *sentBody) answer() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.answered = true
	b.forget()
}

// answerBody is the body of an answer, of which one can ask whether its request
// is still needed.
type answerBody struct {
	io.ReadCloser
	request *sentBody
}

// RequestRead reports whether the bytes of the request were read for the last time,
// so that they may be written over.
func (b *answerBody) RequestRead() bool {
	b.request.mu.Lock()
	defer b.request.mu.Unlock()
	return b.request.data == nil
}

// forget lets go of the bytes when nobody needs them; b.mu is held.
func (b *sentBody) forget() {
	if b.wrote && b.answered {
		b.reader.Reset(nil)
		b.data = nil
	}
}
