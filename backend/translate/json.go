package translate

import (
	"bytes"
	"strconv"
	"unicode/utf8"
)

// text is a JSON string as it stood in its source, quotes and escapes included,
// or nil where there was none. Most text of a turn is only passed on, so it is
// never decoded and encoded again: that is where a translator's time goes.
type text []byte

// inner is the text without its quotes, still escaped.
func (t text) inner() []byte {
	if len(t) < 2 {
		return nil
	}
	return t[1 : len(t)-1]
}

// empty reports whether there is no text to show.
func (t text) empty() bool { return len(t) <= 2 }

// String decodes the text; what is not valid becomes U+FFFD.
func (t text) String() string {
	if in := t.inner(); !escaped(t) && utf8.Valid(in) {
		return string(in)
	}
	return string(unescape(nil, t.inner()))
}

// escaped reports whether the text holds an escape.
func escaped(t text) bool { return bytes.IndexByte(t.inner(), '\\') >= 0 }

// is compares without decoding where no escape forces it.
func (t text) is(s string) bool {
	if !escaped(t) {
		return string(t.inner()) == s
	}
	return t.String() == s
}

// quote makes a text of s.
func quote(s string) text { return appendQuoted(nil, s) }

func appendQuoted[S []byte | string](dst []byte, s S) []byte {
	dst = append(dst, '"')
	dst = appendEscaped(dst, s)
	return append(dst, '"')
}

const hexDigits = "0123456789abcdef"

// appendEscaped writes s as the inside of a JSON string. Bytes that are not
// UTF-8 become U+FFFD: Codex's decoder refuses a stream that holds any.
func appendEscaped[S []byte | string](dst []byte, s S) []byte {
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			if c >= ' ' && c != '"' && c != '\\' {
				i++
				continue
			}
			dst = append(dst, s[start:i]...)
			dst = appendEscapedByte(dst, c)
			i++
			start = i
			continue
		}
		r, size := utf8.DecodeRuneInString(string(s[i:min(i+utf8.UTFMax, len(s))]))
		if r == utf8.RuneError && size == 1 {
			dst = append(dst, s[start:i]...)
			dst = append(dst, "\ufffd"...)
			i++
			start = i
			continue
		}
		i += size
	}
	return append(dst, s[start:]...)
}

func appendEscapedByte(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	case '\b':
		return append(dst, '\\', 'b')
	case '\f':
		return append(dst, '\\', 'f')
	}
	return append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
}

// unescape appends the decoded form of the inside of a JSON string. It never
// fails: a broken escape is kept as it stands, a lone surrogate becomes U+FFFD.
func unescape(dst, in []byte) []byte {
	for {
		i := bytes.IndexByte(in, '\\')
		if i < 0 || i == len(in)-1 {
			return appendValid(dst, in)
		}
		dst = appendValid(dst, in[:i])
		var n int
		dst, n = unescapeOne(dst, in[i:])
		in = in[i+n:]
	}
}

// unescapeOne decodes the escape at the start of in and tells its length.
func unescapeOne(dst, in []byte) ([]byte, int) {
	switch in[1] {
	case 'n':
		return append(dst, '\n'), 2
	case 't':
		return append(dst, '\t'), 2
	case 'r':
		return append(dst, '\r'), 2
	case 'b':
		return append(dst, '\b'), 2
	case 'f':
		return append(dst, '\f'), 2
	case '"', '\\', '/':
		return append(dst, in[1]), 2
	case 'u':
		r, ok := hex4(in[2:])
		if !ok {
			return append(dst, '\\'), 1
		}
		if !isSurrogate(r) {
			return utf8.AppendRune(dst, r), 6
		}
		if r < 0xdc00 && len(in) >= 12 && in[6] == '\\' && in[7] == 'u' {
			if low, ok := hex4(in[8:]); ok && low >= 0xdc00 && low < 0xe000 {
				return utf8.AppendRune(dst, (r-0xd800)<<10|(low-0xdc00)+0x10000), 12
			}
		}
		return append(dst, "\ufffd"...), 6
	}
	return append(dst, '\\'), 1
}

func isSurrogate(r rune) bool { return r >= 0xd800 && r < 0xe000 }

func hex4(in []byte) (rune, bool) {
	if len(in) < 4 {
		return 0, false
	}
	n, err := strconv.ParseUint(string(in[:4]), 16, 32)
	return rune(n), err == nil
}

// appendValid appends s with U+FFFD for each byte that is not UTF-8, as JSON
// libraries read it.
func appendValid(dst, s []byte) []byte {
	if utf8.Valid(s) {
		return append(dst, s...)
	}
	for len(s) > 0 {
		r, size := utf8.DecodeRune(s)
		dst, s = utf8.AppendRune(dst, r), s[size:]
	}
	return dst
}

var surrogateEscapes = [...][]byte{[]byte(`\ud`), []byte(`\uD`)}

// sanitize returns JSON, or the inside of a JSON string, with U+FFFD for what
// strict readers refuse: bytes that are not UTF-8, and halves of surrogate pairs.
// Codex drops an event that holds either, and with it the text or the call.
func sanitize(in []byte) []byte {
	if !utf8.Valid(in) {
		in = bytes.ToValidUTF8(in, []byte("\ufffd"))
	}
	for _, e := range surrogateEscapes {
		if bytes.Contains(in, e) {
			return decodeSurrogates(in)
		}
	}
	return in
}

// decodeSurrogates leaves every escape as it is but those of surrogates.
func decodeSurrogates(in []byte) []byte {
	out := make([]byte, 0, len(in))
	for {
		i := bytes.IndexByte(in, '\\')
		if i < 0 || i == len(in)-1 {
			return append(out, in...)
		}
		out, in = append(out, in[:i]...), in[i:]
		if r, ok := hex4(in[2:]); ok && in[1] == 'u' && isSurrogate(r) {
			var n int
			out, n = unescapeOne(out, in)
			in = in[n:]
			continue
		}
		out, in = append(out, in[:2]...), in[2:]
	}
}
