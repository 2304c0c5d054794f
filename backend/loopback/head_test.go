package loopback

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/http"
	"testing"
)

// What goes to a server, to the byte.
func TestRequest(t *testing.T) {
	for name, c := range map[string]struct {
		method, url string
		header      http.Header
		body        []byte
		want        string
	}{
		"GET": {method: "GET", url: "http://127.0.0.1:8404/health", want: "GET /health HTTP/1.1\r\nHost: 127.0.0.1:8404\r\n\r\n"},
		"POST": {
			method: "POST", url: "http://localhost:8404/v1/chat/completions", body: []byte("{}"),
			header: http.Header{"Content-Type": {"application/json"}, "Accept": {"a", "b"}},
			want:   "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost:8404\r\nContent-Length: 2\r\nAccept: a\r\nAccept: b\r\nContent-Type: application/json\r\n\r\n",
		},
		"an empty body": {method: "POST", url: "http://[::1]/", body: []byte{}, want: "POST / HTTP/1.1\r\nHost: [::1]\r\nContent-Length: 0\r\n\r\n"},
		"a base path and a query": {
			method: "GET", url: "http://127.0.0.1/team%2Fa/b%20c/stats?days=7&x=%20",
			want: "GET /team%2Fa/b%20c/stats?days=7&x=%20 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
		},
		"no path":         {method: "GET", url: "http://127.0.0.1", want: "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"},
		"an IPv6 address": {method: "GET", url: "http://[::1]:8404/", want: "GET / HTTP/1.1\r\nHost: [::1]:8404\r\n\r\n"},
		"its zone":        {method: "GET", url: "http://[::1%25lo]:8404/", want: "GET / HTTP/1.1\r\nHost: [::1]:8404\r\n\r\n"},
		"a header of the client's own": {
			method: "GET", url: "http://127.0.0.1/",
			header: http.Header{"Host": {"evil"}, "Content-Length": {"3"}, "Transfer-Encoding": {"chunked"}, "Trailer": {"x"}, "A b": {"c"}, "X": {" y "}},
			want:   "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: y\r\n\r\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			req, err := http.NewRequestWithContext(t.Context(), c.method, c.url, nil)
			if err != nil {
				t.Fatal(err)
			}
			if c.header != nil {
				req.Header = c.header
			}
			var head bytes.Buffer
			if writeHead(&head, req, c.body); head.String() != c.want {
				t.Errorf("%q, want %q", head.String(), c.want)
			}
			if err := sendable(req); err != nil {
				t.Error(err)
			}
		})
	}
}

// A request that would be read as another is not sent.
func TestRefusedRequest(t *testing.T) {
	for name, change := range map[string]func(*http.Request){
		"a header that ends":    func(r *http.Request) { r.Header.Set("X-Session-Id", "a\r\nX-Evil: b") },
		"a header that is cut":  func(r *http.Request) { r.Header["X"] = []string{"a", "b\x00"} },
		"a space in the query":  func(r *http.Request) { r.URL.RawQuery = "a b" },
		"a line in the query":   func(r *http.Request) { r.URL.RawQuery = "a HTTP/1.1\r\nX-Evil: b" },
		"an address of nothing": func(r *http.Request) { r.URL.Host = "" },
	} {
		t.Run(name, func(t *testing.T) {
			c := &Client{Dial: func(context.Context, string, string) (net.Conn, error) {
				t.Error("a connection was made")
				return nil, errors.New("none")
			}}
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://127.0.0.1/", nil)
			if err != nil {
				t.Fatal(err)
			}
			change(req)
			var no *Error
			if _, err := c.Do(req, nil); !errors.As(err, &no) || no.Sent {
				t.Errorf("%v; want an error that says that nothing was sent", err)
			}
		})
	}
}
