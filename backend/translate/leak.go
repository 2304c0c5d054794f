package translate

import (
	"bytes"

	"github.com/go-json-experiment/json/jsontext"
)

// Models write tool calls, and thoughts, into their text when the server before
// them has no parser for their chat template. What is taken out of the text, and
// what stays:
//
//   - A call counts only for a tool that this request declares, and not at all
//     where the request's tool_choice is "none".
//   - Nothing in a code fence, in inline code or in an indented block counts. The
//     one exception is a fence whose whole content is a JSON call.
//   - A tagged call counts where its opening tag begins a line. In the middle of a
//     line it counts only if it ends the answer, and a plain tag only after the end
//     of a sentence: elsewhere the model is quoting.
//   - JSON without a tag counts where it begins the answer or follows a blank line,
//     a fenced call where it begins a line, and both only if they end the answer:
//     white space, further calls and end marks are all that may follow.
//   - What stands inside another call, declared or not, complete or not, is that
//     call's text.
//   - A call that the answer ends before it is closed counts if its arguments are
//     complete and the answer was not cut.
//
// A model that only shows a call mostly breaks one of these rules, one that means
// it keeps them. In doubt it is text: a call that was not run costs a question, a
// quotation that was run can cost the user's files.

// leakSink takes what a splitter finds, decoded and in order. The slices are valid
// only during the call.
type leakSink interface {
	leakedText(text []byte)
	leakedThought(text []byte)
	leakedCall(name string, arguments []byte)
}

// textFilter stands between the content that upstream sends and the Stream.
type textFilter struct {
	split   *splitter
	decoded []byte
	escaped []byte
	calls   int
	ended   bool
}

func newTextFilter(s *Stream) textFilter {
	return textFilter{split: newSplitter(s.turn, s)}
}

// content takes a piece of the answer's content, escaped as it came.
func (s *Stream) content(in []byte) {
	f := &s.filter
	switch f.split.pass(in) {
	case passText:
		s.text(in)
	case passThought:
		s.reasoning(in)
	default:
		f.decoded = unescape(f.decoded[:0], in)
		f.split.feed(f.decoded)
	}
}

// endContent takes the end of the answer's content. An answer that broke off has
// none: what is held of it is at best half a call.
func (s *Stream) endContent() {
	if f := &s.filter; !f.ended {
		f.ended = true
		f.split.end(s.cut())
	}
}

// structuredCalls notes that upstream itself tells calls from text.
func (s *Stream) structuredCalls() { s.filter.split.noCalls() }

// Recovered tells how many calls were found in the answer's text.
func (s *Stream) Recovered() int { return s.filter.calls }

func (s *Stream) leakedText(text []byte) {
	f := &s.filter
	f.escaped = appendEscaped(f.escaped[:0], text)
	s.text(f.escaped)
}

func (s *Stream) leakedThought(text []byte) {
	f := &s.filter
	f.escaped = appendEscaped(f.escaped[:0], text)
	s.reasoning(f.escaped)
}

func (s *Stream) leakedCall(name string, arguments []byte) {
	had := len(s.calls)
	s.call(&callPiece{index: -1, id: quote(s.opts.NewID("call_")), name: quote(name), arguments: arguments})
	for _, c := range s.calls[had:] {
		c.recovered = true
		s.filter.calls++
	}
}

// echoed reports whether upstream also sent a recovered call as a proper one:
// some servers parse a call and leave its text standing.
func (s *Stream) echoed(c *call) bool {
	if !c.recovered {
		return false
	}
	for _, other := range s.calls {
		if !other.recovered && other.name == c.name && sameJSON(other.args, c.args) {
			return true
		}
	}
	return false
}

// sameJSON compares two documents, each the inside of a JSON string.
func sameJSON(a, b []byte) bool {
	x, y := jsontext.Value(unescape(nil, a)), jsontext.Value(unescape(nil, b))
	return x.Canonicalize() == nil && y.Canonicalize() == nil && bytes.Equal(x, y)
}
