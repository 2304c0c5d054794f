//go:build darwin || linux

package loopback

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
)

// asks is a way to a server, which sends a request and returns its answer.
type asks func(*http.Request, []byte) (*http.Response, error)

// carriers are this package and what it stands in for, both with connections that are
// kept.
func carriers(t testing.TB, s *raw) map[string]asks {
	c, _ := newClient(t, s)
	transport := &http.Transport{
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, s.Addr().String())
		},
		MaxIdleConnsPerHost: 4, DisableCompression: true,
	}
	t.Cleanup(transport.CloseIdleConnections)
	return map[string]asks{
		"loopback": c.Do,
		"nethttp": func(req *http.Request, body []byte) (*http.Response, error) {
			if body != nil {
				req.Body, req.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
			}
			return transport.RoundTrip(req)
		},
	}
}

// always answers each request with these writes, and allocates nothing for it.
func always(writes ...string) script {
	var all [][]byte
	for _, w := range writes {
		all = append(all, []byte(w))
	}
	return func(p *peer) {
		for skipRequest(p.in) {
			for _, w := range all {
				if _, err := p.Write(w); err != nil {
					return
				}
			}
		}
	}
}

func skipRequest(in *bufio.Reader) bool {
	length := 0
	for {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return false
		}
		if n, ok := bytes.CutPrefix(line, []byte("Content-Length: ")); ok {
			length, _ = strconv.Atoi(string(bytes.TrimSpace(n)))
		}
		if len(line) == 2 {
			_, err = in.Discard(length)
			return err == nil
		}
	}
}

var exchanges = map[string]struct {
	size   int // of the request, in bytes
	answer []string
}{
	"exchange=small":  {2, []string{ok}},
	"exchange=large":  {300 << 10, []string{ok}},
	"exchange=stream": {2, streamed(50)},
}

// streamed is an answer in so many writes, as a model's.
func streamed(events int) []string {
	answer := []string{"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"}
	event := "data: " + strings.Repeat("x", 200) + "\n\n"
	for range events {
		answer = append(answer, strconv.FormatInt(int64(len(event)), 16)+"\r\n"+event+"\r\n")
	}
	return append(answer, "0\r\n\r\n")
}

func exchangeOnce(t testing.TB, ask asks, body, room []byte) {
	resp, err := ask(request(t, t.Context(), http.MethodPost), body)
	if err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = resp.Body.Read(room)
	}
	if err != io.EOF {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
}

// BenchmarkDo compares this package with net/http's transport, on one server:
//
//	go test -bench Do -count 10 ./backend/loopback | benchstat -col /client -
func BenchmarkDo(b *testing.B) {
	for name, e := range exchanges {
		s := listen(b, "tcp", always(e.answer...), always(e.answer...))
		for client, ask := range carriers(b, s) {
			b.Run(name+"/client="+client, func(b *testing.B) {
				body, room := make([]byte, e.size), make([]byte, 4<<10)
				b.ReportAllocs()
				for b.Loop() {
					exchangeOnce(b, ask, body, room)
				}
			})
		}
	}
}

// A request and its answer allocate at most two thirds as often as with net/http's
// transport: half as often, but for a request that is not taken at once.
func TestAllocations(t *testing.T) {
	for name, e := range exchanges {
		s := listen(t, "tcp", always(e.answer...), always(e.answer...))
		body, room, per := make([]byte, e.size), make([]byte, 4<<10), map[string]float64{}
		for client, ask := range carriers(t, s) {
			per[client] = testing.AllocsPerRun(50, func() { exchangeOnce(t, ask, body, room) })
		}
		if per["loopback"] > per["nethttp"]*2/3 {
			t.Errorf("%s: %v", name, per)
		}
	}
}

// BenchmarkLook looks at as many connections as are kept at most: a turn does so before
// it begins.
func BenchmarkLook(b *testing.B) {
	for _, n := range []int{1, 256} {
		b.Run("kept="+strconv.Itoa(n), func(b *testing.B) {
			s := listen(b, "tcp")
			c, _ := newClient(b, s)
			c.MaxIdle = n
			var open []*http.Response
			for range n {
				s.scripts <- always(ok)
				resp, err := c.Do(request(b, b.Context(), http.MethodGet), nil)
				if err != nil {
					b.Fatal(err)
				}
				open = append(open, resp)
			}
			for _, resp := range open {
				_, _ = read(resp)
			}
			for b.Loop() {
				c.Look()
			}
			b.ReportMetric(float64(c.kept()), "kept")
		})
	}
}
