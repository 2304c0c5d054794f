package bridge

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/backend/proxy"
)

func TestWantsSearch(t *testing.T) {
	on, off := func() bool { return true }, func() bool { return false }
	for _, c := range []struct {
		name   string
		header string
		stored func() bool
		want   bool
	}{
		{"the switch", "", on, true},
		{"no switch", "", off, false},
		{"nobody said", "", nil, false},
		{"the header of older configs", "1", off, true},
		{"the header, off", "0", nil, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &Server{cfg: Config{WebSearch: c.stored, Search: &proxy.Client{}}}
			h := http.Header{}
			h.Set("X-Web-Search", c.header)
			if got := s.wantsSearch(h); got != c.want {
				t.Errorf("%v, want %v", got, c.want)
			}
		})
	}
	h := http.Header{}
	h.Set("X-Web-Search", "1")
	if (&Server{}).wantsSearch(h) {
		t.Error("wanted where nobody runs any")
	}
	h.Set("X-Codex-Turn-Metadata", `{"request_kind":"compaction"}`)
	if (&Server{cfg: Config{Search: &proxy.Client{}}}).wantsSearch(h) {
		t.Error("wanted for a summary")
	}
}

// leaving is a ClawRouter whose client is gone when its answer comes.
type leaving struct {
	leave context.CancelFunc
	fails bool
	calls int
}

func (l *leaving) Chat(context.Context, []byte, http.Header) (*http.Response, error) {
	l.calls++
	l.leave()
	if l.fails {
		return &http.Response{StatusCode: http.StatusInternalServerError, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(nil))}, nil
	}
	const search = `{"choices":[{"message":{"tool_calls":[{"function":{"name":"web_search","arguments":"{\"query\":\"x\"}"}}]},"finish_reason":"tool_calls"}]}`
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader([]byte(search)))}, nil
}
func (l *leaving) Models(context.Context) ([]byte, error) { return nil, io.EOF }
func (l *leaving) ClawRouter(context.Context) bool        { return true }
func (l *leaving) Search(context.Context, string, int) (proxy.SearchResult, error) {
	l.calls++
	return proxy.SearchResult{}, nil
}

// Nothing more is paid for a client that has gone away before the search.
func TestNoSearchForNobody(t *testing.T) {
	client, leave := context.WithCancel(t.Context())
	l := &leaving{leave: leave}
	s := New(Config{Upstream: l, Search: l, WebSearch: func() bool { return true }})
	r := httptest.NewRequestWithContext(client, http.MethodPost, "/v1/responses", strings.NewReader(`{"model":"m","stream":true,"input":"hi"}`))
	r.Header.Set("Content-Type", "application/json")
	s.responses(httptest.NewRecorder(), r)
	if l.calls != 1 {
		t.Errorf("%d calls and searches were paid", l.calls)
	}
}

// Nor is a call that failed repeated for one: whoever comes again asks for itself.
func TestNoRepeatForNobody(t *testing.T) {
	client, leave := context.WithCancel(t.Context())
	l := &leaving{leave: leave, fails: true}
	s := New(Config{Upstream: l, Backoff: func(int) time.Duration { return 0 }})
	r := httptest.NewRequestWithContext(client, http.MethodPost, "/v1/responses", strings.NewReader(`{"model":"m","stream":true,"input":"hi"}`))
	r.Header.Set("Content-Type", "application/json")
	s.responses(httptest.NewRecorder(), r)
	if l.calls != 1 {
		t.Errorf("%d calls were paid", l.calls)
	}
}
