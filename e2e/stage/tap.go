//go:build e2e

package stage

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync"
	"testing"
	"time"
)

// Tap stands between a client and the bridge. It counts requests, which no book
// of ours can miscount, and measures for how long a client hears no event.
type Tap struct {
	URL string // without a path

	mu      sync.Mutex
	posts   int
	header  http.Header // of the last POST
	silence time.Duration
	cut     string // the event after which the next stream breaks, "" for none
}

// NewTap starts one before target, an address without a path.
func NewTap(t testing.TB, target string) *Tap {
	t.Helper()
	u, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	tap := &Tap{}
	proxy := &httputil.ReverseProxy{
		Rewrite:       func(r *httputil.ProxyRequest) { r.SetURL(u) },
		FlushInterval: -1,
		Transport:     tap,
	}
	server := httptest.NewServer(proxy)
	t.Cleanup(server.Close)
	tap.URL = server.URL
	return tap
}

// RoundTrip implements http.RoundTripper for the tap's own proxy.
func (t *Tap) RoundTrip(r *http.Request) (*http.Response, error) {
	begin := time.Now()
	if r.Method == http.MethodPost {
		t.mu.Lock()
		t.posts++
		t.header = r.Header.Clone()
		t.mu.Unlock()
	}
	response, err := http.DefaultTransport.RoundTrip(r)
	if err == nil {
		response.Body = &heard{ReadCloser: response.Body, tap: t, last: begin}
	}
	return response, err
}

// Posts is how many POST requests came so far.
func (t *Tap) Posts() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.posts
}

// Header is what the last POST came with.
func (t *Tap) Header() http.Header {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.header
}

// Silence is the longest time between a request and its first event, or between
// two events. Comments are no events: Codex's idle timer does not hear them.
func (t *Tap) Silence() time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.silence
}

// Cut breaks the next stream that brings an event with these words, once, right
// behind that event.
func (t *Tap) Cut(words string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.cut = words
}

// heard is a body that notes when an event passes through it.
type heard struct {
	io.ReadCloser
	tap  *Tap
	last time.Time
	held []byte // since the last event's end
	cut  bool
}

func (h *heard) Read(p []byte) (int, error) {
	if h.cut {
		return 0, io.ErrUnexpectedEOF
	}
	n, err := h.ReadCloser.Read(p)
	n = h.upToCut(p[:n])
	if bytes.Contains(p[:n], []byte("data:")) || err != nil {
		now := time.Now()
		h.tap.mu.Lock()
		h.tap.silence = max(h.tap.silence, now.Sub(h.last))
		h.tap.mu.Unlock()
		h.last = now
	}
	return n, err
}

// upToCut returns how much of p still passes: less than all where the event in it
// that the stream is to break behind ends.
func (h *heard) upToCut(p []byte) int {
	h.tap.mu.Lock()
	defer h.tap.mu.Unlock()
	for i, b := range p {
		h.held = append(h.held, b)
		if !bytes.HasSuffix(h.held, []byte("\n\n")) {
			continue
		}
		if h.tap.cut != "" && bytes.Contains(h.held, []byte(h.tap.cut)) {
			h.tap.cut, h.cut = "", true
			return i + 1
		}
		h.held = h.held[:0]
	}
	return len(p)
}
