package load

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"
)

// Sample is what one request took, counted from just before its first byte was
// written.
type Sample struct {
	FirstToken time.Duration // to the first piece of text
	Total      time.Duration // to the event that ends the answer
	Deltas     int           // pieces of text
	// Late is, for an answer whose chunks are stamped, how long each was under
	// way.
	Late []time.Duration
}

type line int

const (
	other line = iota
	token
	end
	failure
)

// typeWindow is how much of an event is looked at for its type, in bytes. The type
// stands first; to search the objects with which a Responses answer begins and ends,
// which repeat 14 KB of the request three times, would cost the load generator more
// than the bridge needs to make them, and count as the bridge's.
const typeWindow = 64

// classify tells what a line of an event stream is. Only unescaped quotes are
// looked for, so that text inside a JSON string is never taken for an event.
func (p Protocol) classify(b []byte) line {
	data, ok := bytes.CutPrefix(b, []byte("data:"))
	if !ok {
		return other
	}
	if p == Chat {
		switch {
		case bytes.Contains(data, []byte(`"delta":{"content":"`)):
			return token
		case bytes.HasPrefix(bytes.TrimSpace(data), []byte("[DONE]")):
			return end
		case bytes.HasPrefix(bytes.TrimSpace(data), []byte(`{"error"`)):
			return failure
		}
		return other
	}
	data = data[:min(len(data), typeWindow)]
	switch {
	case bytes.Contains(data, []byte(`"type":"response.output_text.delta"`)):
		return token
	case bytes.Contains(data, []byte(`"type":"response.completed"`)):
		return end
	case bytes.Contains(data, []byte(`"type":"response.failed"`)), bytes.Contains(data, []byte(`"type":"response.incomplete"`)):
		return failure
	}
	return other
}

// maxQuote bounds how much of a wrong answer an error repeats.
const maxQuote = 400

// read times the events of one answer and calls firstToken at the first piece of
// text. It reads to the end of r, as a connection that is to be used again must.
func (p Protocol) read(r *bufio.Reader, start time.Time, firstToken func()) (Sample, error) {
	var s Sample
	ended := false
	for {
		b, err := r.ReadSlice('\n')
		kind := p.classify(b)
		if errors.Is(err, bufio.ErrBufferFull) {
			// A long line is told by its beginning: the object of
			// response.completed carries the whole answer.
			err = skipLine(r)
		}
		switch kind {
		case token:
			now := time.Now()
			if s.Deltas++; s.Deltas == 1 {
				s.FirstToken = now.Sub(start)
				firstToken()
			}
			if at, ok := stamp(b); ok {
				s.Late = append(s.Late, time.Duration(now.UnixNano()-at))
			}
		case end:
			s.Total, ended = time.Since(start), true
		case failure:
			return s, fmt.Errorf("the answer is a failure: %s", b[:min(len(b), maxQuote)])
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return s, fmt.Errorf("read the answer: %w", err)
		}
	}
	if !ended || s.Deltas == 0 {
		return s, fmt.Errorf("the answer broke off: %d pieces of text, ended %t", s.Deltas, ended)
	}
	return s, nil
}

func skipLine(r *bufio.Reader) error {
	for {
		if _, err := r.ReadSlice('\n'); !errors.Is(err, bufio.ErrBufferFull) {
			return err
		}
	}
}

// stamp reads the time, in nanoseconds since 1970, that a stub put into a chunk.
func stamp(b []byte) (int64, bool) {
	_, rest, ok := bytes.Cut(b, []byte(`"@`))
	if !ok {
		return 0, false
	}
	digits, _, _ := bytes.Cut(rest, []byte(" "))
	at, err := strconv.ParseInt(string(digits), 10, 64)
	return at, err == nil
}
