package translate

import "bytes"

// splitter takes an answer's content, decoded, in pieces of any size, and tells
// text, thoughts and calls apart. What it finds does not depend on how the content
// was cut. It holds back only what may become a call, and at most maxHeld of it.
type splitter struct {
	tools leakTools
	sink  leakSink
	calls bool // calls are looked for
	json  bool // also those without a tag

	md    markdown
	fresh bool // only white space stood since the beginning, a call or a thought
	after afterKind
	gap   []byte // white space after a call, part of it if an end mark follows

	closing string // the tag that ends the open thought, or ""
	thought thoughtEnd
	trim    bool // drop the line breaks that follow a thought

	candidate, shadow leakMatch
	matching          bool // candidate is being read; it begins at buf[start]
	shadowed          bool // the text is part of a call that does not count
	buf               []byte
	pos, start        int

	base      int // bytes of the content before buf
	noOpen    int // no candidate begins before this byte of the content
	shadowPos int // the byte of the content that shadow takes next
	seen      int // the furthest byte read
	work      int // bytes read, those read again included

	out []byte // text or thought that was not yet given out
}

// afterKind tells what stands before, white space apart.
type afterKind uint8

const (
	afterText  afterKind = iota
	afterCall            // a call that counted: end marks are part of it
	afterOther           // a call that did not
)

// maxHeld bounds what is held back of an answer, in bytes.
const maxHeld = 1 << 20

// A hostile answer can make every byte begin a candidate that fails at the end.
// No more than workFactor bytes are read for each that came; after that, text is
// text.
const (
	workFactor = 8
	workSlack  = 1 << 16
)

func newSplitter(turn *Turn, sink leakSink) *splitter {
	p := &splitter{tools: leakTools{turn: turn}, sink: sink, fresh: true, json: !turn.Request.wantsJSON()}
	p.calls = p.tools.any() && !turn.Request.compact
	p.md.newBlock()
	return p
}

// wantsJSON reports whether the client asked for JSON: an answer that looks like a
// call is then just that answer.
func (req *Request) wantsJSON() bool {
	if req.text.format == nil {
		return false
	}
	var typ text
	r := newReader(req.text.format)
	_ = r.object(func(key []byte) (err error) { // options reads it again, and tells
		if string(key) != "type" {
			return r.skip()
		}
		typ, err = r.text()
		return err
	})
	return typ.is("json_object") || typ.is("json_schema")
}

type passKind uint8

const (
	passSplit passKind = iota
	passText
	passThought
)

// pass decides whether a piece, still escaped, can go on as it is: nothing is held,
// and no byte of it could begin anything.
func (p *splitter) pass(in []byte) passKind {
	switch {
	case p.matching || p.shadowed || p.trim || p.after == afterCall || p.thought.held() || p.thought.lead:
		return passSplit
	case !p.calls && !p.fresh && p.closing == "":
		return passText
	}
	breaks, plain := opensNothing(in)
	switch {
	case !plain || p.closing != "" && breaks > 0:
		return passSplit
	case p.closing != "":
		p.passed(len(in))
		return passThought
	}
	p.passed(len(in) - breaks) // a line break is one byte, and two as an escape
	line := in
	for ; breaks > 0; breaks-- {
		n := bytes.IndexByte(line, '\\')
		p.passLine(line[:n])
		p.md.settle('\n')
		p.md.track('\n', false)
		line = line[n+2:]
	}
	p.passLine(line)
	return passText
}

// opensNothing reports whether nothing can begin in a piece, and counts its escaped
// line breaks. Any other escape could be that of a tag.
func opensNothing(in []byte) (breaks int, plain bool) {
	for i := 0; i < len(in); i++ {
		if !opensSomething[in[i]] {
			continue
		}
		if in[i] != '\\' || i+1 == len(in) || in[i+1] != 'n' {
			return 0, false
		}
		breaks++
		i++
	}
	return breaks, true
}

// opensSomething are the bytes of escaped text with which a tag, a call, code or an
// escape begins.
var opensSomething = [256]bool{'<': true, '[': true, '{': true, '`': true, '~': true, '\\': true}

func (p *splitter) passLine(line []byte) {
	if !p.md.skip(line) {
		p.fresh, p.after, p.thought.again = false, afterText, false
	}
}

func (p *splitter) passed(n int) {
	p.base += n
	p.seen, p.work = p.base, p.work+n
}

// feed takes the next piece.
func (p *splitter) feed(piece []byte) {
	p.buf = append(p.buf, piece...)
	p.run()
	p.flush()
	done := p.pos
	if p.matching {
		done = p.start
	}
	if done == len(p.buf) {
		p.buf = p.buf[:0]
	} else if done > 0 {
		p.buf = p.buf[:copy(p.buf, p.buf[done:])]
	}
	p.base, p.pos, p.start = p.base+done, p.pos-done, 0
}

func (p *splitter) run() {
	for p.pos < len(p.buf) {
		p.seen = max(p.seen, p.base+p.pos+1)
		p.work++
		c := p.buf[p.pos]
		switch {
		case p.matching:
		case p.closing != "":
			p.thoughtByte(c)
			p.pos++
			continue
		case p.trim && (c == '\n' || c == '\r'):
			p.pos++
			continue
		default:
			p.trim = false
			p.md.settle(c)
			p.open(c)
		}
		if p.matching {
			p.match(c)
		} else {
			p.plain(c)
		}
	}
}

// open begins a candidate at c if one may stand there. Elsewhere a call is only
// quoted, and what it holds is followed to its end so as not to count either.
func (p *splitter) open(c byte) {
	allow, tail := p.opening(c)
	at := p.base + p.pos
	if at < p.noOpen || p.work > workFactor*p.seen+workSlack || p.shadowed && c != '<' {
		return
	}
	if allow != 0 {
		p.candidate.reset(&p.tools, allow, tail, false)
		p.matching, p.start = true, p.pos
	} else if p.calls && !p.shadowed && (c == '<' || c == '[') && p.md.fence == 0 && p.md.inline == 0 {
		p.shade(at, allowPlain|allowSpecial)
	}
}

func (p *splitter) shade(at int, allow allowed) {
	p.shadow.reset(&p.tools, allow, false, true)
	p.shadowed, p.shadowPos = true, at
}

// opening tells what may begin at c, by the rules at the head of leak.go,
// and whether it must end the answer.
func (p *splitter) opening(c byte) (allow allowed, tail bool) {
	if c != '<' && c != '[' && c != '{' && c != '`' && c != '~' || p.md.fence != 0 {
		return 0, false
	}
	tag := c == '<' || c == '['
	if p.fresh && tag {
		allow = allowThink
	}
	if !p.calls {
		return allow, false
	}
	start, inline := p.md.lineStart(), p.md.inline != 0
	block := start && p.md.blank || p.after != afterText
	if p.json && !inline && (block && !tag || block && c == '[' || start && (c == '`' || c == '~')) {
		allow |= allowJSON
	}
	switch {
	case !tag:
		if c == '{' && !block {
			return 0, false
		}
		return allow, false // such a match itself knows that it must end the answer
	case p.after == afterCall:
		return allow | allowPlain | allowSpecial | allowEnd, false
	case p.after == afterOther, start:
		return allow | allowPlain | allowSpecial, inline
	case inline, p.md.indent >= 0:
		return allow, false
	}
	return allow | p.md.midLine(), true
}

// plain takes c as text.
func (p *splitter) plain(c byte) {
	ended := p.follow(c)
	p.md.track(c, p.shadowed)
	if p.after == afterCall && isSpace(c) && len(p.gap) < maxBreaks {
		p.gap = append(p.gap, c)
	} else {
		p.fillGap()
		p.out = append(p.out, c)
	}
	if !isSpace(c) {
		p.fresh, p.after, p.thought.again = false, afterText, false
	}
	if ended {
		p.after = afterOther
	}
	p.pos++
}

// follow gives c to the shadow, once, and reports whether its call ended there.
func (p *splitter) follow(c byte) bool {
	if !p.shadowed || p.base+p.pos < p.shadowPos {
		return false
	}
	p.shadowPos++
	p.shadowed = p.shadow.feed(c)
	return p.shadow.accepted
}

// match gives c to the candidate. Under a shadow it may only become a candidate if
// the shadow ends while its mark is still being read.
func (p *splitter) match(c byte) {
	p.follow(c)
	alive := p.candidate.feed(c)
	p.pos++
	switch {
	case p.shadowed && (p.candidate.opened || p.candidate.accepted):
		p.reject()
	case p.candidate.accepted:
		p.pos -= p.candidate.unread
		p.commit()
	case !alive || p.pos-p.start > maxHeld:
		p.reject()
	}
}

// reject reads what was held as text. What it holds of further calls does not
// count: it is part of something that only looked like one.
func (p *splitter) reject() {
	m := &p.candidate
	p.matching, p.pos = false, p.start
	at := p.base + p.start
	p.noOpen = at + 1
	const tags = allowPlain | allowSpecial
	switch {
	case p.shadowed || !p.calls:
	case m.opened, m.fence == 0 && m.then == nil && m.allow&tags != tags:
		p.shade(at, tags)
	case m.fence == 0 && m.then != nil:
		p.shade(at, tags|allowJSON)
	}
}

// commit gives out what the candidate found.
func (p *splitter) commit() {
	m := &p.candidate
	p.matching = false
	if m.endMark {
		p.gap = p.gap[:0]
	}
	p.fillGap()
	p.flush()
	for _, c := range m.calls {
		p.thought.again = false
		p.sink.leakedCall(c.name, c.arguments)
	}
	p.fresh, p.after = true, afterCall
	p.md.newBlock()
	switch {
	case m.thought != "":
		p.closing, p.after = m.thought, afterText
		p.thought.lead = true
	case m.thoughtOver:
		p.after, p.trim = afterText, true
	}
}

// fillGap gives out the white space after a call as text.
func (p *splitter) fillGap() {
	p.out = append(p.out, p.gap...)
	p.gap = p.gap[:0]
}

// flush gives out the text or the thought that was found.
func (p *splitter) flush() {
	if len(p.out) == 0 {
		return
	}
	if p.closing != "" {
		p.sink.leakedThought(p.out)
	} else {
		p.sink.leakedText(p.out)
	}
	p.out = p.out[:0]
}

// noCalls ends the search for calls.
func (p *splitter) noCalls() {
	if p.calls = false; p.matching {
		p.reject()
		p.run()
	}
	p.fillGap()
	p.flush()
}

// end takes the end of the content. Where it was cut at a limit, what is not closed
// is not complete.
func (p *splitter) end(cut bool) {
	for p.matching {
		if p.candidate.end(cut) {
			p.commit()
			break
		}
		p.reject()
		p.run()
	}
	if p.thought.read > 0 {
		p.think(p.closing[:p.thought.read])
	}
	p.fillGap()
	p.flush()
	p.buf, p.base, p.pos = p.buf[:0], p.base+p.pos, 0
}

// thoughtEnd looks for the end of a thought. The line breaks around a thought are
// the template's, not the thought's.
type thoughtEnd struct {
	lead   bool   // nothing but line breaks stood in the thought so far
	breaks []byte // line breaks that may be its last
	read   int    // bytes of the closing tag
	again  bool   // a thought stands right before, of which this is a new paragraph
}

// maxBreaks bounds the white space held back in a thought or after a call.
const maxBreaks = 1 << 12

func (t *thoughtEnd) held() bool { return t.read > 0 || len(t.breaks) > 0 }

func (p *splitter) thoughtByte(c byte) {
	t := &p.thought
	if t.read > 0 {
		if c == p.closing[t.read] {
			if t.read++; t.read == len(p.closing) {
				p.endThought()
			}
			return
		}
		p.think(p.closing[:t.read])
		t.read = 0
	}
	switch {
	case c == p.closing[0]:
		t.read = 1
	case c != '\n' && c != '\r':
		p.think("")
		p.out = append(p.out, c)
	case !t.lead:
		if t.breaks = append(t.breaks, c); len(t.breaks) > maxBreaks {
			p.think("")
		}
	}
}

// think gives out what was held of a thought, and more.
func (p *splitter) think(more string) {
	if p.thought.lead && p.thought.again {
		p.out = append(p.out, "\n\n"...)
	}
	p.out = append(append(p.out, p.thought.breaks...), more...)
	p.thought.breaks, p.thought.lead = p.thought.breaks[:0], false
}

func (p *splitter) endThought() {
	p.flush()
	p.closing = ""
	p.thought = thoughtEnd{breaks: p.thought.breaks[:0], again: p.thought.again || !p.thought.lead}
	p.fresh, p.after, p.trim = true, afterText, true
	p.md.newBlock()
}
