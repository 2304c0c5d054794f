package tomledit

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Delete takes the key at path out of the file with its line. A comment behind
// its value stays, as a line of its own: it may be the user's. A key that does
// not exist is nothing to do; a table is ErrConflict. On an error nothing
// changes.
func (d *Doc) Delete(path ...string) error {
	i := d.find(path)
	if i == nil {
		if d.Has(path...) {
			return fmt.Errorf("%s: %w", strings.Join(path, "."), ErrConflict)
		}
		return nil
	}
	if i.inline {
		return d.cut(path, d.withoutInline(i))
	}
	return d.cut(path, d.withoutLine(i))
}

// DeleteTable takes [path], the tables below it and all their keys out of the
// file, with the comments between the first and the last of them, and the blank
// line that set each apart. A comment behind a header stays, as Delete's do. What
// does not exist is nothing to do. On an error nothing changes.
func (d *Doc) DeleteTable(path ...string) error {
	work := &Doc{bom: d.bom, text: d.text}
	if err := work.index(); err != nil {
		return err
	}
	for {
		var text []byte
		n := slices.IndexFunc(work.items, func(i item) bool { return isPrefix(path, i.path) })
		if n < 0 {
			break
		}
		switch i := &work.items[n]; {
		case i.kind != pair:
			text = work.withoutSection(n)
		case i.inline:
			text = work.withoutInline(i)
		default:
			text = work.withoutLine(i)
		}
		work.text = text
		if err := work.index(); err != nil {
			return fmt.Errorf("delete %s: %w", strings.Join(path, "."), err)
		}
	}
	return d.cut(path, work.text)
}

// cut makes text the document if it differs from it in path alone.
func (d *Doc) cut(path []string, text []byte) error {
	edited := &Doc{bom: d.bom, text: text}
	if err := edited.index(); err != nil {
		return fmt.Errorf("delete %s: %w", strings.Join(path, "."), err)
	}
	// A table that was there through this key alone goes with it, or stays
	// empty where it has a header: both are right.
	want, got := without(d.values, path), without(edited.values, path)
	if edited.Has(path...) || !same(want, got) {
		return fmt.Errorf("delete %s: the edit would change other keys too", strings.Join(path, "."))
	}
	*d = *edited
	return nil
}

// without is values without path, and without the tables on the way to it that
// hold nothing else. What lies off the path is shared with values.
func without(values map[string]any, path []string) map[string]any {
	rest := maps.Clone(values)
	below, ok := values[path[0]].(map[string]any)
	switch {
	case len(path) == 1:
		delete(rest, path[0])
	case !ok:
	default:
		if below = without(below, path[1:]); len(below) == 0 {
			delete(rest, path[0])
		} else {
			rest[path[0]] = below
		}
	}
	return rest
}

// withoutLine is the text without a pair that has lines of its own.
func (d *Doc) withoutLine(i *item) []byte {
	rest := d.text[i.end:d.lineEnd(i.end)]
	if comment := bytes.IndexByte(rest, '#'); comment >= 0 {
		return d.splice(i.start, i.end+comment, "")
	}
	return d.withoutLines(i.start, i.end)
}

// withoutLines is the text without the lines from the one that holds from to
// the one that holds to. A last line without a line ending takes the one before
// it along, so that the file still ends without one.
func (d *Doc) withoutLines(from, to int) []byte {
	from, to = d.lineStart(from), d.lineEnd(to)
	if to < len(d.text) {
		return d.splice(from, to+1, "")
	}
	if from > 0 {
		from--
	}
	if from > 0 && d.text[from-1] == '\r' {
		from--
	}
	return d.splice(from, to, "")
}

// withoutSection is the text without header n and its keys, and without the
// blank line before it unless that one now parts other lines.
func (d *Doc) withoutSection(n int) []byte {
	from := d.lineStart(d.items[n].start)
	if h := d.items[n]; bytes.IndexByte(d.text[h.end:d.lineEnd(h.end)], '#') >= 0 {
		return d.headerToComment(n)
	}
	e := &Doc{text: d.withoutLines(d.items[n].start, d.lastLine(n))}
	if from > len(e.text) {
		// It was the last one and had no line ending: so be it before it.
		if d.blankBefore(from) < from {
			e.text = bytes.TrimSuffix(bytes.TrimSuffix(e.text, []byte("\n")), []byte("\r"))
		}
		return e.text
	}
	before := e.blankBefore(from)
	after := from == len(e.text) || e.blankLine(from)
	switch {
	case before < from && after:
		return e.splice(before, from, "")
	case from == 0 && after && len(e.text) > 0:
		return e.splice(0, e.lineEnd(0)+1, "")
	}
	return e.text
}

// headerToComment is the text without header n and its keys, but with the comment
// behind the header.
func (d *Doc) headerToComment(n int) []byte {
	h := d.items[n]
	comment := h.end + bytes.IndexByte(d.text[h.end:], '#')
	text := d.text
	if last := d.lastLine(n); last > h.end {
		text = d.withoutLines(d.lineEnd(h.end)+1, last)
	}
	return slices.Concat(text[:h.start], text[comment:])
}

// blankBefore is where the blank line before position at starts; at itself if
// the line before it is not blank.
func (d *Doc) blankBefore(at int) int {
	if at == 0 {
		return at
	}
	if start := d.lineStart(at - 1); d.blankLine(start) {
		return start
	}
	return at
}

// blankLine reports whether a line that ends starts at position at.
func (d *Doc) blankLine(at int) bool {
	end := d.lineEnd(at)
	return end < len(d.text) && len(bytes.TrimSpace(d.text[at:end])) == 0
}

// withoutInline is the text without one key of an inline table and its comma.
func (d *Doc) withoutInline(i *item) []byte {
	from, to := i.start, i.end
	left := bytes.TrimRight(d.text[:from], " \t")
	right := len(d.text) - len(bytes.TrimLeft(d.text[to:], " \t"))
	switch {
	case left[len(left)-1] == ',':
		from = len(left) - 1
	case d.text[right] == ',':
		to = len(d.text) - len(bytes.TrimLeft(d.text[right+1:], " \t"))
	default:
		from, to = len(left), right
	}
	return d.splice(from, to, "")
}

// lineStart is the first position of the line that holds at.
func (d *Doc) lineStart(at int) int { return bytes.LastIndexByte(d.text[:at], '\n') + 1 }

// lineEnd is the position of the line feed that ends the line of at, or the
// length of the text.
func (d *Doc) lineEnd(at int) int {
	if end := bytes.IndexByte(d.text[at:], '\n'); end >= 0 {
		return at + end
	}
	return len(d.text)
}
