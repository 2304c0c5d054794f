package proxy

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func recorded(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "clawrouter-http", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// newClient closes its idle connections at the end, so that goleak sees only
// what the code forgot.
func newClient(t *testing.T, base string, o ClientOptions) *Client {
	t.Helper()
	c, err := NewClient(base, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// clientMaker is newClient.
type clientMaker func(t *testing.T, base string, o ClientOptions) *Client

// eachCarrier runs a test with both ways to a server on this machine: that of Linux and
// macOS, and that of other systems, which is also the one to other machines.
func eachCarrier(t *testing.T, test func(*testing.T, clientMaker)) {
	t.Run("loopback", func(t *testing.T) { test(t, newClient) })
	t.Run("net/http", func(t *testing.T) {
		test(t, func(t *testing.T, base string, o ClientOptions) *Client {
			o.anyNetwork = true
			return newClient(t, base, o)
		})
	})
}

func serve(t *testing.T, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s
}

func TestNewClientAddress(t *testing.T) {
	for in, want := range map[string]string{
		"http://127.0.0.1:8404":                    "http://127.0.0.1:8404",
		" http://127.0.0.1:8404/ ":                 "http://127.0.0.1:8404",
		"http://127.0.0.1:8404/v1":                 "http://127.0.0.1:8404",
		"http://127.0.0.1:8404/v1/":                "http://127.0.0.1:8404",
		"https://gateway.example/team/v1/":         "https://gateway.example/team",
		"http://[::1]:11434/v1":                    "http://[::1]:11434",
		"https://gateway.example/v1beta":           "https://gateway.example/v1beta",
		"127.0.0.1:8404":                           "",
		"ftp://127.0.0.1":                          "",
		"http:///v1":                               "",
		"http://me:secret@gateway.example":         "",
		"http://gateway.example/v1?key=secret":     "",
		"http://me:secret@gateway.example:bad/v1":  "",
		"https://gateway.example/v1#only-for-team": "",
	} {
		c, err := NewClient(in, ClientOptions{})
		switch {
		case err != nil && want != "":
			t.Errorf("NewClient(%q): %v", in, err)
		case err != nil && strings.Contains(err.Error(), "secret"):
			t.Errorf("NewClient(%q) repeats a secret: %v", in, err)
		case err == nil && c.BaseURL() != want:
			t.Errorf("NewClient(%q) talks to %s, want %s", in, c.BaseURL(), want)
		}
	}
}

func TestPlaintext(t *testing.T) {
	for base, want := range map[string]bool{
		"http://127.0.0.1:1": false, "http://localhost:1": false, "http://[::1]:1": false,
		"https://gateway.example": false, "http://gateway.example": true, "http://192.168.1.5:4000": true,
	} {
		if got := newClient(t, base, ClientOptions{}).Plaintext(); got != want {
			t.Errorf("%s: Plaintext() = %v, want %v", base, got, want)
		}
	}
}

func TestChatSendsOnlyTheAllowList(t *testing.T) { eachCarrier(t, testChatSendsOnlyTheAllowList) }

func testChatSendsOnlyTheAllowList(t *testing.T, newClient clientMaker) {
	var got http.Header
	var body, path string
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		got, body, path = r.Header.Clone(), string(b), r.URL.Path
		w.Header().Set("Retry-After", "7")
		w.WriteHeader(http.StatusTooManyRequests)
		io.WriteString(w, "slow down")
	})
	c := newClient(t, s.URL+"/v1/", ClientOptions{APIKey: " sk-upstream\n", UserAgent: "clawrouter-codex/1.2.3"})
	resp, err := c.Chat(t.Context(), []byte(`{"model":"auto"}`), http.Header{
		"Authorization": {"Bearer codex-token"}, "Cookie": {"a=b"}, "Session_id": {"s"}, "Chatgpt-Account-Id": {"acc"},
		"X-Codex-Window-Id": {"w"}, "Openai-Beta": {"x"}, "Origin": {"http://evil"}, "Referer": {"r"}, "Accept-Encoding": {"gzip"},
		"X-Session-Id": {"thread:auto"}, "Cache-Control": {"no-cache"}, "Accept": {"text/event-stream"}, "Idempotency-Key": {"turn-1"},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, _ := io.ReadAll(resp.Body)
	want := http.Header{
		"Accept": {"text/event-stream"}, "Authorization": {"Bearer sk-upstream"}, "Cache-Control": {"no-cache"},
		"Content-Length": {"16"}, "Content-Type": {"application/json"}, "Idempotency-Key": {"turn-1"},
		"User-Agent": {"clawrouter-codex/1.2.3"}, "X-Session-Id": {"thread:auto"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("headers upstream (-want +got):\n%s", diff)
	}
	if body != `{"model":"auto"}` || path != "/v1/chat/completions" {
		t.Errorf("upstream got %s %s", path, body)
	}
	if resp.StatusCode != 429 || resp.Header.Get("Retry-After") != "7" || string(answer) != "slow down" {
		t.Errorf("answer changed on the way: %d %v %s", resp.StatusCode, resp.Header, answer)
	}
}

func TestChatDoesNotFollowRedirects(t *testing.T) { eachCarrier(t, testChatDoesNotFollowRedirects) }

func testChatDoesNotFollowRedirects(t *testing.T, newClient clientMaker) {
	var elsewhere atomic.Int32
	other := serve(t, func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) })
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other.URL, http.StatusTemporaryRedirect)
	})
	resp, err := newClient(t, s.URL, ClientOptions{APIKey: "k"}).Chat(t.Context(), []byte("{}"), nil)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusTemporaryRedirect || elsewhere.Load() != 0 {
		t.Errorf("status %d, the other host was asked %d times", resp.StatusCode, elsewhere.Load())
	}
}

// A reused connection that breaks after the request was written must not make
// net/http send it again: the first may have been paid.
func TestChatIsNeverSentTwice(t *testing.T) { eachCarrier(t, testChatIsNeverSentTwice) }

func testChatIsNeverSentTwice(t *testing.T, newClient clientMaker) {
	var posts atomic.Int32
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		if r.Method == http.MethodPost && posts.Add(1) > 1 {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err == nil {
				conn.Close()
			}
		}
	})
	c := newClient(t, s.URL, ClientOptions{})
	header := http.Header{"Idempotency-Key": {"turn-1"}}
	resp, err := c.Chat(t.Context(), []byte("{}"), header)
	if err != nil {
		t.Fatal(err)
	}
	io.Copy(io.Discard, resp.Body)
	resp.Body.Close()
	_, err = c.Chat(t.Context(), []byte("{}"), header)
	var se *SendError
	if !errors.As(err, &se) || !se.Sent {
		t.Errorf("error = %#v, want a SendError that says the request was sent", err)
	}
	if n := posts.Load(); n != 2 {
		t.Errorf("upstream saw %d posts, want 2", n)
	}
}

func TestChatSaysWhetherItWasSent(t *testing.T) { eachCarrier(t, testChatSaysWhetherItWasSent) }

func testChatSaysWhetherItWasSent(t *testing.T, newClient clientMaker) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	_, err = newClient(t, "http://"+addr, ClientOptions{APIKey: "sk-secret"}).Chat(t.Context(), []byte("{}"), nil)
	var se *SendError
	if !errors.As(err, &se) || se.Sent || se.Op != "POST /v1/chat/completions" {
		t.Fatalf("error = %#v, want a SendError with Sent false", err)
	}
	if strings.Contains(err.Error(), "sk-secret") {
		t.Errorf("the error tells the key: %v", err)
	}

	arrived, release := make(chan struct{}), make(chan struct{})
	s := serve(t, func(http.ResponseWriter, *http.Request) { close(arrived); <-release })
	defer close(release)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-arrived; cancel() }()
	_, err = newClient(t, s.URL, ClientOptions{}).Chat(ctx, []byte("{}"), nil)
	if !errors.As(err, &se) || !se.Sent || !errors.Is(err, context.Canceled) {
		t.Errorf("error = %#v, want a cancelled SendError with Sent true", err)
	}
}

func TestChatStreamArrivesAsSent(t *testing.T) { eachCarrier(t, testChatStreamArrivesAsSent) }

func testChatStreamArrivesAsSent(t *testing.T, newClient clientMaker) {
	next := make(chan string)
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		for chunk := range next {
			io.WriteString(w, chunk)
			http.NewResponseController(w).Flush()
		}
	})
	go func() { next <- "data: 1\n\n" }()
	resp, err := newClient(t, s.URL, ClientOptions{}).Chat(t.Context(), []byte("{}"), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	buf := make([]byte, 64)
	for _, want := range []string{"data: 1\n\n", "data: 2\n\n"} {
		n, err := resp.Body.Read(buf)
		if err != nil || string(buf[:n]) != want {
			t.Fatalf("read %q, %v; want %q", buf[:n], err, want)
		}
		if want == "data: 1\n\n" {
			next <- "data: 2\n\n"
		}
	}
	close(next)
}

func TestModels(t *testing.T) { eachCarrier(t, testModels) }

func testModels(t *testing.T, newClient clientMaker) {
	list := `{"object":"list","data":[]}`
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/team/v1/models" || r.URL.RawQuery != "" {
			w.WriteHeader(http.StatusBadGateway)
			io.WriteString(w, `All models in fallback chain failed`)
			return
		}
		io.WriteString(w, list)
	})
	got, err := newClient(t, s.URL+"/team/v1", ClientOptions{}).Models(t.Context())
	if err != nil || string(got) != list {
		t.Errorf("Models() = %s, %v", got, err)
	}
	_, err = newClient(t, s.URL, ClientOptions{}).Models(t.Context())
	want := &StatusError{Op: "GET /v1/models", Code: 502, Message: "All models in fallback chain failed"}
	var se *StatusError
	if !errors.As(err, &se) || *se != *want {
		t.Errorf("error = %v, want %v", err, want)
	}
}

func TestWholeAnswersAreBounded(t *testing.T) { eachCarrier(t, testWholeAnswersAreBounded) }

func testWholeAnswersAreBounded(t *testing.T, newClient clientMaker) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		chunk := make([]byte, 1<<20)
		for range 64 {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	})
	c := newClient(t, s.URL, ClientOptions{})
	calls := map[string]func(context.Context) error{
		"models": func(ctx context.Context) error { _, err := c.Models(ctx); return err },
		"health": func(ctx context.Context) error { _, err := c.Health(ctx, true); return err },
		"stats":  func(ctx context.Context) error { _, err := c.Stats(ctx, 7); return err },
		"search": func(ctx context.Context) error { _, err := c.Search(ctx, "q", 1); return err },
	}
	for name, call := range calls {
		if err := call(t.Context()); err == nil || !strings.Contains(err.Error(), "larger than") {
			t.Errorf("%s: error = %v, want a refusal of the size", name, err)
		}
	}
}

func TestErrorText(t *testing.T) {
	for in, want := range map[string]string{
		`{"error":{"message":"no money","type":"x"}}`:           "no money",
		`{"error":"Internal server error","message":"the why"}`: "the why",
		`{"error":"Not found"}`:                                 "Not found",
		`{"detail":"gone"}`:                                     "gone",
		` fetch failed `:                                        "fetch failed",
		`{"other":1}`:                                           `{"other":1}`,
		"":                                                      "",
		"\xff":                                                  "�",
	} {
		if got := errorText([]byte(in)); got != want {
			t.Errorf("errorText(%q) = %q, want %q", in, got, want)
		}
	}
	if got := errorText([]byte(strings.Repeat("ä", maxErrorText))); len(got) > maxErrorText+3 {
		t.Errorf("errorText keeps %d bytes", len(got))
	}
}
