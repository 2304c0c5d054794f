package translate

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func contentChunk(content string) []byte {
	return []byte(`{"choices":[{"index":0,"delta":{"content":"` + content + `"}}]}`)
}

// TestKeepAlive: Codex gives up on a stream without events, so upstream's silence
// is filled with one that changes nothing.
func TestKeepAlive(t *testing.T) {
	s := newStream(t, declared, true)
	s.Begin()
	s.KeepAlive()
	if err := s.Chunk(contentChunk("Hello")); err != nil {
		t.Fatal(err)
	}
	s.KeepAlive()
	if err := s.Chunk([]byte("[DONE]")); err != nil {
		t.Fatal(err)
	}
	if err := s.End(); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range mustRead(t, s.Take()) {
		got = append(got, e.Type)
	}
	want := []string{evCreated, evInProgress, evInProgress, evItemAdded, evPartAdded, evTextDelta, evInProgress, evTextDone, evPartDone, evItemDone, evCompleted}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestNothingAfterTheEnd: whatever a caller still does, the answer has one end.
func TestNothingAfterTheEnd(t *testing.T) {
	ends := map[string]func(*Stream){
		"End":  func(s *Stream) { s.saidDone(); _ = s.End() },
		"Fail": func(s *Stream) { s.Fail(&Failure{Kind: FailServer, Message: "x"}, CodeRepeat) },
	}
	for name, end := range ends {
		s := newStream(t, declared, true)
		s.Begin()
		if err := s.Chunk(contentChunk("Hello")); err != nil {
			t.Fatal(err)
		}
		end(s)
		mustRead(t, s.Take())
		final := string(s.Response())
		s.KeepAlive()
		if err := s.Chunk(contentChunk("more")); err != nil {
			t.Errorf("%s: Chunk: %v", name, err)
		}
		if err := s.End(); err != nil {
			t.Errorf("%s: End: %v", name, err)
		}
		s.Fail(&Failure{Kind: FailServer, Message: "y"}, CodeTell)
		if out := s.Take(); len(out) > 0 {
			t.Errorf("%s: something follows: %s", name, out)
		}
		if string(s.Response()) != final {
			t.Errorf("%s: the response changed", name)
		}
	}
}

// TestEndTellsWhyItCannot returns the failure and writes nothing, so that the
// caller may ask upstream again.
func TestEndTellsWhyItCannot(t *testing.T) {
	for _, c := range []struct {
		name   string
		chunks []string
		want   FailureKind
	}{
		{"nothing came", nil, FailHangUp},
		{"no end was said", []string{string(contentChunk("Hel"))}, FailHangUp},
		{"the provider broke off", []string{`{"choices":[{"delta":{},"finish_reason":"error"}]}`}, FailServer},
		{"an answer without content", []string{`{"choices":[{"delta":{},"finish_reason":"stop"}]}`}, FailEmpty},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newStream(t, declared, true)
			s.Begin()
			for _, data := range c.chunks {
				if err := s.Chunk([]byte(data)); err != nil {
					t.Fatal(err)
				}
			}
			begun := s.ev.seq
			var f *Failure
			if err := s.End(); !errors.As(err, &f) || f.Kind != c.want {
				t.Errorf("got %v, want %s", err, c.want)
			}
			if s.Response() != nil || s.ev.seq != begun {
				t.Error("End wrote something")
			}
		})
	}
}

// TestRestart forgets an answer of which the client has seen nothing.
func TestRestart(t *testing.T) {
	s := newStream(t, declared, true)
	s.Begin()
	for _, data := range []string{`{"choices":[{"delta":{"content":"\n"}}]}`, `{"choices":[{"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":9}}`} {
		if err := s.Chunk([]byte(data)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.End(); err == nil || s.Produced() {
		t.Fatalf("an empty answer: %v, produced %v", err, s.Produced())
	}
	s.Restart()
	if err := s.Chunk(contentChunk("Hello")); err != nil || !s.Produced() {
		t.Fatalf("%v, produced %v", err, s.Produced())
	}
	if err := s.End(); err == nil {
		t.Error("the end of the first answer counts for the second")
	}
	if err := s.Chunk([]byte("[DONE]")); err != nil {
		t.Fatal(err)
	}
	if err := s.End(); err != nil {
		t.Fatal(err)
	}
	out := s.Take()
	mustRead(t, out)
	if strings.Contains(string(out), `\n`) || !s.Result().Usage.Estimated {
		t.Errorf("the first answer is still there: %s", out)
	}
}

// TestFailureIsShown puts code and words of a failure where Codex reads them.
func TestFailureIsShown(t *testing.T) {
	for _, c := range []struct {
		failure Failure
		code    string
		want    string
	}{
		{Failure{Kind: FailRefused, Message: "Say \"why\".\n"}, CodeTell, `{"code":"invalid_prompt","message":"Say \"why\".\n"}`},
		{Failure{Kind: FailBusy, Message: "Slow down.", RetryAfter: 1500 * time.Millisecond}, CodeWait, `{"code":"rate_limit_exceeded","message":"Slow down. Please try again in 1.5s."}`},
		{Failure{Kind: FailBusy, Message: "Slow down.", RetryAfter: time.Hour}, CodeWait, `{"code":"rate_limit_exceeded","message":"Slow down. Please try again in 3600s."}`},
		{Failure{Kind: FailBusy, Message: "Slow down.", RetryAfter: 20 * time.Millisecond}, CodeWait, `{"code":"rate_limit_exceeded","message":"Slow down. Please try again in 0.02s."}`},
		{Failure{Kind: FailBusy, Message: "Slow down."}, CodeWait, `{"code":"rate_limit_exceeded","message":"Slow down."}`},
		{Failure{Kind: FailBusy, Message: "Slow down.", RetryAfter: time.Second}, CodeTell, `{"code":"invalid_prompt","message":"Slow down."}`},
		{Failure{Kind: FailServer, Message: "half \xff"}, CodeRepeat, `{"code":"server_error","message":"half ` + "\ufffd" + `"}`},
	} {
		s := newStream(t, declared, true)
		s.Begin()
		s.Fail(&c.failure, c.code)
		mustRead(t, s.Take())
		wantJSON(t, c.want, string(members(t, s.Response())["error"]))
	}
}

func TestFailureKeepsItsCause(t *testing.T) {
	s := newStream(t, declared, true)
	err := s.Chunk([]byte("<html>"))
	var f *Failure
	if !errors.As(err, &f) || f.Kind != FailGarbage || errors.Unwrap(f) == nil {
		t.Fatalf("got %#v", err)
	}
	if !strings.Contains(f.Error(), f.Message+": ") {
		t.Errorf("Error() is %q", f.Error())
	}
	if plain := (&Failure{Message: "x"}); plain.Error() != "x" || plain.Unwrap() != nil {
		t.Error("a failure without a cause is its message")
	}
}

// TestErrorStringWithMessage joins what ClawRouter tells in two fields.
func TestErrorStringWithMessage(t *testing.T) {
	s := newStream(t, declared, true)
	err := s.Chunk([]byte(`{"message":"the disk is full","error":"Internal server error"}`))
	if err == nil || err.Error() != "Internal server error: the disk is full" {
		t.Errorf("got %v", err)
	}
}

// TestHangUpAfterTheEndWasSaid: an answer that is known to be whole is not thrown
// away for a chunk of usage that was cut.
func TestHangUpAfterTheEndWasSaid(t *testing.T) {
	wire := "data: " + string(contentChunk("Hello")) + "\n\n" + `data: {"choices":[{"delta":{},"finish_reason":"stop"}]}` + "\n\n" + `data: {"choices":[],"usage":{"prompt_to`
	events := mustRead(t, stream(newStream(t, declared, true), []byte(wire)))
	if last := events[len(events)-1]; last.Type != evCompleted {
		t.Errorf("it ended with %s", last.Type)
	}
}

// TestStreamOptions are the defaults: unpredictable ids, the time of day.
func TestStreamOptions(t *testing.T) {
	_, turn := translated(t, declared, Target{})
	before := time.Now().Unix()
	a, b := turn.Stream(StreamOptions{}), turn.Stream(StreamOptions{})
	if a.id == b.id || !strings.HasPrefix(a.id, "resp_") || len(a.id) != len("resp_")+32 {
		t.Errorf("ids %q and %q", a.id, b.id)
	}
	if a.created < before || a.created > time.Now().Unix() {
		t.Errorf("created_at %d", a.created)
	}
}

// TestTakeGivesEachByteOnce in whatever pieces it is taken.
func TestTakeGivesEachByteOnce(t *testing.T) {
	sc := scripts(t)[0]
	want := sc.play(t)
	s := newStream(t, sc.request, sc.codex)
	var got bytes.Buffer
	s.Begin()
	got.Write(s.Take())
	if again := s.Take(); len(again) > 0 {
		t.Errorf("taken twice: %s", again)
	}
	var dec SSEDecoder
	for _, b := range sc.upstream {
		if err := dec.Feed([]byte{b}, s.Chunk); err != nil {
			t.Fatal(err)
		}
		got.Write(s.Take())
	}
	got.Write(conclude(s, dec.Close(s.Chunk)))
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("(-whole +taken):\n%s", diff)
	}
}

// TestChunkDoesNotKeepData: the caller reuses its buffer for the next read.
func TestChunkDoesNotKeepData(t *testing.T) {
	for _, sc := range scripts(t) {
		if sc.buffered {
			continue
		}
		want := sc.play(t)
		s := newStream(t, sc.request, sc.codex)
		s.Begin()
		var dec SSEDecoder
		wire := bytes.Clone(sc.upstream)
		scribble := func(data []byte) error {
			err := s.Chunk(data)
			for i := range data {
				data[i] = '#'
			}
			return err
		}
		err := dec.Feed(wire, scribble)
		for i := range wire {
			wire[i] = '#'
		}
		if err == nil {
			err = dec.Close(scribble)
		}
		got := append(bytes.Clone(s.Take()), conclude(s, err)...)
		if !bytes.Equal(want, got) {
			t.Errorf("%s: the events depend on memory that is not theirs:\n%s", sc.name, cmp.Diff(shortened(want), shortened(got)))
		}
	}
}

// TestTwoAnswersToOneTurn: a turn may be asked again, and its second answer has
// the ids of calls that the first would have had.
func TestTwoAnswersToOneTurn(t *testing.T) {
	_, turn := translated(t, declared, Target{})
	const answer = `{"choices":[{"message":{"tool_calls":[{"id":"call_a","function":{"name":"exec_command","arguments":"{}"}}]},"finish_reason":"tool_calls"}]}`
	first := turn.Stream(StreamOptions{NewID: numbered(), Now: noon})
	second := turn.Stream(StreamOptions{NewID: numbered(), Now: noon})
	if diff := cmp.Diff(string(buffered(first, []byte(answer))), string(buffered(second, []byte(answer)))); diff != "" {
		t.Errorf("(-first +second):\n%s", diff)
	}
}

// TestEndsInOtherWords: an end that is no good one must not be taken for it,
// whatever upstream calls it, or half a call is run.
func TestEndsInOtherWords(t *testing.T) {
	for said, want := range map[string]string{
		"stop": "stop", "tool_calls": "tool_calls", "tool_use": "tool_use", "eos": "eos",
		"max_tokens": "length", "MAX_TOKENS": "length", "model_length": "length", "length": "length",
		"SAFETY": "content_filter", "sensitive": "content_filter", "content_filter": "content_filter",
		"network_error": "error", "insufficient_system_resource": "error", "error": "error", "null": "",
	} {
		s := newStream(t, declared, true)
		out := stream(s, []byte("data: "+`{"choices":[{"delta":{"content":"Well.","tool_calls":[{"index":0,"id":"a","function":{"name":"exec_command","arguments":"{\"cmd\":\"rm -rf /tmp/x"}}]},"finish_reason":"`+said+`"}]}`+"\n\n"))
		if got := s.Result().Finish; got != want {
			t.Errorf("%s: taken for %q", said, got)
		}
		good := want == "stop" || want == "tool_calls" || want == "tool_use" || want == "eos"
		if done := bytes.Contains(out, []byte(`"type":"function_call","status":"completed"`)); done != good {
			t.Errorf("%s: the call is given as done: %v", said, done)
		}
		failed := want == "error" || want == ""
		if got := bytes.Contains(out, []byte(evFailed)); got != failed {
			t.Errorf("%s: the turn failed: %v", said, got)
		}
	}
}

// TestThoughtsInParts: Mistral's models send what they think as a part of content.
func TestThoughtsInParts(t *testing.T) {
	s := newStream(t, declared, false)
	buffered(s, []byte(`{"choices":[{"message":{"content":[{"type":"thinking","thinking":[{"type":"text","text":"h\"m"},{"type":"text","text":"!"}]},{"type":"text","text":"Hi"}]},"finish_reason":"stop"}]}`))
	var got []string
	s.Items(func(_ string, item []byte) { got = append(got, string(item)) })
	if len(got) != 2 || !strings.Contains(got[0], `"type":"reasoning"`) || !strings.Contains(got[0], `"h\"m!"`) || !strings.Contains(got[1], `"text":"Hi"`) {
		t.Errorf("got %s", got)
	}
}
