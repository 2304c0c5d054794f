package bridge_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"github.com/BlockRunAI/clawrouter-codex/backend/bridge"
	"github.com/BlockRunAI/clawrouter-codex/backend/proxy"
)

// realClient is the client that users have, for u.
func realClient(t *testing.T, u *upstream) bridge.Upstream {
	t.Helper()
	c, err := proxy.NewClient(u.URL, proxy.ClientOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// TestChunksAllocateNothing counts the allocations of whole turns, upstream's and
// the client's included: 4,000 chunks more cost next to none more. What is left is
// of net/http, a few for each write, and the answer itself, which grows by doubling.
func TestChunksAllocateNothing(t *testing.T) {
	const few, many = 50, 4050
	answer := func(chunks int) string {
		return strings.Repeat(`data: {"id":"c","choices":[{"index":0,"delta":{"content":"word "},"finish_reason":null}]}`+"\n\n", chunks) +
			`data: {"choices":[{"delta":{},"finish_reason":"stop"}]}` + "\n\n"
	}
	answers := map[string]string{"few": answer(few), "many": answer(many)}
	u := newUpstream(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			http.NotFound(w, r)
			return
		}
		body, _ := io.ReadAll(r.Body)
		which := "few"
		if strings.Contains(string(body), "many") {
			which = "many"
		}
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, answers[which])
	})
	url := bridgeFor(t, realClient(t, u))
	count := func(which string) float64 {
		return testing.AllocsPerRun(20, func() {
			resp, err := u.client.Post(url+"/v1/responses", "application/json", strings.NewReader(`{"model":"vendor/one","stream":true,"input":"`+which+`"}`))
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			if n, err := io.Copy(io.Discard, resp.Body); err != nil || n < 1000 {
				t.Fatal(n, err)
			}
		})
	}
	a, b := count("few"), count("many")
	perChunk := (b - a) / (many - few)
	t.Logf("%v allocations with %d chunks, %v with %d: %.3f a chunk", a, few, b, many, perChunk)
	if perChunk > 0.25 {
		t.Errorf("%.2f allocations a chunk", perChunk)
	}
}

// TestOpenStreamsHoldNoRequest opens streams of a large request and looks what is
// live while their answers wait: not their requests. Upstream's and the client's side
// of each connection is in the figure too.
func TestOpenStreamsHoldNoRequest(t *testing.T) {
	const streams, size = 24, 900 << 10
	more := make(chan struct{})
	u := newUpstream(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			http.NotFound(w, r)
			return
		}
		_, _ = io.Copy(io.Discard, r.Body)
		sse(`{"choices":[{"delta":{"content":"Hel"}}]}`)(w, r)
		<-more
		sse(`{"choices":[{"delta":{"content":"lo"},"finish_reason":"stop"}]}`)(w, r)
	})
	url := bridgeFor(t, realClient(t, u))
	body := `{"model":"vendor/one","stream":true,"input":"` + strings.Repeat("word ", size/5) + `"}`
	open := func(n int) (rest []*bufio.Reader) {
		for range n {
			r := bufio.NewReader(post(t, t.Context(), url, body).Body)
			for {
				e, err := nextEvent(r)
				if err != nil {
					t.Fatal(err)
				}
				if e.Type == "response.output_text.delta" {
					break
				}
			}
			rest = append(rest, r)
		}
		return rest
	}
	live := func() int64 {
		var m runtime.MemStats
		for range 3 { // pools keep what they have for two collections
			runtime.GC()
		}
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	first := open(1)
	before := live()
	all := append(open(streams), first...)
	each := (live() - before) / streams
	t.Logf("%d KB live for each open stream of a request of %d KB", each>>10, size>>10)
	if each > size/5 {
		t.Errorf("an open stream holds %d KB of a request of %d KB", each>>10, size>>10)
	}
	close(more)
	for _, r := range all {
		if _, err := io.Copy(io.Discard, r); err != nil {
			t.Error(err)
		}
	}
}

// roomUpstream keeps what it is sent, and answers so that it need not be kept.
type roomUpstream struct {
	*upstream
	kind  string // of answer
	sent  [][]byte
	whole []string // copies of sent
}

// Chat is called by one turn at a time.
func (u *roomUpstream) Chat(_ context.Context, body []byte, _ http.Header) (*http.Response, error) {
	u.sent, u.whole = append(u.sent, body), append(u.whole, string(body))
	if u.kind == "fails at first" && len(u.sent)%2 == 1 {
		return nil, errors.New("broken pipe")
	}
	answer := answerBody{strings.NewReader(`data: {"choices":[{"delta":{"content":"Hello"},"finish_reason":"stop"}]}` + "\n\n"), u.kind != "early"}
	resp := &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"text/event-stream"}}, Body: answer}
	if u.kind == "does not tell" {
		resp.Body = io.NopCloser(answer.Reader)
	}
	return resp, nil
}

type answerBody struct {
	io.Reader
	read bool
}

func (b answerBody) RequestRead() bool { return b.read }
func (answerBody) Close() error        { return nil }

// A request is written where another was, but for one that somebody may still read. The
// pool may forget what it is given, and under the race detector often does: where reuse
// is expected, there are turns until it is seen.
func TestRoomOfOthers(t *testing.T) {
	const turns, most = 12, 600
	for _, kind := range []string{"usual", "early", "fails at first", "does not tell"} {
		u := &roomUpstream{upstream: newUpstream(t, hello()), kind: kind}
		url := bridgeFor(t, u)
		lost := 0
		for n := 0; n < turns || kind == "usual" && lost == 0 && n < most; n++ {
			body := strings.Replace(turnBody, "hi", strings.Repeat(string(rune('a'+n%26)), 50_000+n), 1)
			if got := deltas(events(t, post(t, t.Context(), url, body))); got != "Hello" {
				t.Fatalf("%s: turn %d was answered %q", kind, n, got)
			}
			lost = 0
			for i, whole := range u.whole {
				if string(u.sent[i]) != whole {
					lost++
				}
			}
		}
		if (kind == "usual") != (lost > 0) {
			t.Errorf("%s: %d of %d requests were written over", kind, lost, len(u.whole))
		}
	}
}
