package translate

import (
	"bytes"

	"github.com/go-json-experiment/json/jsontext"
)

// inputDecoder reads the input of a freeform tool out of the arguments that the
// model writes for the function standing in for it, {"input":"…"}, as they come.
type inputDecoder struct {
	value []byte // decoded so far: the inside of a JSON string
	json  []byte // arguments without their outer escaping, not yet used
	held  []byte // the end of a piece that cut an escape of the outer string
	state inputState
}

type inputState uint8

const (
	inputBefore inputState = iota // before the string's first character
	inputInside
	inputAfter
	inputOther // not the form asked for: judged when all is there
)

// feed takes a piece of the arguments, escaped once, and returns what it adds to
// the input, as the inside of a JSON string.
func (d *inputDecoder) feed(piece []byte) []byte {
	if d.state >= inputAfter {
		return nil
	}
	in := append(d.held, piece...)
	cut := escapeBoundary(in)
	d.held = append([]byte(nil), in[cut:]...)
	d.json = unescape(d.json, in[:cut])
	if d.state == inputBefore {
		d.findStart()
	}
	if d.state != inputInside {
		return nil
	}
	end, closed := stringEnd(d.json)
	had := len(d.value)
	d.value = appendInput(d.value, d.json[:end])
	d.json = append([]byte(nil), d.json[end:]...)
	if closed {
		d.state = inputAfter
	}
	return d.value[had:]
}

// appendInput appends the inside of a JSON string, with what models put into
// strings against the rules made right: raw line breaks and tabs are escaped, an
// escape that JSON does not know (\d of a regular expression) means itself.
func appendInput(dst, in []byte) []byte {
	for len(in) > 0 {
		c := in[0]
		switch {
		case c < ' ':
			dst, in = appendEscapedByte(dst, c), in[1:]
		case c != '\\':
			dst, in = append(dst, c), in[1:]
		case isEscape(in):
			n := escapeLen(in)
			if n > len(in) { // the string ends in half a surrogate pair, and in what may begin the other
				n = len(`\ud83d`)
			}
			dst, in = append(dst, sanitize(in[:n])...), in[n:]
		default:
			dst, in = append(dst, '\\', '\\'), in[1:]
		}
	}
	return dst
}

// isEscape reports whether in starts with an escape that JSON knows.
func isEscape(in []byte) bool {
	if len(in) < 2 {
		return false
	}
	if in[1] == 'u' {
		_, ok := hex4(in[2:])
		return ok
	}
	return bytes.IndexByte([]byte(`"\/bfnrt`), in[1]) >= 0
}

// findStart looks for `{"input":"`.
func (d *inputDecoder) findStart() {
	want := [...]string{"{", `"input"`, ":", `"`}
	rest := d.json
	for _, w := range want {
		rest = bytes.TrimLeft(rest, " \t\r\n")
		if len(rest) < len(w) {
			if !bytes.HasPrefix([]byte(w), rest) {
				d.state = inputOther
			}
			return
		}
		if !bytes.HasPrefix(rest, []byte(w)) {
			d.state = inputOther
			return
		}
		rest = rest[len(w):]
	}
	d.state, d.json = inputInside, append([]byte(nil), rest...)
}

// finish returns what is still to be added when all arguments (escaped once) are
// there, and settles value. Models that do not obey the schema send the bare
// text, a JSON string, or an object with another name for its one string.
func (d *inputDecoder) finish(args []byte) []byte {
	if d.state == inputAfter {
		return nil
	}
	had := len(d.value)
	if d.state == inputInside { // the closing quote is missing
		d.json = unescape(d.json, d.held)
		d.value = appendEscapedTail(d.value, d.json)
		return d.value[had:]
	}
	d.value = appendLooseInput(nil, unescape(nil, args))
	return d.value
}

// appendEscapedTail keeps what a broken string ends in.
func appendEscapedTail(dst, tail []byte) []byte {
	return appendEscaped(dst, unescape(nil, tail))
}

func appendLooseInput(dst, args []byte) []byte {
	trimmed := bytes.TrimSpace(args)
	if !jsontext.Value(trimmed).IsValid() {
		return appendEscaped(dst, args)
	}
	switch trimmed[0] {
	case '"':
		return append(dst, text(trimmed).inner()...)
	case '{':
		if t, ok := onlyString(trimmed); ok {
			return append(dst, t.inner()...)
		}
	}
	return appendEscaped(dst, args)
}

// onlyString returns "input" of an object, or its one member if that is a string.
func onlyString(object []byte) (t text, ok bool) {
	r := newReader(object)
	var members, strings int
	err := r.object(func(key []byte) error {
		members++
		if r.kind() != '"' {
			return r.skip()
		}
		v, err := r.text()
		if string(key) == "input" {
			t, members, strings = v, -1<<30, 1
			return err
		}
		if strings++; members > 0 {
			t = v
		}
		return err
	})
	return t, err == nil && (members < 0 || members == 1 && strings == 1)
}

// escapeBoundary returns how much of in can be decoded without cutting an
// escape, a surrogate pair or a UTF-8 sequence at its end.
func escapeBoundary(in []byte) int {
	i := 0
	for i < len(in) {
		j := bytes.IndexByte(in[i:], '\\')
		if j < 0 {
			return len(in)
		}
		i += j
		n := escapeLen(in[i:])
		if i+n > len(in) {
			return i
		}
		i += n
	}
	return i
}

// escapeLen is the length of the escape that in starts with, a whole surrogate
// pair included; it is more than len(in) where the end is not there yet.
func escapeLen(in []byte) int {
	if len(in) < 2 {
		return 2
	}
	if in[1] != 'u' || !hexSoFar(in[2:]) {
		return 2
	}
	if len(in) < 6 {
		return 6
	}
	if r, _ := hex4(in[2:]); r < 0xd800 || r >= 0xdc00 {
		return 6
	}
	if low := in[6:]; len(low) == 0 || low[0] == '\\' && (len(low) == 1 || low[1] == 'u' && lowSoFar(low[2:])) {
		return 12
	}
	return 6
}

// hexSoFar reports whether in can be, or begin, the four digits of an escape.
func hexSoFar(in []byte) bool {
	for _, c := range in[:min(len(in), 4)] {
		if !isHex(c) {
			return false
		}
	}
	return true
}

// lowSoFar is hexSoFar for the second half of a surrogate pair.
func lowSoFar(in []byte) bool {
	return hexSoFar(in) && (len(in) < 1 || in[0]|0x20 == 'd') && (len(in) < 2 || in[1]|0x20 >= 'c' && in[1] > '9')
}

func isHex(c byte) bool { return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f' }

// stringEnd returns how much of in, the inside of a JSON string, is complete,
// and whether the closing quote follows it.
func stringEnd(in []byte) (n int, closed bool) {
	for i := 0; i < len(in); {
		switch in[i] {
		case '"':
			return i, true
		case '\\':
			e := escapeLen(in[i:])
			if i+e > len(in) {
				return i, false
			}
			i += e
		default:
			i++
		}
	}
	return len(in), false
}
