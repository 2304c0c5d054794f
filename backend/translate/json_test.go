package translate

import (
	"encoding/json"
	"testing"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
	"pgregory.net/rapid"
)

func TestText(t *testing.T) {
	for _, c := range []struct{ raw, want string }{
		{``, ""}, {`""`, ""}, {`"a"`, "a"}, {`"\n\t\r\b\f\"\\\/"`, "\n\t\r\b\f\"\\/"},
		{`"\u00e9\u2713"`, "é✓"}, {`"\ud83d\ude00"`, "😀"}, {`"\ud83d"`, "\ufffd"}, {`"\ude00x"`, "\ufffdx"},
		{`"\ud83d\u0041"`, "\ufffdA"}, {`"\ud83d\ud83d\ude00"`, "\ufffd😀"}, {`"\ud83dx"`, "\ufffdx"},
		{`"\ud7ff\ue000"`, "\ud7ff\ue000"}, {`"\ud800\udc00\udbff\udfff"`, "\U00010000\U0010ffff"},
		{`"\x"`, `\x`}, {`"\u12"`, `\u12`}, {`"\uzzzz"`, `\uzzzz`}, {`"a\"`, `a\`},
		{"\"a\xff\"", "a\ufffd"}, {"\"\xff\\n\xfe\"", "\ufffd\n\ufffd"},
	} {
		if got := text(c.raw).String(); got != c.want {
			t.Errorf("%s is %q, want %q", c.raw, got, c.want)
		}
		if utf8.ValidString(c.raw) && !text(c.raw).is(c.want) {
			t.Errorf("%s is not %q", c.raw, c.want)
		}
		if text(c.raw).is(c.want + "!") {
			t.Errorf("%s.is(%q)", c.raw, c.want+"!")
		}
	}
	if !text(nil).empty() || !text(`""`).empty() || text(`" "`).empty() {
		t.Error("empty")
	}
}

// TestQuote compares what we write with what another library reads.
func TestQuote(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		raw := rapid.SliceOf(rapid.OneOf(rapid.Byte(), rapid.SampledFrom([]byte("\"\\\n\t\x00\x1f\xe2\x80\xa8\xf0\x9f\x98\x80")))).Draw(rt, "bytes")
		quoted := appendQuoted(nil, raw)
		if !jsontext.Value(quoted).IsValid() {
			rt.Fatalf("%q is not strict JSON", quoted)
		}
		var want string
		if err := json.Unmarshal(quoted, &want); err != nil {
			rt.Fatal(err)
		}
		if got := text(quoted).String(); got != want {
			rt.Fatalf("%q read as %q, want %q", quoted, got, want)
		}
		if utf8.Valid(raw) && want != string(raw) {
			rt.Fatalf("%q became %q", raw, want)
		}
	})
}

// TestSanitize says that what comes out can be read strictly, and that what was
// well-formed is the same to the byte.
func TestSanitize(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{`plain é \n \u00e9 \\ud83d`, `plain é \n \u00e9 \\ud83d`},
		{`\ud83d\ude00 \uD83D\uDE00`, `😀 😀`},
		{`a\ud83d`, "a\ufffd"}, {`\ude00b`, "\ufffdb"}, {`\ud83d\n`, "\ufffd\\n"}, {`\\\ud83d`, "\\\\\ufffd"},
		{"\xff", "\ufffd"}, {"a\xf0\x9f\x98", "a\ufffd"},
	} {
		if got := string(sanitize([]byte(c.in))); got != c.want {
			t.Errorf("%q became %q, want %q", c.in, got, c.want)
		}
	}
	rapid.Check(t, func(rt *rapid.T) {
		piece := rapid.SampledFrom([]string{`\ud83d`, `\ude00`, `\n`, `\\`, `\u0041`, "é", "\xf0\x9f", "x", `\"`})
		var in string
		for range rapid.IntRange(0, 6).Draw(rt, "n") {
			in += piece.Draw(rt, "piece")
		}
		out := sanitize([]byte(in))
		if v := jsontext.Value(`"` + string(out) + `"`); !v.IsValid() {
			rt.Fatalf("%q became %q", in, out)
		}
	})
}

// TestHalves joins what a server cut apart, wherever it cut.
func TestHalves(t *testing.T) {
	for _, whole := range []string{"é✓😀", `\ud83d\ude00`, `a\\ud83d`, `\\\ud83d\ude00x`, `\u00e9\n`} {
		want := string(sanitize([]byte(whole)))
		for i := range len(whole) + 1 {
			if cutsAnEscape(whole, i) {
				continue // a chunk is whole JSON, so no server can
			}
			var h halves
			got := string(h.next([]byte(whole[:i]))) + string(h.next([]byte(whole[i:]))) + string(h.end())
			if got != want {
				t.Errorf("%q cut at %d became %q", whole, i, got)
			}
		}
	}
	var h halves
	if got := string(h.next([]byte(`a\ud83d`))) + string(h.end()) + string(h.end()); got != "a\ufffd" {
		t.Errorf("a half alone became %q", got)
	}
}

func cutsAnEscape(s string, at int) bool {
	for i := 0; i < at; {
		n := 1
		if s[i] == '\\' {
			n = 2
			if s[i+1] == 'u' {
				n = 6
			}
		}
		if i += n; i > at {
			return true
		}
	}
	return false
}

func TestBlank(t *testing.T) {
	for in, want := range map[string]bool{
		"": true, " ": true, `\n\t\r `: true, "x": false, ` \"`: false, `\\n`: false, `\`: false, `\n\u0020`: false,
	} {
		if got := blank([]byte(in)); got != want {
			t.Errorf("blank(%q) is %v", in, got)
		}
	}
}
