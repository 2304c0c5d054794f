package tomledit

import (
	"bytes"
	"fmt"
	"strings"
)

// Place is a root key as it stands in a file: enough to put it back.
type Place struct {
	Line    string   `json:"line"`             // its lines from the first to the last byte, comment included, without the last line ending
	Literal string   `json:"literal"`          // the value in it, as TOML
	After   []string `json:"after,omitempty"`  // the root key before it, if any
	Before  []string `json:"before,omitempty"` // the root key behind it, if any
}

// Place returns where and how a root key stands.
func (d *Doc) Place(key string) (Place, bool) {
	i := d.find([]string{key})
	if i == nil {
		return Place{}, false
	}
	p := Place{
		Line:    strings.TrimSuffix(string(d.text[d.lineStart(i.start):d.lineEnd(i.end)]), "\r"),
		Literal: string(d.text[i.value:i.end]),
	}
	found := false
	for n := range d.items {
		other := &d.items[n]
		switch {
		case other.kind != pair:
			return p, true
		case other.inline:
		case other == i:
			found = true
		case found:
			p.Before = other.path
			return p, true
		default:
			p.After = other.path
		}
	}
	return p, true
}

// Restore gives a root key the value it had at p. One that still stands in the
// file keeps its line, and any comment that it got since; one that is gone comes
// back with its whole line, beside its old neighbours. On an error nothing
// changes.
func (d *Doc) Restore(key string, p Place) error {
	edited := &Doc{bom: d.bom, text: d.restored(key, p)}
	if err := edited.index(); err != nil {
		return fmt.Errorf("restore %s: %w", key, err)
	}
	if err := onlyChanged(d, edited, p.Literal, []string{key}); err != nil {
		return err
	}
	*d = *edited
	return nil
}

func (d *Doc) restored(key string, p Place) []byte {
	if i := d.find([]string{key}); i != nil {
		if d.hasComment(i) || !p.hasComment() {
			return d.splice(i.value, i.end, p.Literal)
		}
		// A program that wrote the value anew dropped the comment.
		end := d.lineEnd(i.end)
		if end > i.end && d.text[end-1] == '\r' {
			end--
		}
		return d.splice(d.lineStart(i.start), end, p.Line)
	}
	if i := d.rootPair(p.After); i != nil {
		return d.insertLine(i.end, p.Line)
	}
	if i := d.rootPair(p.Before); i != nil {
		at := d.lineStart(i.start)
		return d.splice(at, at, p.Line+d.lineEnding())
	}
	return d.insertLine(d.rootEnd(), p.Line)
}

func (d *Doc) rootPair(path []string) *item {
	i := d.find(path)
	if len(path) == 0 || i == nil || i.inline || i.start > max(d.rootEnd(), 0) {
		return nil
	}
	return i
}

func (d *Doc) hasComment(i *item) bool {
	return bytes.IndexByte(d.text[i.end:d.lineEnd(i.end)], '#') >= 0
}

func (p Place) hasComment() bool {
	_, rest, _ := strings.Cut(p.Line, p.Literal)
	return strings.Contains(rest, "#")
}

// HasRootKeys reports whether a key stands before the first table: if not, Set
// puts a blank line between the first one and what follows.
func (d *Doc) HasRootKeys() bool { return d.rootEnd() != top }

// RootKeys are the keys that stand before the first table, a dotted one as its
// path.
func (d *Doc) RootKeys() [][]string {
	var keys [][]string
	for _, i := range d.items {
		if i.kind != pair {
			break
		}
		if !i.inline {
			keys = append(keys, i.path)
		}
	}
	return keys
}

// TrimBlankBehind takes the blank line behind a key's line away, if there is one.
func (d *Doc) TrimBlankBehind(path ...string) error {
	i := d.find(path)
	if i == nil || i.inline {
		return nil
	}
	if at := d.lineEnd(i.end) + 1; at < len(d.text) && d.blankLine(at) {
		d.text = d.splice(at, d.lineEnd(at)+1, "")
	}
	return d.index()
}

// FinalNewline is the line ending of the last line, "" where it has none.
func (d *Doc) FinalNewline() string {
	switch {
	case bytes.HasSuffix(d.text, []byte("\r\n")):
		return "\r\n"
	case bytes.HasSuffix(d.text, []byte("\n")):
		return "\n"
	}
	return ""
}

// TrimFinalNewline takes that away.
func (d *Doc) TrimFinalNewline() error {
	d.text = d.text[:len(d.text)-len(d.FinalNewline())]
	return d.index()
}

// Empty reports whether the file holds nothing but white space.
func (d *Doc) Empty() bool { return len(bytes.TrimSpace(d.text)) == 0 }

// Below lists the keys, as they are written below path, that path holds, tables
// and inline tables entered; an entry of a list of tables counts too.
func (d *Doc) Below(path ...string) [][]string {
	var below [][]string
	for _, i := range d.items {
		if i.kind == pair && len(i.path) > len(path) && isPrefix(path, i.path) {
			below = append(below, i.path[len(path):])
		}
	}
	return below
}

// Value returns the decoded value at path: string, int64, bool, float64, a
// slice, a map. It is not to be changed.
func (d *Doc) Value(path ...string) (any, bool) {
	values := d.values
	for n, key := range path {
		value, ok := values[key]
		if !ok || n == len(path)-1 {
			return value, ok
		}
		if values, ok = value.(map[string]any); !ok {
			return nil, false
		}
	}
	return values, true
}

// String returns the text at path, "" where there is no string.
func (d *Doc) String(path ...string) string {
	value, _ := d.Value(path...)
	text, _ := value.(string)
	return text
}

// Inline returns the key whose value is the inline table that path lies in, or
// would lie in.
func (d *Doc) Inline(path ...string) (key []string, literal string, ok bool) {
	for _, i := range d.items {
		if i.kind == pair && !i.inline && !i.inArray && isPrefix(i.path, path) && d.text[i.value] == '{' {
			return i.path, string(d.text[i.value:i.end]), true
		}
	}
	return nil, "", false
}
