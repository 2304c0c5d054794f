//go:build darwin || linux

package loopback

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// maxFuzzed bounds what a server says, in bytes: more than an answer's head may have.
const maxFuzzed = maxHead + maxHead/2

// FuzzAnswer has a server say anything, part of it many times over, and end: it is the
// same answer, or no answer, as for net/http's transport, and nothing of it is taken for
// the answer to the next request.
func FuzzAnswer(f *testing.F) {
	f.Add([]byte(ok), []byte(nil), uint16(0))
	f.Add([]byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"), []byte("2\r\nok\r\n"), uint16(3))
	f.Add([]byte("HTTP/1.1 200 OK\r\nX: "), []byte("x"), uint16(60_000))
	s := listen(f, "unix")
	transport := &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", s.Addr().String())
		},
		DisableCompression: true, DisableKeepAlives: true, MaxResponseHeaderBytes: maxHead, ReadBufferSize: waitBuffer,
	}
	f.Fuzz(func(t *testing.T, first, more []byte, times uint16) {
		if len(more) > 0 {
			first = append(bytes.Clone(first), bytes.Repeat(more, min(int(times), maxFuzzed/len(more)))...)
		}
		say := func(p *peer) { p.asked(); p.say(string(first)) }

		s.scripts <- say
		want, wantErr := func() (answer, error) {
			resp, err := transport.RoundTrip(request(t, t.Context(), http.MethodPost))
			if err != nil {
				return answer{}, err
			}
			return read(resp)
		}()
		<-s.done

		s.scripts <- say
		c, n := newClient(t, s)
		got, err := ask(t, c, http.MethodPost, "{}")
		if got.Status == http.StatusSwitchingProtocols {
			want.Body, wantErr = "", nil // net/http hands out the connection
		}
		if diff := cmp.Diff(want, got); diff != "" || (err == nil) != (wantErr == nil) {
			t.Errorf("%v, net/http: %v (-net/http +here)\n%s", err, wantErr, diff)
		}
		<-s.done // else the next request may meet a connection that is just being ended

		s.scripts <- func(p *peer) { p.asked(); p.say(ok) }
		mustAsk(t, c, http.MethodPost, "{}")
		<-s.done
		if n.open.Load() != 1 {
			t.Errorf("%d connections are open", n.open.Load())
		}
	})
}
