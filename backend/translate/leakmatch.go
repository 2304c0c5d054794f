package translate

// leakState takes one byte of what may be a call and returns the state for the
// next; nil ends the match: it succeeded if accepted is set, else what was read
// is no call.
type leakState func(m *leakMatch, c byte) leakState

// leakedCall is a call found in text: its tool by upstream's name, its arguments
// as a JSON object.
type leakedCall struct {
	name      string
	arguments []byte
}

// leakMatch reads one candidate byte by byte: it fails at the first byte that no
// call could have there.
type leakMatch struct {
	tools *leakTools
	state leakState
	allow allowed
	// any lets every name pass for a tool and builds no calls: it finds where a
	// call ends that does not count.
	any bool
	// tail is set where the call counts only if it ends the answer.
	tail bool

	live     markSet // marks that what was read may become
	read     int     // bytes of the mark read
	opened   bool    // a mark that opens a call was read
	accepted bool
	unread   int    // bytes at the end that belong to what follows
	endMark  bool   // it is a mark that belongs to the call before
	thought  string // what closes the thought that was opened
	// thoughtOver is set by a closing tag whose opening one the template wrote.
	thoughtOver bool
	calls       []leakedCall
	complete    completeness
	finish      func(m *leakMatch) bool // makes the call that the answer's end closes

	wrap   *leakMark
	form   *xmlForm
	token  []byte // the name, key or value being read
	tool   string // upstream's name
	params []leakedParam
	nested int // parameters opened within the value being read
	value  int // length of the value, once its closing tag was read
	gap    int // where the tag after that begins, or -1

	scan  jsonScan
	doc   []byte
	then  func(m *leakMatch) leakState // what follows the document
	fence byte
	run   int // length of the opening fence, and of the closing one so far
	close int
	info  string
}

// completeness tells what the end of the answer makes of a candidate.
type completeness uint8

const (
	incomplete completeness = iota
	unclosed                // all arguments are there, the closing tag is not
	closed
)

// reset starts a match at the next byte.
func (m *leakMatch) reset(tools *leakTools, allow allowed, tail, any bool) {
	*m = leakMatch{tools: tools, allow: allow, tail: tail, any: any,
		token: m.token[:0], doc: m.doc[:0], scan: jsonScan{stack: m.scan.stack[:0]}}
	m.live = allow.marks()
	m.state = (*leakMatch).start
}

// feed takes the next byte and reports whether the match goes on.
func (m *leakMatch) feed(c byte) bool {
	m.state = m.state(m, c)
	return m.state != nil
}

// end reports whether the end of the answer makes a call of what was read. An
// answer that was cut closes nothing.
func (m *leakMatch) end(cut bool) bool {
	switch {
	case m.complete == closed:
		return true
	case m.complete == unclosed && !cut:
		return m.finish == nil || m.finish(m)
	}
	return false
}

func (m *leakMatch) start(c byte) leakState {
	if m.allow&allowJSON != 0 {
		switch c {
		case '{':
			return m.bareJSON(c)
		case '`', '~':
			return m.openFence(c)
		case '[':
			m.live, _ = m.live.narrow(0, c)
			return (*leakMatch).bracket
		}
	}
	return m.mark(c)
}

// bracket tells a list of JSON calls from a mark such as [TOOL_CALLS].
func (m *leakMatch) bracket(c byte) leakState {
	if c != '{' && !isSpace(c) {
		m.read = 1
		return m.mark(c)
	}
	return m.bareJSON('[')(m, c)
}

// mark reads the rest of a mark.
func (m *leakMatch) mark(c byte) leakState {
	live, whole := m.live.narrow(m.read, c)
	m.live = live
	m.read++
	switch {
	case whole != nil:
		m.live = 0
		return m.open(whole)
	case live == 0:
		return nil
	}
	return (*leakMatch).mark
}

// anyMark reads one of the marks that allow permits.
func (m *leakMatch) anyMark(c byte, allow allowed) leakState {
	m.live, m.read = allow.marks(), 0
	return m.mark(c)
}

func (m *leakMatch) open(k *leakMark) leakState {
	switch k.kind {
	case markEnd, markRole:
		if m.allow&allowEnd == 0 {
			return (*leakMatch).afterRole
		}
		m.endMark = true
		return m.done()
	case markThink:
		m.thought = k.closing()
		return m.accept()
	case markThought:
		m.thoughtOver = true
		return m.accept()
	}
	m.opened = true
	switch k.kind {
	case markXML:
		return m.beginXML(k.form)
	case markKimi:
		return m.beginName((*leakMatch).kimiName)
	case markDeepSeek:
		return m.beginName((*leakMatch).deepSeekName)
	case markMistral:
		return m.beginName((*leakMatch).mistral)
	case markOpenJSON:
		return skipSpace((*leakMatch).openJSON)
	}
	m.wrap = k
	return (*leakMatch).inWrap
}

// afterRole waits for the call that a token such as <|im_start|> must be
// followed by to be left out.
func (m *leakMatch) afterRole(c byte) leakState {
	switch {
	case isSpace(c):
		return (*leakMatch).afterRole
	case c == '<' || c == '[':
		return m.anyMark(c, allowPlain|allowSpecial)
	}
	return nil
}

// inWrap reads what a tag such as <tool_call> holds.
func (m *leakMatch) inWrap(c byte) leakState {
	switch {
	case isSpace(c):
		return (*leakMatch).inWrap
	case c == '<':
		return m.anyMark(c, allowPlain|allowSpecial)
	case c == '{' || c == '[':
		return m.callJSON(c, (*leakMatch).wrapped)
	case m.wrap.kind == markToolCall:
		m.form = &glmForm
		return m.beginName((*leakMatch).glmName)(m, c)
	}
	return nil
}

// wrapped takes the calls of one document and waits for the next or the closing
// tag. Qwen's models at times open the next call without closing the last.
func (m *leakMatch) wrapped() leakState {
	m.complete = unclosed
	k := m.wrap
	next := oneOf(0,
		branch{k.closing(), (*leakMatch).done},
		branch{k.text, func(m *leakMatch) leakState {
			if m.tail && !m.any {
				m.complete = incomplete
				return m.open(k)
			}
			m.unread = len(k.text)
			return m.accept()
		}})
	return m.separated(func(m *leakMatch, c byte) leakState {
		if c == '{' || c == '[' {
			return m.callJSON(c, (*leakMatch).wrapped)
		}
		return next(m, c)
	})
}

// separated skips what stands between JSON documents.
func (m *leakMatch) separated(next leakState) leakState {
	var state leakState
	state = func(m *leakMatch, c byte) leakState {
		if isSpace(c) || c == ',' || c == ';' {
			return state
		}
		return next(m, c)
	}
	return state
}

// accept ends the match well.
func (m *leakMatch) accept() leakState {
	m.accepted = true
	return nil
}

// done ends a call. Where it must end the answer, what follows decides.
func (m *leakMatch) done() leakState {
	if !m.tail || m.any {
		return m.accept()
	}
	m.complete, m.finish, m.wrap = closed, nil, nil
	return (*leakMatch).between
}

// between waits for the end of the answer, or for another call.
func (m *leakMatch) between(c byte) leakState {
	if isSpace(c) {
		return (*leakMatch).between
	}
	m.complete = incomplete
	m.allow = allowPlain | allowSpecial | allowEnd | m.allow&allowJSON
	m.live, m.read = m.allow.marks(), 0
	return m.start(c)
}

// add notes a call.
func (m *leakMatch) add(arguments []byte) {
	if !m.any {
		m.calls = append(m.calls, leakedCall{m.tool, arguments})
	}
}

// keep adds a byte to the token. Where no call is built only its end is of use.
func (m *leakMatch) keep(c byte) {
	if m.any && len(m.token) >= 256 {
		m.token = m.token[:copy(m.token, m.token[len(m.token)-64:])]
	}
	m.token = append(m.token, c)
}

// maxLeakedName is more than any tool's or parameter's name needs, in bytes.
const maxLeakedName = 128

// beginName starts to read a tool's name with state.
func (m *leakMatch) beginName(state leakState) leakState {
	m.token = m.token[:0]
	return state
}

// nameByte adds to a tool's name and reports whether it can still be one.
func (m *leakMatch) nameByte(c byte) bool {
	m.token = append(m.token, c)
	if m.any {
		return len(m.token) <= maxLeakedName && (isNameByte(c) || c == '.' || c == '/')
	}
	return m.tools.begins(m.token)
}

// named takes the token as a tool's whole name and reports whether it is one.
func (m *leakMatch) named() bool {
	var ok bool
	m.tool, ok = m.tools.find(m.token)
	return ok || m.any
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

func skipSpace(next leakState) leakState {
	var state leakState
	state = func(m *leakMatch, c byte) leakState {
		if isSpace(c) {
			return state
		}
		return next(m, c)
	}
	return state
}

// branch is a text that may come, and what follows it.
type branch struct {
	text string
	then func(m *leakMatch) leakState
}

// oneOf reads one of several texts, of which n bytes were read. None may be the
// beginning of another.
func oneOf(n int, of ...branch) leakState {
	return func(m *leakMatch, c byte) leakState {
		var live []branch
		for _, b := range of {
			if b.text[n] != c {
				continue
			}
			if len(b.text) == n+1 {
				return b.then(m)
			}
			live = append(live, b)
		}
		if live == nil {
			return nil
		}
		return oneOf(n+1, live...)
	}
}

func expect(text string, then func(m *leakMatch) leakState) leakState {
	return oneOf(0, branch{text, then})
}

// always is a continuation that needs nothing of the match.
func always(state leakState) func(m *leakMatch) leakState {
	return func(*leakMatch) leakState { return state }
}
