package translate

import (
	"bytes"
	"errors"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// The three shapes in which models write a call as JSON, alone, in a list or under
// "tool_calls":
//
//	{"name": …, "arguments" or "parameters": {…}}       Hermes, Qwen, Llama, Mistral
//	{"function": {"name": …, "arguments": "…"}}         the Chat API's, "id" and "type" beside it
//	{"type": "function", "name": …, "parameters": {…}}  the Responses API's
//
// Any other member makes it something else, such as the declaration of a tool.

// bareJSON reads JSON calls without a tag.
func (m *leakMatch) bareJSON(c byte) leakState {
	m.tail = true
	return m.callJSON(c, (*leakMatch).done)
}

// openJSON reads JSON calls after a token that has no closing one.
func (m *leakMatch) openJSON(c byte) leakState {
	if c != '{' && c != '[' {
		return nil
	}
	return m.callJSON(c, (*leakMatch).openEnd)
}

// openEnd ends the calls at the first byte that continues none.
func (m *leakMatch) openEnd() leakState {
	m.complete, m.unread = unclosed, 0
	var state leakState
	state = func(m *leakMatch, c byte) leakState {
		m.unread++
		switch {
		case isSpace(c) || c == ';' || c == ',':
			return state
		case c == '{':
			m.complete = incomplete
			return m.callJSON(c, (*leakMatch).openEnd)
		case m.tail && !m.any:
			m.unread = 0
			return m.between(c)
		}
		return m.accept()
	}
	return state
}

// callJSON reads a document that must be a call or a list of calls.
func (m *leakMatch) callJSON(c byte, then func(m *leakMatch) leakState) leakState {
	m.complete = incomplete
	m.then = func(m *leakMatch) leakState {
		if !m.any {
			calls, ok := m.tools.readCalls(m.doc, m.wrap == nil)
			if !ok {
				return nil
			}
			m.calls = append(m.calls, calls...)
		}
		return then(m)
	}
	return m.document(c, roleCalls)
}

// argumentJSON reads a call's arguments, an object.
func (m *leakMatch) argumentJSON(then func(m *leakMatch) leakState) leakState {
	return skipSpace(func(m *leakMatch, c byte) leakState {
		m.then = func(m *leakMatch) leakState {
			if !m.any && !jsontext.Value(m.doc).IsValid() {
				return nil
			}
			m.add(bytes.Clone(m.doc))
			m.complete = unclosed
			return then(m)
		}
		return m.document(c, roleObject)
	})
}

func (m *leakMatch) document(c byte, role jsonRole) leakState {
	m.scan = jsonScan{stack: m.scan.stack[:0], role: role}
	m.doc = m.doc[:0]
	return m.documentByte(c)
}

func (m *leakMatch) documentByte(c byte) leakState {
	if !m.any {
		if m.scan.mode == scanString && c < ' ' {
			m.doc = appendEscapedByte(m.doc, c) // models break lines within strings
		} else {
			m.doc = append(m.doc, c)
		}
	}
	switch m.scan.feed(m, c) {
	case scanMore:
		return (*leakMatch).documentByte
	case scanDone:
		return m.then(m)
	}
	return nil
}

// errNotACall ends the reading of a document that is no call after all.
var errNotACall = errors.New("not a call")

// readCalls reads the calls of one document; bare ones must have arguments.
func (t *leakTools) readCalls(doc []byte, bare bool) (calls []leakedCall, ok bool) {
	if !jsontext.Value(doc).IsValid() {
		return nil, false
	}
	r := newReader(doc)
	read := func() error {
		found, err := t.readCall(r, bare)
		calls = append(calls, found...)
		return err
	}
	var err error
	if r.kind() == '[' {
		err = r.array(read)
	} else {
		err = read()
	}
	return calls, err == nil && len(calls) > 0
}

func (t *leakTools) readCall(r *reader, bare bool) (calls []leakedCall, err error) {
	var name text
	var args []byte
	named := 0
	err = r.object(func(key []byte) (err error) {
		role, _ := callKeys.find(key)
		switch role {
		case roleName:
			named++
			name, err = r.text()
		case roleFunction:
			named++
			if r.kind() == '"' {
				name, err = r.text()
				return err
			}
			calls, err = t.readCall(r, bare)
		case roleList:
			named++
			err = r.array(func() error {
				found, err := t.readCall(r, bare)
				calls = append(calls, found...)
				return err
			})
		case roleArguments:
			if args != nil {
				return errNotACall
			}
			args, err = r.raw()
		default:
			err = r.skip()
		}
		return err
	})
	if err != nil || name == nil && args == nil && named == 1 {
		return calls, err
	}
	up, ok := t.find(name.inner())
	if ok && named == 1 {
		args, ok = t.normalise(up, args, bare)
	}
	if !ok || named != 1 {
		return nil, errNotACall
	}
	return []leakedCall{{up, args}}, nil
}

// normalise returns arguments as an object: some templates write them as a
// string that holds one, and a freeform tool's input comes as it is.
func (t *leakTools) normalise(tool string, args []byte, bare bool) ([]byte, bool) {
	switch {
	case len(args) == 0:
		return []byte(`{}`), !bare
	case args[0] == 'n':
		return []byte(`{}`), true
	case args[0] == '{':
		return bytes.Clone(args), !t.declaration(tool, args)
	}
	s := text(args).String()
	inner := jsontext.Value(strings.TrimSpace(s))
	switch {
	case len(inner) == 0 && !t.custom(tool):
		return []byte(`{}`), true
	case inner.IsValid() && inner.Kind() == '{':
		return inner, !t.declaration(tool, inner)
	case t.custom(tool):
		return append(appendQuoted([]byte(`{"input":`), s), '}'), true
	}
	return nil, false
}

// declaration recognises a JSON schema in the place of arguments: a model that
// lists its tools writes them nearly as it writes a call.
func (t *leakTools) declaration(tool string, args []byte) bool {
	var object, properties bool
	r := newReader(args)
	err := r.object(func(key []byte) error {
		switch string(key) {
		case "type":
			typ, err := r.text()
			object = typ.is("object")
			return err
		case "properties":
			properties = r.kind() == '{'
		}
		return r.skip()
	})
	_, own := t.shape(tool).params["properties"]
	return err == nil && object && properties && !own
}
