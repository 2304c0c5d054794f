package tomledit

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// Doc is a TOML file as its bytes, with the place of every key.
type Doc struct {
	bom   []byte
	text  []byte // without the byte-order mark
	items []item

	values map[string]any // as decode returns them; never changed
	lists  [][]string     // the paths of [[…]]
}

// item is a header or a key with its value. Its path is absolute.
type item struct {
	kind       kind
	path       []string
	start, end int // of the whole expression, header brackets or value included
	value      int // where a pair's value starts
	inline     bool
	inArray    bool // below [[…]]: its path names more than one place
}

type kind int

const (
	pair kind = iota
	table
	arrayTable
)

// SyntaxError says where a file stops being TOML. Line and Column count from 1.
type SyntaxError struct {
	Line, Column int
	Err          error
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("line %d, column %d: %v", e.Line, e.Column, e.Err)
}

func (e *SyntaxError) Unwrap() error { return e.Err }

var bom = []byte("\xef\xbb\xbf")

// Parse reads a file. The error is a *SyntaxError.
func Parse(data []byte) (*Doc, error) {
	d := &Doc{text: bytes.Clone(data)}
	if bytes.HasPrefix(d.text, bom) {
		d.bom, d.text = d.text[:len(bom)], d.text[len(bom):]
	}
	if err := d.index(); err != nil {
		return nil, err
	}
	return d, nil
}

// Bytes is the file as it now stands.
func (d *Doc) Bytes() []byte { return slices.Concat(d.bom, d.text) }

// decode is the strict judge: the parser below accepts a key given twice.
func decode(text []byte) (map[string]any, error) {
	values := map[string]any{}
	err := toml.Unmarshal(text, &values)
	if err == nil {
		return values, nil
	}
	var where *toml.DecodeError
	if errors.As(err, &where) {
		line, column := where.Position()
		return nil, &SyntaxError{Line: line, Column: column, Err: errors.New(where.Error())}
	}
	return nil, &SyntaxError{Line: 1, Column: 1, Err: err}
}

// index finds every key of d.text.
func (d *Doc) index() error {
	values, err := decode(d.text)
	if err != nil {
		return err
	}
	d.values, d.items, d.lists = values, nil, nil
	p := unstable.Parser{}
	p.Reset(d.text)
	var current item // the header that pairs stand under
	for p.NextExpression() {
		e := p.Expression()
		switch e.Kind {
		case unstable.Table, unstable.ArrayTable:
			current = d.header(e)
			d.items = append(d.items, current)
		case unstable.KeyValue:
			d.pair(e, current.path, current.inArray, false)
		}
	}
	if err := p.Error(); err != nil {
		return &SyntaxError{Line: 1, Column: 1, Err: err}
	}
	return nil
}

// header places [a.b] or [[a.b]]. The parser gives the range of its keys only.
func (d *Doc) header(e *unstable.Node) item {
	path, start, end := keyPath(e.Key())
	h := item{kind: table, path: path}
	h.start = bytes.LastIndexByte(d.text[:start], '[')
	h.end = end + bytes.IndexByte(d.text[end:], ']') + 1
	if e.Kind == unstable.ArrayTable {
		h.kind, h.inArray = arrayTable, true
		d.lists = append(d.lists, path)
		h.start--
		h.end++
		return h
	}
	h.inArray = d.belowArray(path)
	return h
}

// belowArray reports whether a header continues the last entry of a [[…]].
func (d *Doc) belowArray(path []string) bool {
	return slices.ContainsFunc(d.lists, func(list []string) bool { return isPrefix(list, path) })
}

// pair places a key and, where its value is an inline table, the keys in it.
func (d *Doc) pair(e *unstable.Node, parent []string, inArray, inline bool) {
	path, start, keyEnd := keyPath(e.Key())
	i := item{
		kind: pair, path: slices.Concat(parent, path), inline: inline, inArray: inArray,
		start: start, end: int(e.Raw.Offset + e.Raw.Length),
	}
	i.value = keyEnd + bytes.IndexByte(d.text[keyEnd:], '=') + 1
	for d.text[i.value] == ' ' || d.text[i.value] == '\t' {
		i.value++
	}
	d.items = append(d.items, i)
	if e.Value().Kind == unstable.InlineTable {
		children := e.Value().Children()
		for children.Next() {
			d.pair(children.Node(), i.path, inArray, true)
		}
	}
}

// keyPath is a dotted key, with the range from its first to its last part.
func keyPath(keys unstable.Iterator) (path []string, start, end int) {
	start = -1
	for keys.Next() {
		n := keys.Node()
		path = append(path, string(n.Data))
		if start < 0 {
			start = int(n.Raw.Offset)
		}
		end = int(n.Raw.Offset + n.Raw.Length)
	}
	return path, start, end
}

func isPrefix(prefix, path []string) bool {
	return len(prefix) <= len(path) && slices.Equal(prefix, path[:len(prefix)])
}
