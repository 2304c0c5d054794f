package translate

import (
	"bytes"
	"unicode/utf8"
)

// halves joins characters that a server cut apart between two pieces: one that
// counts in UTF-16 sends an emoji as two escapes of which neither can be read
// alone, one that counts in bytes sends half a UTF-8 sequence.
type halves struct{ held []byte }

// next takes a piece, the inside of a JSON string, and returns what is whole of
// it and of what was held.
func (h *halves) next(in []byte) []byte {
	if len(h.held) > 0 {
		in, h.held = append(h.held, in...), nil
	}
	if n := halfAtEnd(in); n > 0 {
		h.held = bytes.Clone(in[len(in)-n:])
		in = in[:len(in)-n]
	}
	return sanitize(in)
}

// end returns what stands for a half whose other half never came.
func (h *halves) end() []byte {
	if h.held == nil {
		return nil
	}
	h.held = nil
	return []byte("\ufffd")
}

// halfAtEnd tells how many bytes at the end of in begin a character.
func halfAtEnd(in []byte) int {
	for n := 1; n <= min(len(in), utf8.UTFMax-1); n++ {
		if tail := in[len(in)-n:]; utf8.RuneStart(tail[0]) {
			if !utf8.FullRune(tail) {
				return n
			}
			break
		}
	}
	const escape = len(`\ud83d`)
	at := len(in) - escape
	if at < 0 || in[at] != '\\' || in[at+1] != 'u' {
		return 0
	}
	before := len(in[:at]) - len(bytes.TrimRight(in[:at], `\`))
	if r, ok := hex4(in[at+2:]); ok && before%2 == 0 && r >= 0xd800 && r < 0xdc00 {
		return escape
	}
	return 0
}
