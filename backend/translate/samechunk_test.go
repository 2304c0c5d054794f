package translate

import (
	"strings"
	"testing"
)

// FuzzSameChunk gives two streams the same chunks, one of which reads each of them
// whole: both write the same events. The chunks are texts, a line each, between a
// head and a tail, which any chunk may come between.
func FuzzSameChunk(f *testing.F) {
	const head, tail = `{"id":"c","model":"glm-5","choices":[{"index":0,"delta":{"content":"`, `"},"finish_reason":null}]}`
	for _, texts := range []string{
		"a\n b\nc\\n\n\nd", "<think>\nx\n</think>\ny", "<tool_call>\n{\\\"name\\\"\nx", `\ud83d` + "\n" + `\ude00` + "\nx", "\xf0\x9f\n\x98\x80\nx",
		"a\nb\"}}]}\nc", `a","content":"b` + "\nc", "a\nb\\\nc", "> **⚠️ Wallet empty** x\\n\\nHi\nthere", "a\n\x01\nb", "a\n é\n\n `\n",
	} {
		f.Add(head, tail, texts, `{"model":"other","choices":[{"delta":{"content":"!"}}]}`)
	}
	f.Add(head, `","reasoning_content":"t"}}]}`, "a\nb\nc", "[DONE]")
	f.Add(head, `","tool_calls":[{"index":0,"function":{"name":"exec_command","arguments":"{}"}}]}}]}`, "a\nb", `{}`)
	f.Add(head, `"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1}}`, "a\nb", `{"error":"x"}`)
	f.Add(head, `"}},{"delta":{"content":"second"}}]} trailing`, "a\nb\nc", ``)
	f.Add(`{"choices":[{"delta":{"content":[{"type":"text","text":"`, `"}]}}]}`, "a\nb\nc", `{"choices":[]}`)
	f.Add(`{"choices":[{"delta":{"refusal":"no","content":"`, `"}}]}`, "a\nb\nc", `x`)
	f.Add(`{"choices":[{"delta":{"content":"x","content":"`, `"}}]}`, "a\nb\nc", `x`)
	_, turn := translated(f, declared, Target{Stream: true, ClawRouter: true})
	f.Fuzz(func(t *testing.T, head, tail, texts, other string) {
		fast := turn.Stream(StreamOptions{NewID: numbered(), Now: noon})
		slow := turn.Stream(StreamOptions{NewID: numbered(), Now: noon})
		give := func(data string) (failed bool) {
			a := fast.Chunk([]byte(data))
			slow.same = sameChunk{}
			b := slow.Chunk([]byte(data))
			if (a == nil) != (b == nil) || a != nil && a.Error() != b.Error() {
				t.Fatalf("%q: error %v, read whole %v", data, a, b)
			}
			if x, y := string(fast.Take()), string(slow.Take()); x != y {
				t.Fatalf("%q gave\n%s\nread whole\n%s", data, x, y)
			}
			return a != nil
		}
		for i, text := range strings.Split(texts, "\n") {
			if give(head+text+tail) || i == 2 && give(other) {
				break
			}
		}
		a, b := fast.End(), slow.End()
		if (a == nil) != (b == nil) || string(fast.Take()) != string(slow.Take()) || fast.Result() != slow.Result() {
			t.Fatalf("end %v, read whole %v: %+v, %+v", a, b, fast.Result(), slow.Result())
		}
	})
}

// The short way is taken for what servers send, and only for that.
func TestSameChunk(t *testing.T) {
	frame := func(text string) []byte {
		return []byte(`{"id":"c","choices":[{"index":0,"delta":{"content":"` + text + `"},"finish_reason":null}]}`)
	}
	s := newStream(t, declared, true)
	if err := s.Chunk(frame("first")); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		" the": " the", `a\n\"b\" é`: `a\n\"b\" é`, "": "",
		`a","x":"b`: "", `\`: "", "\x01": "", `\ud83d\ude00`: "", "\xff": "",
	} {
		if got := string(s.same.text(frame(text))); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	if err := s.Chunk([]byte(`{"choices":[{"delta":{"reasoning_content":"hm"}}]}`)); err != nil {
		t.Fatal(err)
	}
	if s.same.text(frame("next")) != nil {
		t.Error("a frame is known after a chunk of another kind")
	}
}
