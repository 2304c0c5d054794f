package translate

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// FuzzReader reads any bytes with the reader and with the JSON library: both take
// the same documents, and find the same in them.
func FuzzReader(f *testing.F) {
	for _, doc := range readerSeeds {
		f.Add([]byte(doc))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		want, wantEnd, wantErr := libraryWalk(src)
		r := newReader(src)
		got, err := walk(r)
		if (err == nil) != (wantErr == nil) || err != nil && err.Error() != wantErr.Error() {
			t.Fatalf("error %v, the library's %v", err, wantErr)
		}
		skip := newReader(src)
		if skipErr := skip.skip(); (skipErr == nil) != (err == nil) || err == nil && skip.pos != r.pos {
			t.Fatalf("skipped to %d with %v, read to %d with %v", skip.pos, skipErr, r.pos, err)
		}
		if err != nil {
			return
		}
		if got != want || r.pos != wantEnd || skip.depth != 0 || r.depth != 0 {
			t.Fatalf("read to %d, depth %d, the library to %d:\n%s\n%s", r.pos, r.depth, wantEnd, got, want)
		}
		if clean := sanitize(src[:r.pos]); skip.odd != r.odd || !r.odd && !bytes.Equal(clean, src[:r.pos]) {
			t.Fatalf("odd %v and %v, but sanitized it is %q", skip.odd, r.odd, clean)
		}
	})
}

var readerSeeds = []string{
	``, ` `, `null`, ` true `, `falsey`, `tru`, `nul1`, `"`, `"a`, `"a\`, `"\u12`, `"\u12g4"`, `"\x"`, "\"\x1f\"", "\"\x7f\"", "\"a\xffb\"", `"\ud83d\ude00 \uD83D"`,
	`"01234567\n01234567"`, `"0123456é"`, `"é😀日本語"`, `"0123456\\"`, "\"0123456\t\"",
	`0`, `-0`, `01`, `-`, `+1`, `1.`, `1.5e`, `1.5e+10`, `1E-2x`, `.5`, `123456789012345678901234567890`,
	`[]`, `[ ]`, `[1,]`, `[,1]`, `[1 2]`, `[1,2`, `[[[]],[ {} ]]`, `]`, `{}`, `{ }`, `{"a":1,}`, `{"a"}`, `{"a" 1}`, `{a:1}`, `{7:8}`, `{"a":1 "b":2}`, `{"a":1,"a":2}`,
	`{"\u0061\n":[true,false,null,{"b":""}]}`, `{"a":1} {}`, `{"a":1]`, "\ufeff{}", "\xff", `{"a":"x`,
	declared, recorded,
	`{"choices":[{"index":0,"delta":{"content":" the\n"},"finish_reason":null}]}`,
}

// walk tells what the reader finds in a document, one token after the other.
func walk(r *reader) (string, error) {
	var b strings.Builder
	var value func() error
	value = func() error {
		switch r.kind() {
		case '{':
			b.WriteString("{ ")
			err := r.object(func(key []byte) error {
				fmt.Fprintf(&b, "%q: ", string([]rune(string(key)))) // each broken byte is U+FFFD
				return value()
			})
			b.WriteString("} ")
			return err
		case '[':
			b.WriteString("[ ")
			err := r.array(value)
			b.WriteString("] ")
			return err
		}
		raw, err := r.raw()
		b.Write(raw)
		b.WriteByte(' ')
		return err
	}
	err := value()
	return b.String(), err
}

// libraryWalk is walk by the JSON library.
func libraryWalk(src []byte) (tokens string, end int, err error) {
	check := jsontext.NewDecoder(bytes.NewReader(src), readOptions...)
	if _, err := check.ReadValue(); err != nil {
		return "", 0, err
	}
	var b strings.Builder
	dec := jsontext.NewDecoder(bytes.NewReader(src), readOptions...)
	for first := true; first || dec.StackDepth() > 0; first = false {
		kind, n := dec.StackIndex(dec.StackDepth())
		name := kind == '{' && n%2 == 0
		if k := dec.PeekKind(); k != '{' && k != '[' && k != '}' && k != ']' && !name {
			v, err := dec.ReadValue()
			if err != nil {
				return "", 0, err
			}
			fmt.Fprintf(&b, "%s ", v)
			continue
		}
		tok, err := dec.ReadToken()
		if err != nil {
			return "", 0, err
		}
		if tok.Kind() == '"' {
			fmt.Fprintf(&b, "%q: ", tok.String())
			continue
		}
		fmt.Fprintf(&b, "%c ", tok.Kind())
	}
	return b.String(), int(dec.InputOffset()), nil
}

// A document may be nested as deeply as the JSON library takes it, and no deeper.
func TestReaderDepth(t *testing.T) {
	for _, c := range []struct {
		depth int
		ok    bool
	}{{maxDepth, true}, {maxDepth + 1, false}} {
		doc := []byte(strings.Repeat("[", c.depth) + strings.Repeat("]", c.depth))
		if err := newReader(doc).skip(); (err == nil) != c.ok {
			t.Errorf("depth %d: %v", c.depth, err)
		}
		if _, err := jsontext.NewDecoder(bytes.NewReader(doc), readOptions...).ReadValue(); (err == nil) != c.ok {
			t.Errorf("depth %d: the library says %v", c.depth, err)
		}
	}
}

// Each byte at each place of a word of eight: what needs a closer look gets it.
func TestUnplain(t *testing.T) {
	for c := range 256 {
		special := c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf
		for at := range 8 {
			word := uint64(0x6161616161616161)&^(0xff<<(8*at)) | uint64(c)<<(8*at)
			m := unplain(word)
			if first := m & -m; (m != 0) != special || special && first != 0x80<<(8*at) {
				t.Fatalf("byte %#x at %d: %#x", c, at, m)
			}
		}
	}
}

// A document that ends too early is told apart from one that is wrong: the one
// was cut off on its way, the other never was JSON.
func TestReaderSaysWhatIsWrong(t *testing.T) {
	for doc, cut := range map[string]bool{`{"a":[1,"b`: true, `{"a":`: true, `[1,`: true, `{"a":1]`: false, `[tru`: true, `[trux`: false} {
		err := newReader([]byte(doc)).skip()
		if got := errors.Is(err, io.ErrUnexpectedEOF); err == nil || got != cut {
			t.Errorf("%s: %v", doc, err)
		}
	}
}
