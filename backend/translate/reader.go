package translate

import (
	"bytes"
	"errors"

	"github.com/go-json-experiment/json/jsontext"
)

// reader walks one JSON document in a single pass and hands out slices of it.
type reader struct {
	src   []byte
	pos   int
	depth int // open objects and arrays
	// odd is set by what strict readers refuse and sanitize mends: bytes that are
	// not UTF-8, and escapes of surrogates.
	odd bool
	// parts is room for what is read of contents.
	parts room[part]
}

// readOptions tolerate what clients and servers really send; what matters is
// checked where it is used. Duplicate names would cost a map for each object.
var readOptions = []jsontext.Options{jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)}

func newReader(src []byte) *reader { return &reader{src: src} }

// kind peeks at the next value: one of n f t " 0 { [ or 0 at the end. What begins
// no value gives itself, and an error when it is read.
func (r *reader) kind() byte {
	r.space()
	if r.pos == len(r.src) {
		return 0
	}
	if c := r.src[r.pos]; c != '-' && (c < '0' || c > '9') {
		return c
	}
	return '0'
}

// raw reads the next value and returns it as it stands in the source.
func (r *reader) raw() ([]byte, error) {
	r.space()
	start := r.pos
	if err := r.skip(); err != nil {
		return nil, err
	}
	return r.src[start:r.pos:r.pos], nil
}

func (r *reader) skip() error {
	r.space()
	if !r.value() {
		return r.fault()
	}
	return nil
}

// text reads a string; any other value is skipped and gives nil.
func (r *reader) text() (text, error) {
	if r.kind() != '"' {
		return nil, r.skip()
	}
	return r.raw()
}

// atEnd reports whether only white space follows.
func (r *reader) atEnd() bool {
	r.space()
	return r.pos == len(r.src)
}

// object calls f for each member; f must read or skip the value. What is not an
// object is skipped.
func (r *reader) object(f func(key []byte) error) error {
	if r.kind() != '{' {
		return r.skip()
	}
	if !r.open() {
		return r.fault()
	}
	if r.closes('}') {
		return nil
	}
	for {
		key, ok := r.key()
		if !ok {
			return r.fault()
		}
		if err := f(key); err != nil {
			return err
		}
		if r.closes('}') {
			return nil
		}
		if !r.take(',') {
			return r.fault()
		}
	}
}

// key reads a member's name and its colon, and returns the name decoded.
func (r *reader) key() ([]byte, bool) {
	r.space()
	start := r.pos
	if start == len(r.src) || r.src[start] != '"' || !r.string() {
		return nil, false
	}
	in := text(r.src[start:r.pos]).inner()
	if bytes.IndexByte(in, '\\') >= 0 {
		in = unescape(nil, in)
	}
	return in, r.take(':')
}

// array calls f for each element; f must read or skip it. What is not an array
// is skipped.
func (r *reader) array(f func() error) error {
	if r.kind() != '[' {
		return r.skip()
	}
	if !r.open() {
		return r.fault()
	}
	if r.closes(']') {
		return nil
	}
	for {
		r.space()
		if err := f(); err != nil {
			return err
		}
		if r.closes(']') {
			return nil
		}
		if !r.take(',') {
			return r.fault()
		}
	}
}

// fault says what is wrong with the document, and where, in the words of the JSON
// library: it reads again from the start what the reader refused.
func (r *reader) fault() error {
	dec := jsontext.NewDecoder(bytes.NewReader(r.src), readOptions...)
	if _, err := dec.ReadValue(); err != nil {
		return err
	}
	return &jsontext.SyntacticError{ByteOffset: int64(r.pos), Err: errors.New("not valid here")}
}
