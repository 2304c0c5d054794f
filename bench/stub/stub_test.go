package stub

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestMarkerComesBack(t *testing.T) {
	for name, want := range map[string]Answer{
		"nothing":    {},
		"everything": {Chunks: 50, Size: 4, Reasoning: 3, Calls: 2, Gated: true, Delay: 2 * time.Millisecond, Write: 16, Buffered: true, Stamp: true},
	} {
		got, err := ParseMarker("Make it work. " + want.Marker() + " Thanks [[not]] for nothing.")
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
		if escaped, _ := json.Marshal(want.Marker()); string(escaped) != `"`+want.Marker()+`"` {
			t.Errorf("%s: the marker changes in JSON: %s", name, escaped)
		}
	}
}

func TestBadMarkersAreRefused(t *testing.T) {
	for _, s := range []string{"", "[[stub chunks=1", "[[stub chunks=x]]", "[[stub chunks=-1]]", "[[stub chunks=99999999]]", "[[stub colour=red]]", "[[stub delay=2]]"} {
		if a, err := ParseMarker(s); err == nil {
			t.Errorf("ParseMarker(%q) = %+v, want an error", s, a)
		}
	}
}

// ask posts a request of about size bytes with a's marker at its end and
// returns the response.
func ask(t *testing.T, a Answer, stream bool, size int) *http.Response {
	t.Helper()
	srv := httptest.NewServer(&Server{})
	t.Cleanup(srv.Close)
	content, _ := json.Marshal(strings.Repeat("x", size) + a.Marker())
	streamed := "false"
	if stream {
		streamed = "true"
	}
	resp, err := http.Post(srv.URL+"/v1/chat/completions", "application/json",
		strings.NewReader(`{"stream":`+streamed+`,"messages":[{"role":"user","content":`+string(content)+`}]}`))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	if resp.StatusCode != http.StatusOK {
		b, _ := io.ReadAll(resp.Body)
		t.Fatalf("%s: %s", resp.Status, b)
	}
	return resp
}

// got is what a client makes of an answer.
type got struct {
	Text, Thoughts, Finish string
	Calls                  []Call
	Done                   bool
	TextChunks             int
}

func readStream(t *testing.T, r io.Reader) got {
	t.Helper()
	var g got
	for lines := bufio.NewScanner(r); lines.Scan(); {
		data, ok := strings.CutPrefix(lines.Text(), "data: ")
		switch {
		case !ok:
		case data == "[DONE]":
			g.Done = true
		default:
			g.add(t, data)
		}
	}
	return g
}

func (g *got) add(t *testing.T, data string) {
	t.Helper()
	var c struct {
		Choices []struct {
			Delta struct {
				Content   string
				Reasoning string `json:"reasoning_content"`
				ToolCalls []struct {
					Index    int
					ID       string
					Function struct{ Name, Arguments string }
				} `json:"tool_calls"`
			}
			Finish string `json:"finish_reason"`
		}
	}
	if err := json.Unmarshal([]byte(data), &c); err != nil {
		t.Fatalf("%v in %s", err, data)
	}
	for _, choice := range c.Choices {
		g.Text += choice.Delta.Content
		if choice.Delta.Content != "" {
			g.TextChunks++
		}
		g.Thoughts += choice.Delta.Reasoning
		g.Finish += choice.Finish
		for _, call := range choice.Delta.ToolCalls {
			if call.ID != "" {
				g.Calls = append(g.Calls, Call{ID: call.ID, Name: call.Function.Name})
			}
			g.Calls[len(g.Calls)-1].Arguments += call.Function.Arguments
		}
	}
}

// Clients say first or last whether they want a stream, and what a stub needs to find
// it must not depend on that.
func TestAStreamIsAskedForAtEitherEnd(t *testing.T) {
	text := strings.Repeat("x", 2*scanWindow) + Answer{Chunks: 1, Size: 1}.Marker()
	for name, tc := range map[string]struct {
		body string
		want bool
	}{
		"first":       {`{"stream":true,"messages":["` + text + `"]}`, true},
		"last":        {`{"messages":["` + text + `"],"tools":[],"stream": true}`, true},
		"last, alone": {`{"messages":[],"stream":true}`, true},
		"not":         {`{"messages":["` + text + `"],"stream":false}`, false},
	} {
		if _, got, err := scan(strings.NewReader(tc.body)); got != tc.want || err != nil {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	for size := scanWindow - 50; size < scanWindow+50; size++ {
		body := `{"messages":["` + strings.Repeat("x", size) + `"],"stream":true}`
		if _, got, err := scan(strings.NewReader(body)); !got || err != nil {
			t.Errorf("at %d bytes: %v, %v", size, got, err)
		}
	}
}

func TestAnswers(t *testing.T) {
	a := Answer{Chunks: 50, Size: 5, Reasoning: 4, Calls: 3, Write: 7}
	buffered := a
	buffered.Buffered = true
	whole := got{Text: a.Text(), Thoughts: a.Thoughts(), Calls: a.ToolCalls(), Finish: "tool_calls", Done: true, TextChunks: 50}
	for _, tc := range []struct {
		name   string
		answer Answer
		size   int
		want   func() got
	}{
		{"streamed", a, 10, func() got { return whole }},
		{"streamed, large request", a, 3*scanWindow + 17, func() got { return whole }},
		{"streamed, marker across two windows", a, scanWindow - 70, func() got { return whole }},
		{"plain text", Answer{Chunks: 2, Size: 3}, 10, func() got {
			return got{Text: Answer{Chunks: 2, Size: 3}.Text(), Finish: "stop", Done: true, TextChunks: 2}
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if d := cmp.Diff(tc.want(), readStream(t, ask(t, tc.answer, true, tc.size).Body)); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
	t.Run("not streamed", func(t *testing.T) {
		var c struct {
			Choices []struct {
				Message struct {
					Content   string
					Reasoning string     `json:"reasoning_content"`
					ToolCalls []wireCall `json:"tool_calls"`
				}
			}
		}
		if err := json.NewDecoder(ask(t, buffered, false, 10).Body).Decode(&c); err != nil {
			t.Fatal(err)
		}
		m := c.Choices[0].Message
		if m.Content != a.Text() || m.Reasoning != a.Thoughts() {
			t.Errorf("text %q and reasoning %q", m.Content, m.Reasoning)
		}
		if d := cmp.Diff(wireCalls(a.ToolCalls()), m.ToolCalls); d != "" {
			t.Errorf("calls (-want +got):\n%s", d)
		}
	})
}

func TestAParsingStubAnswersTheSame(t *testing.T) {
	a := Answer{Chunks: 3, Size: 4}
	request := `{"stream": true, "messages":[{"role":"user","content":[{"type":"text","text":"` + a.Marker() + `"}]}],"tools":[]}`
	for _, tc := range []struct {
		name, body string
		status     int
	}{{"a request", request, http.StatusOK}, {"half a request", request[:len(request)-9], http.StatusBadRequest}} {
		w := httptest.NewRecorder()
		(&Server{Parse: true}).ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/v1/chat/completions", strings.NewReader(tc.body)))
		if w.Code != tc.status {
			t.Errorf("%s: status %d, want %d", tc.name, w.Code, tc.status)
		}
		if g := readStream(t, w.Body); tc.status == http.StatusOK && g.Text != a.Text() {
			t.Errorf("%s: text %q, want %q", tc.name, g.Text, a.Text())
		}
	}
}

func TestBurstIsOneChunkOfText(t *testing.T) {
	a := Answer{Chunks: 50, Size: 5, Buffered: true}
	g := readStream(t, ask(t, a, true, 10).Body)
	if g.TextChunks != 1 || g.Text != a.Text() {
		t.Errorf("%d chunks with text %q, want 1 with %q", g.TextChunks, g.Text, a.Text())
	}
}

func TestStampedChunksSayWhenTheyWereWritten(t *testing.T) {
	before := time.Now().UnixNano()
	g := readStream(t, ask(t, Answer{Chunks: 3, Delay: time.Millisecond, Stamp: true}, true, 10).Body)
	stamps := strings.Fields(g.Text)
	if len(stamps) != 3 {
		t.Fatalf("%d stamps in %q, want 3", len(stamps), g.Text)
	}
	last := before
	for _, s := range stamps {
		var at int64
		if err := json.Unmarshal([]byte(strings.TrimPrefix(s, "@")), &at); err != nil || at <= last {
			t.Errorf("stamp %q (%v): not after %d", s, err, last)
		}
		last = at
	}
}

func TestDelayIsKept(t *testing.T) {
	start := time.Now()
	readStream(t, ask(t, Answer{Chunks: 20, Size: 1, Delay: 5 * time.Millisecond}, true, 10).Body)
	if d := time.Since(start); d < 100*time.Millisecond {
		t.Errorf("20 chunks of 5 ms took %v", d)
	}
}

func TestHealthTellsTheTwoKindsApart(t *testing.T) {
	for _, tc := range []struct {
		claw   bool
		status int
	}{{true, http.StatusOK}, {false, http.StatusNotFound}} {
		w := httptest.NewRecorder()
		(&Server{ClawRouter: tc.claw}).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/health", nil))
		if w.Code != tc.status {
			t.Errorf("ClawRouter %t: /health = %d, want %d", tc.claw, w.Code, tc.status)
		}
	}
}

// A gated answer stops before its headers and after its first text, and goes on
// when the gate is opened; every step is waited for, none is slept for.
func TestGatedAnswerWaitsTwice(t *testing.T) {
	srv := httptest.NewServer(&Server{})
	t.Cleanup(srv.Close)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	gate := func(method, query string) {
		t.Helper()
		req, err := http.NewRequestWithContext(ctx, method, srv.URL+GatePath+query, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			t.Fatalf("%s %s: %s", method, query, resp.Status)
		}
	}
	a := Answer{Chunks: 3, Size: 2, Reasoning: 2, Gated: true}
	answers := make(chan *http.Response, 2)
	for range 2 {
		go func() {
			resp, err := http.Post(srv.URL+"/v1/chat/completions", "application/json", strings.NewReader(`{"stream":true,"m":"`+a.Marker()+`"}`))
			if err != nil {
				t.Error(err)
			}
			answers <- resp
		}()
	}
	gate(http.MethodGet, "?waiting=2")
	if len(answers) != 0 {
		t.Fatal("headers came before the gate was opened")
	}
	gate(http.MethodPost, "")
	first, second := <-answers, <-answers
	if t.Failed() {
		t.FailNow()
	}
	defer first.Body.Close()
	defer second.Body.Close()
	gate(http.MethodGet, "?waiting=2")
	lines := bufio.NewReader(first.Body)
	var before got
	for before.TextChunks == 0 {
		line, err := lines.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		if data, ok := strings.CutPrefix(line, "data: "); ok {
			before.add(t, data)
		}
	}
	gate(http.MethodPost, "")
	rest := readStream(t, lines)
	if before.Text+rest.Text != a.Text() || before.Thoughts != a.Thoughts() || !rest.Done {
		t.Errorf("before the gate %+v, after it %+v", before, rest)
	}
}

func TestAGateCountsOnlyThoseThatWait(t *testing.T) {
	var g gate
	gone, leave := context.WithCancel(t.Context())
	leave()
	if err := g.pass(gone); err == nil {
		t.Error("the gate let one pass that had gone, without having been opened")
	}
	if g.await(gone, 1) == nil {
		t.Error("one that has gone still counts")
	}
	passed := make(chan error, 1)
	go func() { passed <- g.pass(t.Context()) }()
	if err := g.await(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	g.open()
	if err := <-passed; err != nil {
		t.Fatal(err)
	}
	if g.await(gone, 1) == nil {
		t.Error("one that has passed still counts")
	}
}
