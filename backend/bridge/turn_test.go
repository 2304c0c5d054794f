package bridge_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/BlockRunAI/clawrouter-codex/backend/bridge"
)

func TestTurnIsStreamedTokenByToken(t *testing.T) {
	more := make(chan struct{})
	u := newUpstream(t, func(w http.ResponseWriter, r *http.Request) {
		sse(`{"choices":[{"delta":{"content":"Hel"}}]}`)(w, r)
		<-more // the first token must reach the client before the second is made
		sse(`{"choices":[{"delta":{"content":"lo"},"finish_reason":"stop"}]}`, `[DONE]`)(w, r)
	})
	resp := post(t, t.Context(), bridgeFor(t, u), turnBody)
	r := bufio.NewReader(resp.Body)
	for {
		e, err := nextEvent(r)
		if err != nil {
			t.Fatal(err)
		}
		if e.Delta != "" {
			if e.Delta != "Hel" {
				t.Fatalf("first delta %q", e.Delta)
			}
			break
		}
	}
	close(more)
	resp.Body = io.NopCloser(r)
	all := events(t, resp)
	if got := deltas(all); got != "lo" {
		t.Errorf("deltas after the first: %q", got)
	}
	if end := all[len(all)-1]; end.Type != "response.completed" {
		t.Errorf("ended with %s", end.Type)
	}
}

func TestTurnWithoutStream(t *testing.T) {
	resp := post(t, t.Context(), bridgeFor(t, newUpstream(t, hello())), `{"model":"m","input":"hi"}`)
	var got struct {
		Object, Status string
		Output         []struct{ Content []struct{ Text string } }
	}
	if err := json.NewDecoder(resp.Body).Decode(&got); err != nil {
		t.Fatal(err)
	}
	if got.Object != "response" || got.Status != "completed" || len(got.Output) != 1 || got.Output[0].Content[0].Text != "Hello" {
		t.Errorf("got %+v", got)
	}
}

func TestClawRouterIsAskedForABufferedAnswer(t *testing.T) {
	u := newUpstream(t, func(w http.ResponseWriter, r *http.Request) {
		var req map[string]any
		json.NewDecoder(r.Body).Decode(&req)
		if _, streams := req["stream"]; streams {
			t.Error("ClawRouter was asked to stream")
		}
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, `{"choices":[{"message":{"content":"Hello"},"finish_reason":"stop"}]}`)
	})
	u.clawRouter = true
	all := events(t, post(t, t.Context(), bridgeFor(t, u), turnBody))
	if got := deltas(all); got != "Hello" {
		t.Errorf("text %q", got)
	}
}

func TestCompressedBodies(t *testing.T) {
	pack := map[string]func(string) []byte{
		"gzip": func(s string) []byte {
			var b bytes.Buffer
			z, _ := gzip.NewWriterLevel(&b, gzip.BestSpeed)
			io.WriteString(z, s)
			z.Close()
			return b.Bytes()
		},
		"zstd": func(s string) []byte {
			z, _ := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest))
			defer z.Close()
			return z.EncodeAll([]byte(s), nil)
		},
	}
	url := bridgeFor(t, newUpstream(t, hello()))
	for name, f := range pack {
		t.Run(name, func(t *testing.T) {
			resp := post(t, t.Context(), url, string(f(turnBody)), "Content-Encoding", name)
			if got := deltas(events(t, resp)); got != "Hello" {
				t.Errorf("text %q", got)
			}
		})
		t.Run(name+" bomb", func(t *testing.T) {
			resp := post(t, t.Context(), url, string(f(strings.Repeat(" ", 1<<20+1))), "Content-Encoding", name)
			if code, _ := errorOf(t, resp); resp.StatusCode != 400 || code != "invalid_prompt" {
				t.Errorf("status %d code %s", resp.StatusCode, code)
			}
		})
		t.Run(name+" broken", func(t *testing.T) {
			resp := post(t, t.Context(), url, "not packed", "Content-Encoding", name)
			if code, _ := errorOf(t, resp); resp.StatusCode != 400 || code != "invalid_prompt" {
				t.Errorf("status %d code %s", resp.StatusCode, code)
			}
		})
	}
}

func TestBadRequests(t *testing.T) {
	url := bridgeFor(t, newUpstream(t, hello()))
	for _, c := range []struct {
		name, body, contentType string
		status                  int
		code, says              string
	}{
		{"not JSON", "{not", "application/json", 400, "invalid_prompt", "not valid JSON"},
		{"no object", "[]", "application/json", 400, "invalid_prompt", "must be a JSON object"},
		{"no model", `{"input":"x"}`, "application/json", 400, "missing_required_parameter", "no model"},
		{"a form", "a=b", "application/x-www-form-urlencoded", 415, "unsupported_media_type", "application/json"},
		{"plain text", turnBody, "text/plain", 415, "unsupported_media_type", "application/json"},
		{"state", `{"model":"m","input":"x","previous_response_id":"resp_1"}`, "application/json", 400, "unsupported_parameter", "previous_response_id"},
		{"too large", strings.Repeat(" ", 1<<20+1), "application/json", 400, "invalid_prompt", "larger than 1 MB"},
	} {
		t.Run(c.name, func(t *testing.T) {
			resp := post(t, t.Context(), url, c.body, "Content-Type", c.contentType)
			code, message := errorOf(t, resp)
			if resp.StatusCode != c.status || code != c.code || !strings.Contains(message, c.says) {
				t.Errorf("%d %s %q", resp.StatusCode, code, message)
			}
		})
	}
}

func TestUnknownFieldsAndItemsAreTolerated(t *testing.T) {
	body := `{"model":"m","stream":true,"brand_new":{"a":[1]},"input":[{"type":"from_next_week","x":1},{"role":"user","content":"hi"}]}`
	if got := deltas(events(t, post(t, t.Context(), bridgeFor(t, newUpstream(t, hello())), body))); got != "Hello" {
		t.Errorf("text %q", got)
	}
}

// A broken upstream ends the turn in words; the bridge goes on. What Codex makes
// of each code was measured: invalid_prompt is shown and not repeated.
func TestBrokenUpstreams(t *testing.T) {
	cut := func(parts ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/event-stream")
			for _, p := range parts {
				io.WriteString(w, p)
				w.(http.Flusher).Flush()
			}
			panic(http.ErrAbortHandler)
		}
	}
	text := "data: {\"choices\":[{\"delta\":{\"content\":\"Hel\"}}]}\n\n"
	half := "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"c\",\"function\":{\"name\":\"f\",\"arguments\":\"{\\\"a\"}}]}}]}\n\n"
	for _, c := range []struct {
		name     string
		handler  http.HandlerFunc
		code     string
		requests int32
	}{
		{"hangs up before anything", cut(""), "invalid_prompt", 3},
		{"hangs up after text", cut(text), "server_error", 1},
		{"hangs up inside a call", cut(half), "server_error", 1},
		{"ends without saying so", sse(`{"choices":[{"delta":{"content":"Hel"}}]}`), "server_error", 1},
		{"says nothing at all", sse(`[DONE]`), "invalid_prompt", 2},
		{"garbage", sse("<html>"), "invalid_prompt", 2},
		{"a rate limit in a 200", sse(`{"error":{"message":"Rate limit exceeded","type":"rate_limit_error"}}`), "invalid_prompt", 3},
		{"an error string in a 200", sse(`{"error":"Internal server error","message":"it broke"}`), "invalid_prompt", 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			var requests atomic.Int32
			u := newUpstream(t, func(w http.ResponseWriter, r *http.Request) {
				requests.Add(1)
				c.handler(w, r)
			})
			all := events(t, post(t, t.Context(), bridgeFor(t, u), turnBody))
			end := all[len(all)-1]
			if end.Type != "response.failed" || end.Response.Error == nil || end.Response.Error.Code != c.code || end.Response.Error.Message == "" {
				t.Errorf("ended with %+v", end)
			}
			for _, e := range all {
				if e.Type == "response.output_item.done" {
					t.Error("an item was given as done although the answer broke")
				}
			}
			if got := requests.Load(); got != c.requests {
				t.Errorf("%d requests, want %d", got, c.requests)
			}
		})
	}
	t.Run("half a UTF-8 character", func(t *testing.T) {
		h := sse("{\"choices\":[{\"delta\":{\"content\":\"caf\xc3\"},\"finish_reason\":\"stop\"}]}", "[DONE]")
		if got := deltas(events(t, post(t, t.Context(), bridgeFor(t, newUpstream(t, h)), turnBody))); got != "caf\ufffd" {
			t.Errorf("text %q", got)
		}
	})
}

func TestUpstreamStatuses(t *testing.T) {
	for _, c := range []struct {
		status     int
		retryAfter string
		body       string
		want       int
		code       string
		requests   int32
	}{
		{400, "", `{"error":{"message":"bad parameter"}}`, 400, "invalid_prompt", 1},
		{402, "", `{"error":{"message":"Insufficient USDC balance","type":"insufficient_funds","wallet":"0xabc"}}`, 400, "invalid_prompt", 1},
		{400, "", `{"error":{"message":"too long","code":"context_length_exceeded"}}`, 400, "context_length_exceeded", 1},
		{429, "", `{"error":{"message":"slow down"}}`, 400, "invalid_prompt", 3},
		{429, "2", `{"error":{"message":"slow down"}}`, 429, "rate_limit_exceeded", 1},
		{500, "", `fetch failed`, 400, "invalid_prompt", 3},
		{503, "", `{"error":"overloaded"}`, 400, "invalid_prompt", 3},
	} {
		t.Run(http.StatusText(c.status)+c.retryAfter, func(t *testing.T) {
			var requests atomic.Int32
			bodies := make(chan string, 3)
			u := newUpstream(t, func(w http.ResponseWriter, r *http.Request) {
				requests.Add(1)
				body, _ := io.ReadAll(r.Body)
				bodies <- string(body)
				if c.retryAfter != "" {
					w.Header().Set("Retry-After", c.retryAfter)
				}
				w.WriteHeader(c.status)
				io.WriteString(w, c.body)
			})
			resp := post(t, t.Context(), bridgeFor(t, u), turnBody)
			if resp.StatusCode != c.want {
				t.Fatalf("status %d, want %d", resp.StatusCode, c.want)
			}
			if got := resp.Header.Get("Retry-After"); got != c.retryAfter {
				t.Errorf("Retry-After %q", got)
			}
			if code, _ := errorOf(t, resp); code != c.code {
				t.Errorf("code %s, want %s", code, c.code)
			}
			if got := requests.Load(); got != c.requests {
				t.Errorf("%d requests, want %d", got, c.requests)
			}
			seen := map[string]bool{}
			for range c.requests {
				seen[<-bodies] = true
			}
			if len(seen) != int(c.requests) {
				t.Error("a repeat after an error was the same to the byte: ClawRouter would answer it with the error from memory")
			}
		})
	}
}

// Codex 0.140 shows the raw JSON of a 400, but the message of an event.
func TestCodexIsToldByAnEvent(t *testing.T) {
	u := newUpstream(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusPaymentRequired)
		io.WriteString(w, `{"error":{"message":"no funds","type":"insufficient_funds"}}`)
	})
	resp := post(t, t.Context(), bridgeFor(t, u), turnBody, "Originator", "codex_exec")
	end := last(t, resp)
	if resp.StatusCode != 200 || end.Type != "response.failed" || end.Response.Error.Code != "invalid_prompt" || !strings.Contains(end.Response.Error.Message, "no funds") {
		t.Errorf("%d %+v", resp.StatusCode, end)
	}
}

func TestRepeatHelps(t *testing.T) {
	var requests atomic.Int32
	u := newUpstream(t, func(w http.ResponseWriter, r *http.Request) {
		if requests.Add(1) < 3 {
			http.Error(w, "fetch failed", http.StatusInternalServerError)
			return
		}
		hello()(w, r)
	})
	all := events(t, post(t, t.Context(), bridgeFor(t, u), turnBody))
	if got := deltas(all); got != "Hello" {
		t.Errorf("text %q", got)
	}
}

// What was sent to a ClawRouter may be paid although no answer came: the repeat
// is the same to the byte, because its de-duplication then answers from memory.
func TestLostAnswerOfClawRouterIsAskedForWithTheSameBytes(t *testing.T) {
	bodies := make(chan string, 2)
	u := newUpstream(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		bodies <- string(body)
		panic(http.ErrAbortHandler)
	})
	u.clawRouter = true
	resp := post(t, t.Context(), bridgeFor(t, u), turnBody)
	if code, _ := errorOf(t, resp); code != "invalid_prompt" {
		t.Errorf("code %s", code)
	}
	if first, second := <-bodies, <-bodies; first != second {
		t.Errorf("the repeat differs:\n%s\n%s", first, second)
	}
}

func TestClientMayRepeatABrokenTurnTwice(t *testing.T) {
	u := newUpstream(t, sse(`{"choices":[{"delta":{"content":"Hel"}}]}`))
	url := bridgeFor(t, u)
	for i, want := range []string{"server_error", "server_error", "invalid_prompt"} {
		if got := last(t, post(t, t.Context(), url, turnBody)).Response.Error.Code; got != want {
			t.Errorf("failure %d: %s, want %s", i+1, got, want)
		}
	}
}

func TestSilenceIsFilledWithEvents(t *testing.T) {
	release := make(chan struct{})
	u := newUpstream(t, func(w http.ResponseWriter, r *http.Request) {
		<-release // silent before its headers
		hello()(w, r)
	})
	url := bridgeFor(t, u, func(c *bridge.Config) { c.KeepAlive = 20 * time.Millisecond })
	resp := post(t, t.Context(), url, turnBody)
	r := bufio.NewReader(resp.Body)
	for _, want := range []string{"response.created", "response.in_progress", "response.in_progress", "response.in_progress"} {
		e, err := nextEvent(r)
		if err != nil || e.Type != want {
			t.Fatalf("%s, %v; want %s", e.Type, err, want)
		}
	}
	close(release)
	resp.Body = io.NopCloser(r)
	if end := last(t, resp); end.Type != "response.completed" {
		t.Errorf("ended with %s", end.Type)
	}
}

func TestClientGoesAway(t *testing.T) {
	for _, c := range []struct {
		name       string
		clawRouter bool
		cancelled  bool
	}{
		{"any other upstream is cancelled", false, true},
		{"a ClawRouter, paid before it answers, is let finish", true, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			arrived, left, outcome := make(chan struct{}), make(chan struct{}), make(chan bool, 1)
			u := newUpstream(t, func(w http.ResponseWriter, r *http.Request) {
				io.Copy(io.Discard, r.Body)
				close(arrived)
				<-left
				select {
				case <-r.Context().Done():
					outcome <- true
				case <-time.After(250 * time.Millisecond): // the bound that is promised
					outcome <- false
				}
				hello()(w, r)
			})
			u.clawRouter = c.clawRouter
			url := bridgeFor(t, u, func(c *bridge.Config) { c.KeepAlive = time.Millisecond })
			ctx, leave := context.WithCancel(t.Context())
			post(t, ctx, url, turnBody)
			<-arrived
			leave()
			close(left)
			if got := <-outcome; got != c.cancelled {
				t.Errorf("cancelled: %v", got)
			}
		})
	}
}

func TestStopTellsTurnsInFlight(t *testing.T) {
	u := newUpstream(t, func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	})
	ctx, stop := context.WithCancel(context.Background())
	listeners, err := bridge.Listen(ctx, 0)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	s := bridge.New(bridge.Config{Upstream: u, Version: "test", KeepAlive: time.Millisecond})
	go func() { done <- s.Serve(ctx, listeners, 10*time.Millisecond) }()
	resp := post(t, t.Context(), "http://"+listeners[0].Addr().String(), turnBody)
	stop()
	end := last(t, resp)
	if end.Response.Error == nil || end.Response.Error.Code != "invalid_prompt" || !strings.Contains(end.Response.Error.Message, "was stopped") {
		t.Errorf("ended with %+v", end)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// A ClawRouter answers an equal body from memory for 30 seconds, with the error too:
// what the client repeats after one must be another body, or it waited for nothing.
func TestAClientsRepeatReachesTheModel(t *testing.T) {
	seen := map[string]bool{}
	u := newUpstream(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("Content-Type", "application/json")
		if seen[string(body)] || len(seen) < 2 {
			seen[string(body)] = true
			w.WriteHeader(http.StatusTooManyRequests)
			io.WriteString(w, `{"error":{"message":"Rate limit reached. Please try again in 1.5s.","type":"rate_limit_error"}}`)
			return
		}
		io.WriteString(w, saidHello)
	})
	u.clawRouter = true
	url := bridgeFor(t, u)
	for range 2 {
		resp := post(t, t.Context(), url, threadTurn, codexHeaders...)
		code, message := errorOf(t, resp)
		if resp.StatusCode != 429 || resp.Header.Get("Retry-After") != "2" || code != "rate_limit_exceeded" || !strings.Contains(message, "try again in 1.5s") {
			t.Fatalf("%d, Retry-After %q, %s: %s", resp.StatusCode, resp.Header.Get("Retry-After"), code, message)
		}
	}
	if got := deltas(events(t, post(t, t.Context(), url, threadTurn, codexHeaders...))); got != "Hello" {
		t.Errorf("text %q after %d requests", got, len(seen))
	}
}
