package translate

import (
	"strings"
	"unicode/utf8"
)

// markdown follows the text of an answer as far as it tells what is code and
// where a line begins.
type markdown struct {
	indent  int  // of the line so far, in columns; -1 once anything else stood in it
	blank   bool // the line before holds nothing, or there is none
	fence   byte // the character of the open code fence, or 0
	length  int  // of that fence
	info    bool // still in the line that opened it
	closing bool // the line so far closes it
	inline  int  // length of the run that opened inline code, or 0
	runChar byte // the run of ` or ~ that is being read
	run     int
	first   bool    // that run begins its line
	last    [4]byte // the last bytes that were not white space
	spaced  bool    // white space follows them
}

// newBlock starts anew, as at the beginning of an answer.
func (d *markdown) newBlock() { *d = markdown{blank: true} }

// lineStart reports whether only an indent that makes no code block stands before.
func (d *markdown) lineStart() bool { return d.indent >= 0 && d.indent <= 3 && d.run == 0 }

// settle judges the run that c ends.
func (d *markdown) settle(c byte) {
	if d.run == 0 || c == d.runChar {
		return
	}
	char, n := d.runChar, d.run
	d.run = 0
	switch {
	case d.fence != 0 && d.info && char == '`' && d.fence == '`':
		d.fence, d.info, d.inline = 0, false, d.length // it was inline code
		if n == d.inline {
			d.inline = 0
		}
	case d.fence != 0:
		d.closing = d.first && !d.info && char == d.fence && n >= d.length
	case d.first && n >= 3:
		d.fence, d.length, d.info, d.inline = char, n, true, 0
	case char != '`':
	case d.inline == 0:
		d.inline = n
	case d.inline == n:
		d.inline = 0
	}
}

// track takes the next byte; settle was called with it. Within a call, where
// nothing is code, inert tells to follow the lines only.
func (d *markdown) track(c byte, inert bool) {
	if c == '\n' {
		d.newLine()
		return
	}
	if !inert && (c == '`' || c == '~') {
		if d.run == 0 {
			d.runChar, d.first = c, d.lineStart()
		}
		d.run++
	} else if c != ' ' && c != '\t' && c != '\r' {
		d.closing = false
	}
	switch {
	case c == ' ' && d.indent >= 0:
		d.indent++
	case c == '\t' && d.indent >= 0:
		d.indent += 4
	case c != ' ' && c != '\t' && c != '\r':
		d.indent = -1
		copy(d.last[:], d.last[1:])
		d.last[3] = c
	}
	d.spaced = isSpace(c)
}

func (d *markdown) newLine() {
	d.blank = d.indent >= 0
	d.indent, d.info = 0, false
	if d.closing {
		d.fence, d.closing = 0, false
	}
	if d.blank {
		d.inline = 0 // inline code does not outlast its paragraph
	}
}

// skip takes text that holds no line break and no ` or ~, and reports whether it is
// only spaces.
func (d *markdown) skip(in []byte) (blank bool) {
	if len(in) == 0 {
		return true
	}
	d.settle(in[0])
	n := len(in)
	for n > 0 && in[n-1] == ' ' {
		n--
	}
	d.spaced = n < len(in)
	if n == 0 {
		if d.indent >= 0 {
			d.indent += len(in)
		}
		return true
	}
	d.indent, d.closing = -1, false
	if n >= len(d.last) {
		d.last = [4]byte(in[n-4:])
		return false
	}
	for _, c := range in[:n] {
		copy(d.last[:], d.last[1:])
		d.last[3] = c
	}
	return false
}

// midLine tells what may begin a call in the middle of a line, after what stands
// there: a plain tag only where a sentence ended, a token unless it is quoted. A
// colon ends a sentence where the tag follows at once, as tokens do; who quotes
// puts a space there.
func (d *markdown) midLine() allowed {
	r, _ := utf8.DecodeLastRune(d.last[:])
	switch {
	case strings.ContainsRune(sentenceEnds, r), strings.ContainsRune(":：", r) && !d.spaced:
		return allowPlain | allowSpecial
	case strings.ContainsRune("\"'`“‘„«「『([", r):
		return 0
	}
	return allowSpecial
}

const sentenceEnds = ".!?…。！？"

// The JSON call that is all of a code fence.

func (m *leakMatch) openFence(c byte) leakState {
	m.tail, m.fence, m.run, m.info = true, c, 1, ""
	return (*leakMatch).fenceRun
}

func (m *leakMatch) fenceRun(c byte) leakState {
	switch {
	case c == m.fence:
		m.run++
		return (*leakMatch).fenceRun
	case m.run < 3:
		return nil
	}
	return m.fenceInfo(c)
}

// fenceLanguages are what models call a fence with a call in it.
var fenceLanguages = []string{"json", "tool_call", "tool_calls", "tool_code", "function_call"}

func (m *leakMatch) fenceInfo(c byte) leakState {
	switch {
	case c == '\n':
		m.info = strings.TrimRight(m.info, " \r")
		for _, known := range fenceLanguages {
			if m.info == "" || m.info == known {
				return skipSpace((*leakMatch).fenced)
			}
		}
		return nil
	case c == ' ' && m.info == "":
		return (*leakMatch).fenceInfo
	}
	if m.info += string(rune(c)); len(m.info) > 32 {
		return nil
	}
	word := strings.TrimRight(m.info, " \r")
	for _, known := range fenceLanguages {
		if word == known || word == m.info && strings.HasPrefix(known, word) {
			return (*leakMatch).fenceInfo
		}
	}
	return okayState(word == "", (*leakMatch).fenceInfo)
}

func (m *leakMatch) fenced(c byte) leakState {
	if c != '{' && c != '[' {
		return nil
	}
	return m.callJSON(c, (*leakMatch).afterFenced)
}

// afterFenced waits for another call or for the end of the fence.
func (m *leakMatch) afterFenced() leakState {
	m.close = 0
	return m.separated((*leakMatch).closeFence)
}

func (m *leakMatch) closeFence(c byte) leakState {
	switch {
	case c == m.fence:
		if m.close++; m.close >= m.run {
			m.complete = closed
		}
		return (*leakMatch).closeFence
	case m.close == 0:
		return m.fenced(c)
	case m.close < m.run:
		return nil
	case c == ' ' || c == '\r':
		return (*leakMatch).closeFence
	case c == '\n' || c == '<': // which can only begin an end mark
		m.done()
		return m.between(c)
	}
	return nil
}
