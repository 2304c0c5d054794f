package translate

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew; read the difference before committing it")

// golden compares got with a file under testdata, or writes it with -update.
func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", filepath.FromSlash(file))
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (write it with: go test -run '%s' -update)", err, t.Name())
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s differs (-want +got):\n%s", path, diff)
	}
}

// translated decodes a request and writes its chat request.
func translated(t testing.TB, body string, to Target) ([]byte, *Turn) {
	t.Helper()
	req, err := DecodeRequest([]byte(body))
	if err != nil {
		t.Fatalf("DecodeRequest: %v\n%s", err, body)
	}
	chat, turn, err := req.Chat(to)
	if err != nil {
		t.Fatalf("Chat: %v\n%s", err, body)
	}
	return chat, turn
}

// numbered makes ids that a test can name: msg_1, msg_2, fc_1 …
func numbered() func(prefix string) string {
	n := map[string]int{}
	return func(prefix string) string {
		n[prefix]++
		return prefix + strconv.Itoa(n[prefix])
	}
}

// noon is when every test takes place.
func noon() time.Time { return time.Unix(1_800_000_000, 0) }

func newStream(t testing.TB, request string, codex bool) *Stream {
	t.Helper()
	_, turn := translated(t, request, Target{Stream: true})
	turn.Codex = codex
	return turn.Stream(StreamOptions{NewID: numbered(), Now: noon})
}

// stream gives s an event stream of upstream in these pieces and returns the
// bytes that a client gets. It does what the bridge does.
func stream(s *Stream, pieces ...[]byte) []byte {
	s.Begin()
	out := bytes.Clone(s.Take())
	var dec SSEDecoder
	var err error
	for _, p := range pieces {
		if err = dec.Feed(p, s.Chunk); err != nil {
			break
		}
		out = append(out, s.Take()...)
	}
	if err == nil {
		err = dec.Close(s.Chunk)
	}
	return append(out, conclude(s, err)...)
}

// buffered gives s a whole completion and returns the bytes that a client gets.
func buffered(s *Stream, body []byte) []byte {
	s.Begin()
	err := s.Completion(body)
	return conclude(s, err)
}

// conclude ends an answer, well or as the failure that err is.
func conclude(s *Stream, err error) []byte {
	if err == nil {
		err = s.End()
	}
	if err != nil {
		var f *Failure
		if !errors.As(err, &f) {
			f = &Failure{Kind: FailGarbage, Message: err.Error()}
		}
		s.Fail(f, f.Remedy(Situation{Output: s.Produced()}).Code)
	}
	return s.Take()
}
