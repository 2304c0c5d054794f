package bridge_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/BlockRunAI/clawrouter-codex/backend/bridge"
)

// One more turn than there are places is told when to come again, in the way that
// Codex waits for, and takes a place that is free again.
func TestTooManyTurns(t *testing.T) {
	arrived, goOn := make(chan struct{}, 2), make(chan struct{})
	url := bridgeFor(t, newUpstream(t, func(w http.ResponseWriter, r *http.Request) {
		arrived <- struct{}{}
		<-goOn
		hello()(w, r)
	}), func(c *bridge.Config) { c.MaxTurns = 2 })
	ended := make(chan string, 2)
	for range 2 {
		go func() { ended <- deltas(events(t, post(t, t.Context(), url, turnBody))) }()
		<-arrived
	}
	for _, path := range []string{"/v1/responses", "/v1/responses/compact"} {
		resp := postTo(t, t.Context(), url+path, turnBody)
		code, message := errorOf(t, resp)
		if resp.StatusCode != http.StatusTooManyRequests || resp.Header.Get("Retry-After") != "2" || code != "rate_limit_exceeded" || !strings.Contains(message, "busy with 2 turns") {
			t.Errorf("%s: %d, Retry-After %q, %s: %s", path, resp.StatusCode, resp.Header.Get("Retry-After"), code, message)
		}
	}
	close(goOn)
	for range 2 {
		if got := <-ended; got != "Hello" {
			t.Errorf("a turn that had its place: %q", got)
		}
	}
	if got := deltas(events(t, post(t, t.Context(), url, turnBody))); got != "Hello" {
		t.Errorf("a turn after them: %q", got)
	}
}

// dial opens a connection that a test writes by hand.
func dial(t *testing.T, url string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// headOf is the head of a turn's request with more header lines.
func headOf(url string, lines ...string) string {
	return "POST /v1/responses HTTP/1.1\r\nHost: " + strings.TrimPrefix(url, "http://") + "\r\nContent-Type: application/json\r\n" +
		strings.Join(append(lines, "", ""), "\r\n")
}

func write(t *testing.T, w io.Writer, text string) {
	t.Helper()
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
}

// A client that never ends its headers loses its connection.
func TestSlowLorisHeaders(t *testing.T) {
	url := bridgeFor(t, newUpstream(t, hello()), func(c *bridge.Config) { c.Patience.Header = 50 * time.Millisecond })
	conn := dial(t, url)
	write(t, conn, strings.TrimSuffix(headOf(url, "X-Slow: 1"), "\r\n"))
	// It returns when the bridge has closed the connection.
	if answer, err := io.ReadAll(conn); err != nil || strings.Contains(string(answer), "200 OK") {
		t.Errorf("answered %q, %v", answer, err)
	}
}

// One that never ends its body is told so, and loses its connection.
func TestSlowLorisBody(t *testing.T) {
	url := bridgeFor(t, newUpstream(t, hello()), func(c *bridge.Config) { c.Patience.Body = 50 * time.Millisecond })
	for name, lines := range map[string][]string{
		"with a length": {"Content-Length: 1000"}, "in chunks": {"Transfer-Encoding: chunked"},
	} {
		conn := dial(t, url)
		write(t, conn, headOf(url, lines...)+"5\r\n{\"mod")
		answer, err := io.ReadAll(conn)
		if err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 400 ") || !strings.Contains(string(answer), "could not be read") {
			t.Errorf("%s: answered %q, %v", name, answer, err)
		}
	}
}

// Clients that send slowly and upstreams that think, more of them than turns start at
// a time, keep nobody from being answered.
func TestSlowStartsHoldNobody(t *testing.T) {
	const many = 32
	thinking, goOn := make(chan struct{}, many), make(chan struct{})
	url := bridgeFor(t, newUpstream(t, func(w http.ResponseWriter, r *http.Request) {
		if body, _ := io.ReadAll(r.Body); strings.Contains(string(body), "think") {
			thinking <- struct{}{}
			<-goOn
		}
		hello()(w, r)
	}))
	for range many {
		write(t, dial(t, url), headOf(url, "Content-Length: 1000")+`{"mod`)
	}
	ended := make(chan string, many)
	for range many {
		go func() {
			ended <- deltas(events(t, post(t, t.Context(), url, strings.Replace(turnBody, "hi", "think", 1))))
		}()
	}
	for range many {
		<-thinking // all of them have started
	}
	if got := deltas(events(t, post(t, t.Context(), url, turnBody))); got != "Hello" {
		t.Errorf("a turn beside them: %q", got)
	}
	close(goOn)
	for range many {
		if got := <-ended; got != "Hello" {
			t.Errorf("a turn whose upstream thinks: %q", got)
		}
	}
}

// Nor does one hold its connection whose body nobody wants: that of a request which
// is refused before it is read.
func TestSlowLorisBodyOfARefusedRequest(t *testing.T) {
	url := bridgeFor(t, newUpstream(t, hello()), func(c *bridge.Config) {
		c.Patience.Body = 50 * time.Millisecond
		c.Control, c.Panel = http.NotFoundHandler(), http.NotFoundHandler()
	})
	head := func(method, path string) string {
		return strings.Replace(headOf(url), "POST /v1/responses", method+" "+path, 1)
	}
	for name, text := range map[string]string{
		"another name":       strings.Replace(headOf(url), "Host: ", "Host: x", 1),
		"another site":       headOf(url, "Origin: https://evil.example"),
		"a form":             strings.Replace(headOf(url), "application/json", "text/plain", 1),
		"a GET with a body":  head("GET", "/health"),
		"a wrong method":     head("POST", "/v1/models"),
		"an unknown address": head("POST", "/none"),
		"the link's API":     head("POST", "/link/cap"),
		"the panel's API":    head("POST", "/dashboard/api/cap"),
		"an encoding":        headOf(url, "Content-Encoding: br"),
	} {
		for _, length := range []string{"Content-Length: 1000", "Transfer-Encoding: chunked"} {
			conn := dial(t, url)
			if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
				t.Fatal(err)
			}
			write(t, conn, strings.TrimSuffix(text, "\r\n")+length+"\r\n\r\n1")
			if answer, err := io.ReadAll(conn); err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 4") {
				t.Errorf("%s, %s: answered %q, %v", name, length, answer, err)
			}
		}
	}
}

// claimedBody is a body whose client claims more than it sends. It notes how much
// memory its reader has for it beyond what has arrived.
type claimedBody struct {
	sends         int
	arrived, room int
}

func (b *claimedBody) Read(p []byte) (int, error) {
	b.room = max(b.room, len(p)-b.arrived)
	if b.arrived >= b.sends {
		return 0, os.ErrDeadlineExceeded
	}
	n := min(len(p), 64<<10, b.sends-b.arrived)
	b.arrived += n
	return n, nil
}

func (*claimedBody) Close() error { return nil }

// A size that is only claimed takes no memory, but for 4 MB: the rest of it is taken
// as it arrives, and then no more than twice what is there.
func TestAClaimedSizeTakesNoMemory(t *testing.T) {
	const claim, most = 60 << 20, 4<<20 + 64<<10
	h := bridge.New(bridge.Config{Upstream: newUpstream(t, hello()), Version: "test", Key: func(string) bool { return true }}).Handler()
	for _, path := range []string{"/v1/responses", "/v1/responses/compact"} {
		for _, sends := range []int{0, 1, 12 << 20} {
			body := &claimedBody{sends: sends}
			r := httptest.NewRequest(http.MethodPost, path, body)
			r = r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, &net.TCPAddr{Port: 80}))
			r.Host, r.ContentLength = "localhost", claim
			r.Header.Set("Content-Type", "application/json")
			r.Header.Set("X-Clawrouter-Key", "k")
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code != 400 || !strings.Contains(w.Body.String(), "had not arrived") || body.arrived != sends {
				t.Fatalf("%s: %d of %d bytes were read, and answered %d %s", path, body.arrived, sends, w.Code, w.Body)
			}
			if body.room == 0 || body.room > most {
				t.Errorf("%s: a claim of %d MB has %d KB more than has arrived of it", path, claim>>20, body.room>>10)
			}
		}
	}
}

// A client that does not read what it asked for is gone after a while, and its call
// with it.
func TestSlowReader(t *testing.T) {
	ended := make(chan error, 1)
	chunk := "data: {\"choices\":[{\"delta\":{\"content\":\"" + strings.Repeat("x", 64<<10) + "\"}}]}\n\n"
	u := newUpstream(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for r.Context().Err() == nil {
			if _, err := io.WriteString(w, chunk); err != nil {
				break
			}
		}
		ended <- r.Context().Err()
	})
	url := bridgeFor(t, u, func(c *bridge.Config) { c.Patience.Read = 100 * time.Millisecond })
	conn := dial(t, url)
	write(t, conn, headOf(url, fmt.Sprintf("Content-Length: %d", len(turnBody)))+turnBody)
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("upstream's answer ended with %v", err)
	}
}

// What is slow is only a client that takes nothing: an answer may take as long as
// the model takes.
func TestAnAnswerMayTakeLongerThanAReaderMay(t *testing.T) {
	goOn := make(chan struct{})
	url := bridgeFor(t, newUpstream(t, func(w http.ResponseWriter, r *http.Request) {
		<-goOn
		hello()(w, r)
	}), func(c *bridge.Config) { c.Patience.Read, c.KeepAlive = 20*time.Millisecond, 5*time.Millisecond })
	resp := post(t, t.Context(), url, turnBody)
	// Ten keep-alives are longer than a reader may take.
	body := make([]byte, 1)
	for seen := 0; seen < 10; {
		if _, err := resp.Body.Read(body); err != nil {
			t.Fatal(err)
		}
		if body[0] == '\n' {
			seen++
		}
	}
	close(goOn)
	if got := deltas(events(t, resp)); got != "Hello" {
		t.Errorf("text %q", got)
	}
}

// A body that is made to grow is stopped long before it has grown to the limit.
func TestDecompressionBomb(t *testing.T) {
	url := bridgeFor(t, newUpstream(t, hello()), func(c *bridge.Config) { c.MaxRequest = 64 << 20 })
	bomb := bytes.Repeat([]byte(" "), 6<<20)
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	if _, err := z.Write(bomb); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	enc, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	empty := enc.EncodeAll([]byte(" "), nil)
	for _, c := range []struct{ name, encoding, body, says string }{
		{"gzip", "gzip", zipped.String(), "grows to more than 200 times"},
		{"zstd", "zstd", string(enc.EncodeAll(bomb, nil)), "grows to more than 200 times"},
		{"a skippable frame", "zstd", "\x50\x2a\x4d\x18\x04\x00\x00\x00abcd", "invalid_prompt"},
		{"a frame that names a huge window", "zstd", "\x28\xb5\x2f\xfd\x00\xff" + string(empty[6:]), "could not be read"},
		{"an unknown encoding", "br", "x", "Content-Encoding"},
		{"two encodings", "gzip, zstd", "x", "Content-Encoding"},
	} {
		resp := post(t, t.Context(), url, c.body, "Content-Encoding", c.encoding)
		body, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode/100 != 4 || !strings.Contains(string(body), c.says) {
			t.Errorf("%s: %d %s %v", c.name, resp.StatusCode, body, err)
		}
	}
	// The repetitive is not the hostile: a megabyte of blanks is a turn.
	text := `{"model":"vendor/one","stream":true,"input":"` + strings.Repeat(" ", 1<<20) + `"}`
	if got := deltas(events(t, post(t, t.Context(), url, string(enc.EncodeAll([]byte(text), nil)), "Content-Encoding", "zstd"))); got != "Hello" {
		t.Errorf("text %q", got)
	}
}

// buggy is an upstream in whose place the bridge's own code panics.
type buggy struct {
	*upstream
	where string
	calls atomic.Int32
}

const secretText = "what the user wrote"

func (b *buggy) ClawRouter(context.Context) bool {
	if b.where == "before the answer" {
		panic(secretText)
	}
	return false
}

func (b *buggy) Chat(ctx context.Context, body []byte, h http.Header) (*http.Response, error) {
	b.calls.Add(1)
	if b.where == "in the call" {
		var none map[string]int
		none[secretText]++ //nolint:staticcheck // the bug that it is to have
	}
	resp, err := b.upstream.Chat(ctx, body, h)
	if err == nil && b.where == "within the answer" {
		resp.Body = brokenBody{resp.Body}
	}
	return resp, err
}

type brokenBody struct{ io.ReadCloser }

func (brokenBody) Read([]byte) (int, error) { panic(errors.New(secretText)) }

// A bug ends the turn that it meets, in words that Codex shows and does not repeat;
// the log tells where it is, and nothing of what the turn held.
func TestAPanicEndsOneTurn(t *testing.T) {
	for _, where := range []string{"before the answer", "in the call", "within the answer"} {
		t.Run(where, func(t *testing.T) {
			var log bytes.Buffer
			u := &buggy{upstream: newUpstream(t, hello()), where: where}
			url := bridgeFor(t, u, func(c *bridge.Config) { c.Log = slog.New(slog.NewJSONHandler(&log, nil)) })
			for range 2 {
				for _, body := range []string{turnBody, strings.Replace(turnBody, "true", "false", 1)} {
					resp := post(t, t.Context(), url, body, "Originator", "codex_exec")
					text, err := io.ReadAll(resp.Body)
					if err != nil || !strings.Contains(string(text), `"invalid_prompt"`) || !strings.Contains(string(text), "clawrouter-codex report") {
						t.Errorf("%d %s %v", resp.StatusCode, text, err)
					}
				}
			}
			if calls := u.calls.Load(); where != "before the answer" && calls != 4 {
				t.Errorf("4 turns made %d calls", calls)
			}
			if text := log.String(); !strings.Contains(text, "a bug of the bridge") || !strings.Contains(text, "limits_test.go") || strings.Contains(text, secretText) {
				t.Errorf("the log: %s", text)
			}
		})
	}
}

// So does a bug in reading a request.
func TestAPanicInReadingEndsOneRequest(t *testing.T) {
	var log bytes.Buffer
	h := bridge.New(bridge.Config{
		Upstream: newUpstream(t, hello()), Version: "test", Log: slog.New(slog.NewJSONHandler(&log, nil)), Key: func(string) bool { return true },
	}).Handler()
	for _, path := range []string{"/v1/responses", "/v1/responses/compact"} {
		r := httptest.NewRequest(http.MethodPost, path, brokenBody{})
		r = r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, &net.TCPAddr{Port: 80}))
		r.Host = "localhost"
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("X-Clawrouter-Key", "k")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != 400 || !strings.Contains(w.Body.String(), `"invalid_prompt"`) || !strings.Contains(w.Body.String(), "clawrouter-codex report") {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
	if text := log.String(); !strings.Contains(text, "a bug of the bridge") || strings.Contains(text, secretText) {
		t.Errorf("the log: %s", text)
	}
}
