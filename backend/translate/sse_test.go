package translate

import (
	"bytes"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSSEDecoder(t *testing.T) {
	for _, c := range []struct {
		name, wire string
		want       []string
	}{
		{"one event", "data: a\n\n", []string{"a"}},
		{"two", "data: a\n\ndata: b\n\n", []string{"a", "b"}},
		{"CRLF", "data: a\r\n\r\ndata: b\r\n\r\n", []string{"a", "b"}},
		{"CR", "data: a\r\rdata: b\r\r", []string{"a", "b"}},
		{"line ends of all kinds", "data: a\r\n\ndata: b\r\r\ndata: c\n\r\n", []string{"a", "b", "c"}},
		{"a byte order mark", "\xef\xbb\xbfdata: a\n\n", []string{"a"}},
		{"a byte order mark in the middle is text", "data: a\n\n\xef\xbb\xbfdata: b\n\n", []string{"a"}},
		{"half a byte order mark", "\xef\xbb", nil},
		{"several data lines", "data: a\ndata: b\ndata:\n\n", []string{"a\nb\n"}},
		{"empty data", "data:\n\n", []string{""}},
		{"only the first space goes", "data:  a \n\n", []string{" a "}},
		{"no space", "data:a\n\n", []string{"a"}},
		{"comments and other fields", ": heartbeat\n\nevent: x\nid: 1\nretry: 5\ndata: a\n: more\n\n", []string{"a"}},
		{"a field whose name begins alike", "database: a\n\ndata: b\n\n", []string{"b"}},
		{"a field without a colon", "data\n\n", nil},
		{"no blank line at the end", "data: a\n", []string{"a"}},
		{"no line end at all", "data: a", []string{"a"}},
		{"blank lines", "\n\n\r\n\rdata: a\n\n\n\n", []string{"a"}},
		{"nothing", "", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, decodeAll(t, []byte(c.wire))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestLineThatNeverEnds keeps a broken upstream from filling our memory.
func TestLineThatNeverEnds(t *testing.T) {
	megabyte := bytes.Repeat([]byte("x"), 1<<20)
	fill := func(dec *SSEDecoder, first string, count int) error {
		if err := dec.Feed([]byte(first), drop); err != nil {
			return err
		}
		for range count {
			if err := dec.Feed(megabyte, drop); err != nil {
				return err
			}
		}
		return nil
	}
	t.Run("one long line", func(t *testing.T) {
		var dec SSEDecoder
		if err := fill(&dec, "data: ", MaxLine>>20); !errors.Is(err, ErrLineTooLong) {
			t.Errorf("got %v", err)
		}
		if held := cap(dec.rest); held > 2*MaxLine {
			t.Errorf("it holds %d bytes", held)
		}
	})
	t.Run("in one piece", func(t *testing.T) {
		var dec SSEDecoder
		line := append(bytes.Repeat([]byte("x"), MaxLine+1), '\n')
		if err := dec.Feed(line, drop); !errors.Is(err, ErrLineTooLong) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("many data lines of one event", func(t *testing.T) {
		var dec SSEDecoder
		var err error
		for range MaxLine>>20 + 1 {
			if err = dec.Feed(append([]byte("data:"), megabyte...), drop); err == nil {
				err = dec.Feed([]byte("\n"), drop)
			}
			if err != nil {
				break
			}
		}
		if !errors.Is(err, ErrLineTooLong) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("just short enough", func(t *testing.T) {
		var dec SSEDecoder
		if err := fill(&dec, "data:", MaxLine>>20-1); err != nil {
			t.Fatal(err)
		}
		var size int
		err := dec.Feed([]byte("\n\n"), func(data []byte) error { size = len(data); return nil })
		if err != nil || size != MaxLine-1<<20 {
			t.Errorf("got %d bytes, %v", size, err)
		}
	})
}

func drop([]byte) error { return nil }

// TestDecoderStopsAtTheFirstError says that nothing is handed on after what the
// caller could not use.
func TestDecoderStopsAtTheFirstError(t *testing.T) {
	broken := errors.New("broken")
	for _, end := range []string{"", "\n\n", "\n\ndata: c\n\n"} {
		var dec SSEDecoder
		var seen []string
		take := func(data []byte) error {
			seen = append(seen, string(data))
			if string(data) == "b" {
				return broken
			}
			return nil
		}
		err := dec.Feed([]byte("data: a\n\ndata: b"+end), take)
		if err == nil {
			err = dec.Close(take)
		}
		if !errors.Is(err, broken) {
			t.Errorf("end %q: %v", end, err)
		}
		if diff := cmp.Diff([]string{"a", "b"}, seen); diff != "" {
			t.Errorf("end %q (-want +got):\n%s", end, diff)
		}
	}
}
