// Package hop is the floor that benchmarks compare with: a reverse proxy that
// translates nothing and keeps nothing. What it costs, anything in this place
// must cost: one more HTTP server, one more client, and a flush for each read.
package hop

import (
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync"
	"time"
)

// Handler sends each request to upstream and each piece of its answer back as
// soon as it is read.
func Handler(upstream *url.URL, errorLog *log.Logger) http.Handler {
	proxy := &httputil.ReverseProxy{
		Rewrite:       func(r *httputil.ProxyRequest) { r.SetURL(upstream) },
		Transport:     transport(),
		FlushInterval: -1,
		BufferPool:    &buffers{},
		ErrorLog:      errorLog,
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Otherwise the server closes the request's body at the first byte of
		// the answer. An upstream as fast as the stub answers before the
		// transport has looked once more for the body's end, and the transport
		// then takes the closed body for a broken connection.
		if err := http.NewResponseController(w).EnableFullDuplex(); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		proxy.ServeHTTP(w, r)
	})
}

// transport is set as the bridge's own is for an upstream on loopback (package
// proxy), so that what differs is the translation and nothing else.
func transport() *http.Transport {
	return &http.Transport{
		DialContext:         (&net.Dialer{Timeout: 5 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		MaxIdleConns:        256,
		MaxIdleConnsPerHost: 256,
		IdleConnTimeout:     4 * time.Second,
		ReadBufferSize:      16 << 10,
		DisableCompression:  true,
	}
}

// readSize is ReverseProxy's own; the pool saves allocating it for each answer.
const readSize = 32 << 10

type buffers struct{ pool sync.Pool }

func (b *buffers) Get() []byte {
	if p, ok := b.pool.Get().(*[]byte); ok {
		return *p
	}
	return make([]byte, readSize)
}

func (b *buffers) Put(p []byte) { b.pool.Put(&p) }
