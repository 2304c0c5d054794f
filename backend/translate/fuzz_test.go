package translate

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// FuzzDecodeRequest gives the bridge any body. It answers with a *RequestError,
// or with a chat request that no provider refuses for its form, and events that
// echo the request.
func FuzzDecodeRequest(f *testing.F) {
	files, _ := filepath.Glob("testdata/request/codex-*[a-z].json")
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body)
	}
	for _, body := range requestSeeds {
		f.Add([]byte(body))
	}
	targets := []Target{
		{Stream: true},
		{Model: "anthropic/claude-sonnet-4.6", NoVision: true, ClawRouter: true, WebSearch: true, MaxTokens: 1000, EnvelopeKey: []byte("key")},
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		req, err := DecodeRequest(body)
		if err != nil {
			checkRequestError(t, err)
			return
		}
		// The Response repeats the client's own names, twice where it wrote them twice.
		unique := jsontext.Value(body).IsValid(jsontext.AllowInvalidUTF8(true))
		for _, to := range targets {
			chat, turn, err := req.Chat(to)
			if err != nil {
				checkRequestError(t, err)
				continue
			}
			if err := checkChat(chat); err != nil {
				t.Fatalf("%v in:\n%s", err, chat)
			}
			s := turn.Stream(StreamOptions{NewID: numbered(), Now: noon})
			out := buffered(s, []byte(`{"choices":[{"message":{"content":"Hi"}}]}`))
			if unique {
				mustRead(t, out)
			}
		}
	})
}

var requestSeeds = []string{
	declared, recorded,
	"{", `{}`, `[1]`, `{"model":"m"}`, `{"model":"m","input":"x"} x`, `{"model":7,"input":[]}`, "{\"model\":\"m\",\"input\":\"\xff \\ud83d\"}",
	`{"model":"m","input":[{"role":"user","content":[{"type":"input_image","image_url":{"url":"http://x","detail":"low"}},{"type":"input_file","filename":"a"},"s",null]}]}`,
	`{"model":"m","input":[{"type":"function_call","name":"f","call_id":"a"},{"type":"function_call","name":"f","call_id":"a_2"},{"type":"function_call","name":"f","call_id":"a"},{"type":"message","role":"user","content":"x"},{"type":"function_call_output","call_id":"a","output":[{"type":"input_image","image_url":"data:x"}]}]}`,
	`{"model":"m","input":[{"type":"custom_tool_call_output","call_id":"z","output":"o"},{"type":"reasoning","summary":[],"content":[{"type":"reasoning_text","text":"t"}]},{"type":"custom_tool_call","name":"apply_patch","call_id":"z","input":"a\"\n"}],"tools":[{"type":"namespace","name":"n","tools":null},{"type":"custom","name":"apply_patch","format":{"type":"grammar","syntax":"lark","definition":"s: \"x\""}}],"tool_choice":{"type":"custom","name":"apply_patch"}}`,
	`{"model":"m","instructions":"i","input":[],"text":{"format":{"type":"json_schema","schema":{},"name":"n"}},"reasoning":{"effort":"high"}}`,
}

func checkRequestError(t *testing.T, err error) {
	t.Helper()
	var bad *RequestError
	if !errors.As(err, &bad) {
		t.Fatalf("%T, not a *RequestError: %v", err, err)
	}
	if bad.Message == "" || !utf8.ValidString(bad.Message) || !utf8.ValidString(bad.Param) {
		t.Fatalf("a message that cannot be shown: %+q", bad)
	}
}

// FuzzStream gives a Stream any bytes as upstream's answer, streamed and whole.
// What the client gets is always a well-formed event stream in the right order
// with one end.
func FuzzStream(f *testing.F) {
	for _, sc := range scripts(f) {
		f.Add(sc.upstream, sc.codex)
	}
	_, turn := translated(f, declared, Target{Stream: true})
	f.Fuzz(func(t *testing.T, upstream []byte, codex bool) {
		turn.Codex = codex
		mustRead(t, stream(turn.Stream(StreamOptions{NewID: numbered(), Now: noon}), upstream))
		mustRead(t, buffered(turn.Stream(StreamOptions{NewID: numbered(), Now: noon}), upstream))
	})
}

// FuzzSSE cuts any bytes anywhere: the decoder finds the same events in them.
func FuzzSSE(f *testing.F) {
	f.Add([]byte("data: a\n\ndata: b\r\n\r\ndata: c\rdata:d\r\r: x\n\nevent: y\ndata\n\n"), []byte{3, 1, 9})
	f.Add([]byte("\xef\xbb\xbfdata: a\n\n\n\ndata: b"), []byte{1, 1, 1, 1, 1})
	f.Add([]byte("\r\n\r\ndata:\n\ndata:\ndata:\n\n"), []byte{2, 2})
	f.Fuzz(func(t *testing.T, wire, cuts []byte) {
		whole := decodeAll(t, wire)
		var pieces [][]byte
		rest := wire
		for _, c := range cuts {
			n := min(int(c), len(rest))
			pieces, rest = append(pieces, rest[:n]), rest[n:]
		}
		got := decodeAll(t, append(pieces, rest)...)
		if strings.Join(whole, "\x00") != strings.Join(got, "\x00") || len(whole) != len(got) {
			t.Fatalf("whole: %q\npieces: %q", whole, got)
		}
		if want := specEvents(wire); strings.Join(want, "\x00") != strings.Join(got, "\x00") {
			t.Fatalf("by the specification: %q\ngot: %q", want, got)
		}
	})
}

func decodeAll(t *testing.T, pieces ...[]byte) (events []string) {
	t.Helper()
	var dec SSEDecoder
	keep := func(data []byte) error {
		events = append(events, string(data))
		return nil
	}
	for _, p := range pieces {
		if err := dec.Feed(p, keep); err != nil {
			t.Fatal(err)
		}
	}
	if err := dec.Close(keep); err != nil {
		t.Fatal(err)
	}
	return events
}

// specEvents reads an event stream by the letter of the HTML standard, but for an
// unfinished event at the end, which counts here.
func specEvents(wire []byte) (events []string) {
	text := strings.TrimPrefix(string(wire), "\ufeff")
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	var data []string
	for _, line := range append(strings.Split(text, "\n"), "") {
		if line == "" && data != nil {
			events = append(events, strings.Join(data, "\n"))
			data = nil
		}
		if value, ok := strings.CutPrefix(line, "data:"); ok {
			data = append(data, strings.TrimPrefix(value, " "))
		}
	}
	return events
}

// FuzzCustomInput gives the decoder of a freeform tool's input any arguments, cut
// anywhere: the deltas add up to the input, and the cuts do not change it.
func FuzzCustomInput(f *testing.F) {
	f.Add(`{"input":"*** Begin Patch\n+é \"x\" \\d \ud83d\ude00\n*** End Patch"}`, []byte{9, 1, 1, 20, 1, 1, 1})
	f.Add(` { "input" : "a\d\u12"} trailing`, []byte{3})
	f.Add(`{"input":"a \ud83d\u0041 \ud83d"`, []byte{12, 3, 3, 3})
	f.Add(`{"patch":"x"}`, []byte{1})
	f.Add(`"just a string"`, []byte{4})
	f.Add("*** Begin Patch\r\n\ttab\x00\xff", []byte{2, 2})
	f.Add(`{"input":7}`, []byte{})
	f.Add("{\"input\":\"raw\nbreak\"}", []byte{12})
	f.Fuzz(func(t *testing.T, arguments string, cuts []byte) {
		if !utf8.ValidString(arguments) {
			return // an upstream's text is made valid before it gets here
		}
		whole := decodeInput(t, arguments, nil)
		if got := decodeInput(t, arguments, cuts); got != whole {
			t.Fatalf("whole: %q\npieces: %q", whole, got)
		}
	})
}

// decodeInput feeds the arguments in pieces, each escaped as a chunk holds it.
func decodeInput(t *testing.T, arguments string, cuts []byte) string {
	t.Helper()
	var d inputDecoder
	var deltas, all []byte
	rest := []rune(arguments)
	for _, c := range append(bytes.Clone(cuts), 255) {
		n := min(int(c), len(rest))
		if c == 255 {
			n = len(rest)
		}
		piece := appendEscaped(nil, string(rest[:n]))
		rest, all = rest[n:], append(all, piece...)
		delta := d.feed(piece)
		checkInside(t, delta)
		deltas = append(deltas, delta...)
	}
	last := d.finish(all)
	checkInside(t, last)
	deltas = append(deltas, last...)
	if !bytes.Equal(deltas, d.value) {
		t.Fatalf("the deltas add up to %q, the input is %q", deltas, d.value)
	}
	return string(d.value)
}

func checkInside(t *testing.T, in []byte) {
	t.Helper()
	if v := jsontext.Value(`"` + string(in) + `"`); !v.IsValid() {
		t.Fatalf("not the inside of a JSON string: %q", in)
	}
}

// FuzzSearchRounds has a turn go on after every search that it asks for, with any
// bytes as the answers and as what was found. All rounds together are one answer in
// the right order, and what they are asked with is a request that every provider takes.
func FuzzSearchRounds(f *testing.F) {
	for _, sc := range scripts(f) {
		f.Add([]byte(searchCall), sc.upstream, "found", uint8(3))
	}
	f.Add([]byte(searchCall), []byte(searchAnswer), "\xff\"", uint8(0))
	f.Add([]byte(`{"choices":[{"message":{"content":"<tool_call>\n{\"name\": \"web_search\", \"arguments\": {\"query\": \"x\"}}\n</tool_call>","tool_calls":[{"function":{"name":"web_search"}},{"function":{"name":"run","arguments":"{"}}]},"finish_reason":"stop"}]}`), []byte(searchCall), "", uint8(1))
	f.Fuzz(func(t *testing.T, first, second []byte, found string, flags uint8) {
		_, turn := translated(t, askSearch, searchTarget)
		turn.Codex = flags&1 != 0
		s := turn.Stream(StreamOptions{NewID: numbered(), Now: noon})
		s.Begin()
		err := s.Completion(first)
		for round := 1; err == nil; round++ {
			asked := s.Searches()
			if len(asked) == 0 || round > MaxSearchRounds {
				break
			}
			for range asked {
				s.Found(found, flags&2 != 0)
			}
			to := searchTarget
			to.SearchRounds = round
			var chat []byte
			if chat, err = s.Next(to); err != nil {
				t.Fatal(err)
			}
			if chat == nil {
				break
			}
			if bad := checkChat(chat); bad != nil {
				t.Fatalf("%v in %s", bad, chat)
			}
			err = s.Completion(second)
		}
		mustRead(t, conclude(s, err))
	})
}
