package proxy

import (
	"bytes"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
)

// sentBody is a request's body that is let go of when it was sent: net/http keeps
// the request, and with it a megabyte late in a session, until the answer's last
// byte, which can be many minutes.
type sentBody struct {
	reader *bytes.Reader
	wrote  atomic.Bool // net/http reads it no more

	mu   sync.Mutex // protects data
	data []byte     // nil once it is let go of
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

// forget lets go of the bytes if all were written. Where the answer came before
// that, they stay until its end.
func (b *sentBody) forget() {
	if !b.wrote.Load() {
		return
	}
	b.reader.Reset(nil)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.data = nil
}
