package bridge_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/BlockRunAI/clawrouter-codex/backend/bridge"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// upstream is a Chat server under a test's control.
type upstream struct {
	*httptest.Server
	clawRouter bool
	client     *http.Client
}

func newUpstream(t *testing.T, h http.HandlerFunc) *upstream {
	t.Helper()
	u := &upstream{Server: httptest.NewServer(h)}
	u.client = &http.Client{Transport: &http.Transport{}}
	t.Cleanup(func() {
		u.client.CloseIdleConnections()
		u.Close()
	})
	return u
}

func (u *upstream) Chat(ctx context.Context, body []byte, _ http.Header) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, u.URL, strings.NewReader(string(body)))
	if err != nil {
		return nil, err
	}
	return u.client.Do(req)
}

func (u *upstream) Models(context.Context) ([]byte, error) {
	return []byte(`{"object":"list","data":[{"id":"vendor/one","object":"model"}]}`), nil
}

func (u *upstream) ClawRouter(context.Context) bool { return u.clawRouter }

// sse answers with those chunks as an event stream.
func sse(chunks ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for _, c := range chunks {
			io.WriteString(w, "data: "+c+"\n\n")
			w.(http.Flusher).Flush()
		}
	}
}

func hello() http.HandlerFunc {
	return sse(`{"choices":[{"delta":{"content":"Hel"}}]}`, `{"choices":[{"delta":{"content":"lo"},"finish_reason":"stop"}]}`, `[DONE]`)
}

// bridgeFor starts a bridge on real listeners and returns its address.
func bridgeFor(t *testing.T, u bridge.Upstream, change ...func(*bridge.Config)) string {
	t.Helper()
	cfg := bridge.Config{Upstream: u, Version: "test", Backoff: func(int) time.Duration { return 0 }, MaxRequest: 1 << 20}
	for _, f := range change {
		f(&cfg)
	}
	ctx, stop := context.WithCancel(context.Background())
	listeners, err := bridge.Listen(ctx, 0)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- bridge.New(cfg).Serve(ctx, listeners, time.Second) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return "http://" + listeners[0].Addr().String()
}

const turnBody = `{"model":"vendor/one","stream":true,"input":"hi"}`

func post(t *testing.T, ctx context.Context, url, body string, headers ...string) *http.Response {
	t.Helper()
	return postTo(t, ctx, url+"/v1/responses", body, headers...)
}

func postTo(t *testing.T, ctx context.Context, address, body string, headers ...string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	tr := &http.Transport{}
	t.Cleanup(tr.CloseIdleConnections)
	resp, err := (&http.Client{Transport: tr}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	return resp
}

// event is one event of an answer.
type event struct {
	Type     string `json:"type"`
	Delta    string `json:"delta"`
	Response struct {
		Status string `json:"status"`
		Error  *struct {
			Code, Message string
		} `json:"error"`
	} `json:"response"`
}

// nextEvent reads one event; io.EOF ends the stream.
func nextEvent(r *bufio.Reader) (event, error) {
	for {
		line, err := r.ReadString('\n')
		if data, ok := strings.CutPrefix(line, "data: "); ok {
			var e event
			return e, json.Unmarshal([]byte(data), &e)
		}
		if err != nil {
			return event{}, err
		}
	}
}

func events(t *testing.T, resp *http.Response) []event {
	t.Helper()
	var all []event
	r := bufio.NewReader(resp.Body)
	for {
		e, err := nextEvent(r)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, e)
	}
}

func last(t *testing.T, resp *http.Response) event {
	t.Helper()
	all := events(t, resp)
	if len(all) == 0 {
		t.Fatal("no events")
	}
	return all[len(all)-1]
}

func deltas(all []event) string {
	var b strings.Builder
	for _, e := range all {
		b.WriteString(e.Delta)
	}
	return b.String()
}

// errorOf reads the code and message of an error answer.
func errorOf(t *testing.T, resp *http.Response) (code, message string) {
	t.Helper()
	var body struct {
		Error struct{ Code, Message string }
	}
	if err := json.NewDecoder(resp.Body).Decode(&body); err != nil {
		t.Fatalf("status %d: the body is not JSON: %v", resp.StatusCode, err)
	}
	return body.Error.Code, body.Error.Message
}

func TestListen(t *testing.T) {
	both, err := bridge.Listen(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	port := both[0].Addr().(*net.TCPAddr).Port
	t.Run("loopback only", func(t *testing.T) {
		for _, l := range both {
			if ip := l.Addr().(*net.TCPAddr).IP; !ip.IsLoopback() {
				t.Errorf("listens on %v", ip)
			}
		}
	})
	t.Run("taken", func(t *testing.T) {
		if _, err := bridge.Listen(t.Context(), port); err == nil {
			t.Error("a port in use was opened again")
		}
	})
	for _, l := range both {
		l.Close()
	}
	t.Run("neither where one family is taken", func(t *testing.T) {
		if len(both) < 2 {
			t.Skip("this system has no IPv6")
		}
		six, err := net.Listen("tcp6", both[1].Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer six.Close()
		if _, err := bridge.Listen(t.Context(), port); err == nil {
			t.Fatal("opened 127.0.0.1 although ::1 is somebody else's")
		}
		four, err := net.Listen("tcp4", both[0].Addr().String())
		if err != nil {
			t.Fatalf("127.0.0.1 was kept: %v", err)
		}
		four.Close()
	})
}
