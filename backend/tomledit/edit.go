package tomledit

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Get returns the TOML text of the value at path, as it stands in the file.
func (d *Doc) Get(path ...string) (literal string, ok bool) {
	if i := d.find(path); i != nil {
		return string(d.text[i.value:i.end]), true
	}
	return "", false
}

// Has reports whether the file defines path, as a key or as a table.
func (d *Doc) Has(path ...string) bool {
	return slices.ContainsFunc(d.items, func(i item) bool { return isPrefix(path, i.path) })
}

func (d *Doc) find(path []string) *item {
	for n := range d.items {
		if i := &d.items[n]; i.kind == pair && !i.inArray && slices.Equal(i.path, path) {
			return i
		}
	}
	return nil
}

// ErrConflict says that a key cannot be set because its parent is something else
// than a table, or is a list of tables.
var ErrConflict = errors.New("stands in the file as something else")

// Set gives the key at path a value, written as TOML. A key that exists keeps
// its place and its comment; a new one goes to the end of its table, and a new
// table to the end of the file. On an error nothing changes.
func (d *Doc) Set(literal string, path ...string) error {
	edited := &Doc{bom: d.bom, text: d.replace(literal, path)}
	if edited.text == nil {
		return fmt.Errorf("%s: %w", strings.Join(path, "."), ErrConflict)
	}
	if err := edited.index(); err != nil {
		return fmt.Errorf("set %s: %w", strings.Join(path, "."), err)
	}
	if err := onlyChanged(d, edited, literal, path); err != nil {
		return err
	}
	*d = *edited
	return nil
}

// replace returns the edited text, nil where the key has no place.
func (d *Doc) replace(literal string, path []string) []byte {
	if i := d.find(path); i != nil {
		return d.splice(i.value, i.end, literal)
	}
	if i := d.inlineParent(path); i != nil {
		return d.intoInline(i, literal, path)
	}
	at, relative, ok := d.place(path)
	if !ok {
		return d.appendTable(literal, path)
	}
	line := keyText(relative) + " = " + literal
	return d.insertLine(at, line)
}

func (d *Doc) splice(from, to int, insert string) []byte {
	return slices.Concat(d.text[:from], []byte(insert), d.text[to:])
}

// inlineParent is the pair whose value holds, or ought to hold, path.
func (d *Doc) inlineParent(path []string) *item {
	var best *item
	for n := range d.items {
		i := &d.items[n]
		if i.kind == pair && !i.inArray && isPrefix(i.path, path) && (best == nil || len(i.path) > len(best.path)) {
			best = i
		}
	}
	return best
}

// intoInline adds a key at the end of an inline table.
func (d *Doc) intoInline(i *item, literal string, path []string) []byte {
	if d.text[i.value] != '{' {
		return nil
	}
	key := keyText(path[len(i.path):]) + " = " + literal
	inside := d.text[i.value+1 : i.end-1]
	content := bytes.TrimRight(inside, " \t")
	at := i.value + 1 + len(content)
	if len(bytes.TrimSpace(content)) == 0 {
		return d.splice(i.value, i.end, "{ "+key+" }")
	}
	return d.splice(at, at, ", "+key)
}

// place finds the line after which a key belongs, and the part of its path that
// is written there. A position of 0 with no table is the top of the file.
func (d *Doc) place(path []string) (at int, relative []string, ok bool) {
	parent := path[:len(path)-1]
	if header, found := d.table(parent); found {
		return d.lastLine(header), path[len(path)-1:], true
	}
	// The parent may exist through dotted keys alone: stay beside the last one.
	for n := len(d.items) - 1; n >= 0 && len(parent) > 0; n-- {
		i := d.items[n]
		section := d.sectionOf(n)
		if i.kind == pair && !i.inline && !i.inArray && isPrefix(parent, i.path) && isPrefix(section, parent) {
			return i.end, path[len(section):], true
		}
	}
	if len(parent) == 0 {
		return d.rootEnd(), path, true
	}
	return 0, nil, false
}

// table is the index of the header [path].
func (d *Doc) table(path []string) (int, bool) {
	for n, i := range d.items {
		if i.kind == table && !i.inArray && slices.Equal(i.path, path) {
			return n, true
		}
	}
	return 0, false
}

// lastLine is the end of the last pair under a header, or of the header itself.
func (d *Doc) lastLine(header int) int {
	end := d.items[header].end
	for _, i := range d.items[header+1:] {
		if i.kind != pair {
			break
		}
		end = max(end, i.end)
	}
	return end
}

// sectionOf is the path of the header that item n stands under.
func (d *Doc) sectionOf(n int) []string {
	for ; n >= 0; n-- {
		if d.items[n].kind != pair {
			return d.items[n].path
		}
	}
	return nil
}

// top marks the place before everything.
const top = -1

// rootEnd is the end of the last key before the first header.
func (d *Doc) rootEnd() int {
	end := top
	for _, i := range d.items {
		if i.kind != pair {
			break
		}
		end = max(end, i.end)
	}
	return end
}

// insertLine puts a line after the one that holds position at.
func (d *Doc) insertLine(at int, line string) []byte {
	eol := d.lineEnding()
	if at == top {
		gap := ""
		if len(bytes.TrimSpace(d.text)) > 0 {
			gap = eol
		}
		return d.splice(0, 0, line+eol+gap)
	}
	end := bytes.IndexByte(d.text[at:], '\n')
	if end < 0 {
		return d.splice(len(d.text), len(d.text), eol+line)
	}
	end += at + 1
	return d.splice(end, end, line+eol)
}

func (d *Doc) appendTable(literal string, path []string) []byte {
	parent := path[:len(path)-1]
	eol := d.lineEnding()
	var b strings.Builder
	if len(d.text) > 0 && d.text[len(d.text)-1] != '\n' {
		b.WriteString(eol)
	}
	if len(bytes.TrimSpace(d.text)) > 0 {
		b.WriteString(eol)
	}
	b.WriteString("[" + keyText(parent) + "]" + eol + keyText(path[len(path)-1:]) + " = " + literal + eol)
	return d.splice(len(d.text), len(d.text), b.String())
}

// lineEnding is that of the file's first line.
func (d *Doc) lineEnding() string {
	if i := bytes.IndexByte(d.text, '\n'); i > 0 && d.text[i-1] == '\r' {
		return "\r\n"
	}
	return "\n"
}

var bareKey = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

func keyText(path []string) string {
	parts := make([]string, len(path))
	for i, key := range path {
		parts[i] = key
		if !bareKey.MatchString(key) {
			parts[i] = Quote(key)
		}
	}
	return strings.Join(parts, ".")
}

// onlyChanged compares every key of both texts, each read anew: an edit that did
// anything but set path to literal is refused, whatever the reason. A table
// below [[…]] is refused here, since nothing tells which entry it would join.
func onlyChanged(before, after *Doc, literal string, path []string) error {
	name := strings.Join(path, ".")
	value, err := decode([]byte("v = " + literal))
	if err != nil {
		return fmt.Errorf("set %s: %w", name, err)
	}
	want, ok := withValue(before.values, value["v"], path)
	if !ok {
		return fmt.Errorf("%s: %w", name, ErrConflict)
	}
	if !same(want, after.values) {
		return fmt.Errorf("set %s: the edit would change other keys too", name)
	}
	return nil
}

// withValue is values with another value at path. What lies off the path is
// shared with values.
func withValue(values map[string]any, value any, path []string) (map[string]any, bool) {
	changed := maps.Clone(values)
	if changed == nil {
		changed = map[string]any{}
	}
	if len(path) == 1 {
		changed[path[0]] = value
		return changed, true
	}
	below, ok := values[path[0]].(map[string]any)
	if _, there := values[path[0]]; there && !ok {
		return nil, false
	}
	below, ok = withValue(below, value, path[1:])
	changed[path[0]] = below
	return changed, ok
}

// Quote writes text as a TOML basic string.
func Quote(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < 0x20 || r == 0x7f:
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
