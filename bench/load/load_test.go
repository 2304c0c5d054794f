package load

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/BlockRunAI/clawrouter-codex/bench/body"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const chatAnswer = "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n" +
	": a comment\n\n" +
	"data: {\"choices\":[{\"delta\":{\"reasoning_content\":\"hm\"}}]}\n\n" +
	"data: {\"choices\":[{\"delta\":{\"content\":\"say \\\"response.completed\\\" \"}}]}\n\n" +
	"data: {\"choices\":[{\"delta\":{\"content\":\"now\"}}]}\n\n" +
	"data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"c1\",\"function\":{\"name\":\"exec_command\",\"arguments\":\"{\"}}]}}]}\n\n" +
	"data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"}\"}}]}}]}\n\n" +
	"data: [DONE]\n\n"

// The final object is longer than the reader's buffer, as a real one is.
var responsesAnswer = "event: response.created\ndata: {\"type\":\"response.created\"}\n\n" +
	"data: {\"type\":\"response.output_text.delta\",\"delta\":\"say \\\"type\\\":\\\"response.completed\\\" \"}\n\n" +
	"data: {\"type\":\"response.output_text.delta\",\"delta\":\"now\"}\n\n" +
	"data: {\"type\":\"response.completed\",\"response\":{\"output\":[" +
	"{\"type\":\"reasoning\",\"content\":[{\"text\":\"hm\"}]}," +
	"{\"type\":\"message\",\"content\":[{\"text\":\"all of it\"}]}," +
	"{\"type\":\"function_call\",\"name\":\"exec_command\",\"arguments\":\"{}\"}," +
	"{\"type\":\"custom_tool_call\",\"name\":\"apply_patch\",\"input\":\"*** Begin\"}]," +
	"\"instructions\":\"look for response.output_text.delta, response.failed\",\"tools\":\"" + strings.Repeat("x", 100_000) + "\"}}\n\n"

func TestSamples(t *testing.T) {
	for _, tc := range []struct {
		name     string
		protocol Protocol
		answer   string
		deltas   int
		wrong    string // what the error must say; "" for none
	}{
		{"chat", Chat, chatAnswer, 2, ""},
		{"responses", Responses, responsesAnswer, 2, ""},
		{"chat without an end", Chat, strings.TrimSuffix(chatAnswer, "data: [DONE]\n\n"), 0, "broke off"},
		{"chat with an error", Chat, "data: {\"error\":\"no funds\"}\n\ndata: [DONE]\n\n", 0, "no funds"},
		{"end without any text", Chat, "data: [DONE]\n\n", 0, "broke off"},
		{"responses without an end", Responses, "data: {\"type\":\"response.output_text.delta\",\"delta\":\"x\"}\n\n", 0, "broke off"},
		{"responses failed", Responses, "data: {\"type\":\"response.failed\",\"why\":\"the cap\"}\n\n", 0, "the cap"},
		{"responses incomplete", Responses, "data: {\"type\":\"response.incomplete\",\"why\":\"length\"}\n\n", 0, "length"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			first := 0
			s, err := tc.protocol.read(bufio.NewReaderSize(strings.NewReader(tc.answer), 4096), time.Now(), func() { first++ })
			if tc.wrong != "" {
				if err == nil || !strings.Contains(err.Error(), tc.wrong) {
					t.Fatalf("error %v, want one with %q", err, tc.wrong)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if s.Deltas != tc.deltas || first != 1 || s.FirstToken <= 0 || s.Total < s.FirstToken {
				t.Errorf("%+v with %d first tokens, want %d pieces, 1 first token, 0 < first ≤ total", s, first, tc.deltas)
			}
		})
	}
}

func TestTranscripts(t *testing.T) {
	for _, tc := range []struct {
		name     string
		protocol Protocol
		answer   string
		want     Transcript
	}{
		{"chat", Chat, chatAnswer, Transcript{
			Text: `say "response.completed" now`, Final: `say "response.completed" now`,
			Calls: []Call{{"exec_command", "{}"}}}},
		{"responses", Responses, responsesAnswer, Transcript{
			Text: `say "type":"response.completed" now`, Final: "all of it",
			Calls: []Call{{"exec_command", "{}"}, {"apply_patch", "*** Begin"}}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := tc.protocol.Read([]byte(tc.answer))
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tc.want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

// seen is a server that notes what reached it.
type seen struct {
	mu              sync.Mutex
	conns           map[string]int
	threads, bodies map[string]int
}

func (s *seen) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b, err := io.ReadAll(r.Body)
	if err != nil || int64(len(b)) != r.ContentLength {
		http.Error(w, fmt.Sprintf("%d of %d bytes: %v", len(b), r.ContentLength, err), http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conns[r.RemoteAddr]++
	s.threads[r.Header.Get("Thread-Id")]++
	s.bodies[string(b)]++
	io.WriteString(w, chatAnswer)
}

func server(t *testing.T, h http.Handler) Target {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return Target{Name: "test", Addr: srv.Listener.Addr().String(), Protocol: Chat}
}

func TestConnectionsAreKeptAndTurnsAreNew(t *testing.T) {
	s := &seen{conns: map[string]int{}, threads: map[string]int{}, bodies: map[string]int{}}
	target := server(t, s)
	req := NewRequest(target, body.Request{Chat: []byte(`{"thread":"` + body.Thread + `","turn":"` + body.Turn + `"}`)})
	var first sync.WaitGroup
	first.Add(40)
	var g Generator
	r, err := g.Run(t.Context(), target, req, Plan{Streams: 4, Requests: 40, FirstToken: first.Done})
	if err != nil {
		t.Fatal(err)
	}
	first.Wait()
	if len(s.conns) > 4 {
		t.Errorf("%d connections for 4 streams", len(s.conns))
	}
	if len(s.threads) > 4 || s.threads[body.Thread] > 0 {
		t.Errorf("threads %v, want one a stream and none with the placeholder", s.threads)
	}
	if len(s.bodies) != 40 {
		t.Errorf("%d different bodies for 40 requests", len(s.bodies))
	}
	for b := range s.bodies {
		if strings.Contains(b, "@") {
			t.Errorf("a placeholder was sent: %s", b)
		}
	}
	if len(r.Samples) != 40 || r.Elapsed <= 0 {
		t.Errorf("%d samples in %v", len(r.Samples), r.Elapsed)
	}
}

func TestOneBadAnswerFailsTheRun(t *testing.T) {
	var mu sync.Mutex
	n := 0
	target := server(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if n++; n == 7 {
			http.Error(w, "no more", http.StatusTooManyRequests)
			return
		}
		io.WriteString(w, chatAnswer)
	}))
	var g Generator
	_, err := g.Run(t.Context(), target, NewRequest(target, body.Request{Chat: []byte("{}")}), Plan{Streams: 2, Requests: 20})
	if err == nil || !strings.Contains(err.Error(), "429") || !strings.Contains(err.Error(), "no more") {
		t.Fatalf("error %v, want one with the status and what was said", err)
	}
}

func TestStoppingEndsAHungRun(t *testing.T) {
	reached := make(chan struct{}, 1)
	target := server(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// The server notices that a client has gone only once it has the body.
		io.Copy(io.Discard, r.Body)
		reached <- struct{}{}
		<-r.Context().Done()
	}))
	ctx, stop := context.WithCancel(t.Context())
	go func() { <-reached; stop() }()
	var g Generator
	if _, err := g.Run(ctx, target, NewRequest(target, body.Request{Chat: []byte("{}")}), Plan{Streams: 1, Requests: 1}); err == nil {
		t.Fatal("a run that was stopped reports success")
	}
}
