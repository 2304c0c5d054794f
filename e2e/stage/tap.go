//go:build e2e

package stage

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync/atomic"
	"testing"
)

// Tap stands between a client and the bridge and counts requests, which no
// book of ours can miscount.
type Tap struct {
	URL      string // without a path
	requests atomic.Int64
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
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			tap.requests.Add(1)
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	tap.URL = server.URL
	return tap
}

// Posts is how many POST requests came so far.
func (t *Tap) Posts() int { return int(t.requests.Load()) }
