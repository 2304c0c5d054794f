package translate

import (
	"bytes"
	"errors"
)

// MaxLine is the longest line of an upstream's event stream, in bytes. A longer
// one is a broken upstream, and holding more of it would be its way to our memory.
const MaxLine = 16 << 20

// ErrLineTooLong is returned for a line over MaxLine.
var ErrLineTooLong = errors.New("upstream sent a line of over 16 MB")

// SSEDecoder cuts an upstream's byte stream into the data of its events. It
// takes what servers really send: comments, CRLF and CR, a byte order mark,
// several data lines, a last line without an end.
type SSEDecoder struct {
	rest    []byte // an unfinished line
	data    []byte // data lines of an unfinished event
	hasData bool
	started bool
	skipLF  bool // the last line ended in CR; an LF after it belongs to that end
}

// Feed takes the next bytes and calls f with the data of each event that they
// complete. The slice is valid only during the call. It stops at f's first error.
func (d *SSEDecoder) Feed(p []byte, f func(data []byte) error) error {
	if !d.started {
		var ready bool
		if p, ready = d.start(p); !ready {
			return nil
		}
	}
	for len(p) > 0 {
		if data, n := d.whole(p); n > 0 {
			if err := f(data); err != nil {
				return err
			}
			p = p[n:]
			continue
		}
		if d.skipLF {
			d.skipLF = false
			if p[0] == '\n' {
				p = p[1:]
				continue
			}
		}
		i := bytes.IndexByte(p, '\n')
		if cr := bytes.IndexByte(p[:max(i, 0)], '\r'); i > 0 && cr >= 0 {
			i = cr
		} else if i < 0 {
			i = bytes.IndexByte(p, '\r')
		}
		if i < 0 {
			if len(d.rest)+len(p) > MaxLine {
				return ErrLineTooLong
			}
			d.rest = append(d.rest, p...)
			return nil
		}
		line := p[:i]
		d.skipLF = p[i] == '\r'
		p = p[i+1:]
		if len(d.rest)+len(line) > MaxLine {
			return ErrLineTooLong
		}
		if len(d.rest) > 0 {
			line = append(d.rest, line...)
			d.rest = line[:0]
		}
		if err := d.line(line, f); err != nil {
			return err
		}
	}
	return nil
}

// whole finds the usual event at the start of p, one line of data and a blank one,
// and tells its length; 0 means that it must be taken apart line by line. It is
// passed on where it lies: copying it is a sixth of a text chunk's CPU time.
func (d *SSEDecoder) whole(p []byte) (data []byte, n int) {
	if d.skipLF || d.hasData || len(d.rest) > 0 || !bytes.HasPrefix(p, dataField) {
		return nil, 0
	}
	end := bytes.IndexByte(p, '\n')
	if end < 0 || end+1 >= len(p) || p[end+1] != '\n' || end > MaxLine || bytes.IndexByte(p[:end], '\r') >= 0 {
		return nil, 0
	}
	return p[len(dataField):end], end + 2
}

var dataField = []byte("data: ")

// Close takes the end of the stream: an event whose last line or blank line is
// missing still counts.
func (d *SSEDecoder) Close(f func(data []byte) error) error {
	if line := d.rest; len(line) > 0 {
		d.rest = nil
		if err := d.line(line, f); err != nil {
			return err
		}
	}
	return d.line(nil, f)
}

var byteOrderMark = []byte("\xef\xbb\xbf")

// start drops a byte order mark, which may come in pieces.
func (d *SSEDecoder) start(p []byte) (rest []byte, ready bool) {
	if len(d.rest) > 0 {
		p = append(d.rest, p...)
		d.rest = nil
	}
	if len(p) < len(byteOrderMark) && bytes.HasPrefix(byteOrderMark, p) {
		d.rest = append([]byte(nil), p...)
		return nil, false
	}
	d.started = true
	return bytes.TrimPrefix(p, byteOrderMark), true
}

func (d *SSEDecoder) line(line []byte, f func(data []byte) error) error {
	if len(line) == 0 {
		if !d.hasData {
			return nil
		}
		d.hasData = false
		data := d.data
		d.data = d.data[:0]
		return f(data)
	}
	value, ok := bytes.CutPrefix(line, []byte("data:"))
	if !ok {
		return nil // a comment, or a field that chat streams have no use for
	}
	if len(value) > 0 && value[0] == ' ' {
		value = value[1:]
	}
	if len(d.data)+len(value) > MaxLine {
		return ErrLineTooLong
	}
	if d.hasData {
		d.data = append(d.data, '\n')
	} else {
		d.data = d.data[:0]
	}
	d.data = append(d.data, value...)
	d.hasData = true
	return nil
}
