package translate

import (
	"bytes"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// call is one tool call of the answer while it is being received.
type call struct {
	index    int    // upstream's, or -1
	source   string // upstream's id, escaped, or ""
	id       string // the client's call_id, escaped
	name     string // upstream's name for the tool
	ref      toolRef
	itemID   string
	outIndex int
	args     []byte // so far: the inside of a JSON string
	half     halves
	cut      bool // the answer ended inside this call
	whole    bool // the arguments came as one object: nothing can be added
	again    bool // the name came again after their end: another object is another call's
	delta    deltaEvent
	input    *inputDecoder // of a freeform tool
	// recovered is set for a call that was found in the answer's text.
	recovered bool
	search    *Search // what a web search asks, once it is known
	ended     bool    // its end is written
	hidden    bool    // the client has it
}

// call takes one entry of tool_calls: a whole call or a fragment of one.
func (s *Stream) call(p *callPiece) {
	if s.turn.Request.compact {
		return // no tool was offered
	}
	c := s.callOf(p)
	if c != nil && c.again && p.name.empty() && beginsObject(p.arguments) {
		p.name, c = quote(c.name), nil
	}
	if c == nil {
		c = s.openCall(p)
	}
	if len(p.arguments) == 0 {
		return
	}
	in := p.arguments
	if in[0] == '"' {
		in = c.half.next(text(in).inner())
	} else {
		in = appendEscaped(nil, in)
		c.whole = true
	}
	s.addArguments(c, in)
}

// addArguments takes what is whole of a call's arguments, escaped.
func (s *Stream) addArguments(c *call, in []byte) {
	c.args = append(c.args, in...)
	if c.input != nil {
		in = c.input.feed(in)
	}
	if len(in) > 0 && c.ref.kind != toolSearch && c.ref.kind != toolWebSearch { // whose arguments have no deltas in the API
		s.ev.delta(&c.delta, in)
	}
}

// callOf finds the call that a fragment belongs to; nil means a new one. Servers
// leave out the index, reuse it, or repeat id and name in every fragment, so an
// id decides first, then the index, then whether the last call is complete.
func (s *Stream) callOf(p *callPiece) *call {
	if len(s.calls) == 0 {
		return nil
	}
	if id := string(p.id.inner()); id != "" {
		for _, c := range s.calls {
			if c.source == id && (p.index < 0 || c.index < 0 || c.index == p.index) {
				return s.unlessNew(c, p)
			}
		}
		// A piece without a name starts no call, whatever id it has.
		if c := s.byIndex(p.index); c != nil && (c.source == "" || p.name.empty()) {
			return s.unlessNew(c, p)
		}
		return nil
	}
	if p.index >= 0 {
		if c := s.byIndex(p.index); c != nil {
			return s.unlessNew(c, p)
		}
		return nil
	}
	return s.unlessNew(s.calls[len(s.calls)-1], p)
}

// byIndex finds the newest call with that index, for servers that reuse one.
func (s *Stream) byIndex(index int) *call {
	if index < 0 {
		return nil
	}
	for i := len(s.calls) - 1; i >= 0; i-- {
		if s.calls[i].index == index {
			return s.calls[i]
		}
	}
	return nil
}

// unlessNew decides whether a piece that names a tool starts a new call rather
// than going on with c: it does when c cannot take any more.
func (s *Stream) unlessNew(c *call, p *callPiece) *call {
	if p.name.empty() || len(p.arguments) == 0 || string(p.arguments) == `""` {
		if !p.name.empty() && p.id.empty() && !p.name.is(c.name) {
			return nil
		}
		if !p.name.empty() && p.id.empty() {
			c.again = object(unescape(nil, c.args))
		}
		return c
	}
	if !p.name.is(c.name) || c.whole || jsontext.Value(unescape(nil, c.args)).IsValid() {
		return nil
	}
	return c
}

// beginsObject reports whether a piece of arguments is the beginning of an object.
func beginsObject(arguments []byte) bool {
	return len(arguments) > 0 && bytes.HasPrefix(bytes.TrimLeft(text(arguments).inner(), " "), []byte("{"))
}

func (s *Stream) openCall(p *callPiece) *call {
	s.closeItem()
	c := &call{index: p.index, source: string(p.id.inner()), name: p.name.String(), outIndex: s.takeIndex()}
	c.id = s.callID(c.source)
	ref, known := s.turn.names.byUpstream[c.name]
	if !known {
		ref = toolRef{name: c.name} // the client answers what it does not know
		if up, spelled := s.filter.split.tools.find([]byte(c.name)); spelled {
			ref = s.turn.names.byUpstream[up] // a namespace was left out, or written with a dot
		}
	}
	c.ref = ref
	s.calls = append(s.calls, c)
	switch ref.kind {
	case toolCustom:
		c.itemID = s.opts.NewID("ctc_")
		c.input = &inputDecoder{}
		c.delta = newDelta(evInputDelta, c.itemID, c.outIndex, "")
	case toolSearch:
		c.itemID = s.opts.NewID("tsc_")
	case toolWebSearch:
		c.itemID = s.opts.NewID("ws_")
		c.hidden = s.has(c.itemID)
	default:
		c.itemID = s.opts.NewID("fc_")
		c.delta = newDelta(evArgumentsDelta, c.itemID, c.outIndex, "")
	}
	if c.hidden {
		return c
	}
	s.ev.start(evItemAdded)
	s.ev.int("output_index", c.outIndex)
	s.ev.raw("item", c.item(nil, "in_progress"))
	s.ev.end()
	if ref.kind == toolWebSearch {
		s.searchEvent(c, evSearchProgress)
	}
	return c
}

// callID makes upstream's id unique among those that the history holds: Codex
// tells outputs apart by it.
func (s *Stream) callID(source string) string {
	if source == "" {
		source = s.opts.NewID("call_")
	}
	source = string(sanitize([]byte(source)))
	id := source
	for n := 2; s.turn.callIDs.has(id) || s.callIDs[id]; n++ {
		id = source + "_" + strconv.Itoa(n)
	}
	if s.callIDs == nil {
		s.callIDs = map[string]bool{}
	}
	s.callIDs[id] = true
	return id
}

// item is the call as an output item; value is what its kind carries, escaped.
func (c *call) item(value []byte, status string) []byte {
	b := []byte(`{"id":"` + c.itemID + `","type":"`)
	name := string(appendEscaped(nil, c.ref.name))
	switch c.ref.kind {
	case toolSearch:
		return c.toolSearchItem(status)
	case toolWebSearch:
		return c.searchItem(status)
	case toolCustom:
		b = append(b, `custom_tool_call","status":"`+status+`","call_id":"`+c.id+`","name":"`+name+`","input":"`...)
	default:
		b = append(b, `function_call","status":"`+status+`","call_id":"`+c.id+`","name":"`+name+`","arguments":"`...)
	}
	b = append(b, value...)
	b = append(b, '"')
	if c.ref.namespace != "" {
		b = append(b, `,"namespace":`...)
		b = appendQuoted(b, c.ref.namespace)
	}
	return append(b, '}')
}

// toolSearchItem is a tool_search call, which Codex runs itself: its arguments
// are an object, not a string.
func (c *call) toolSearchItem(status string) []byte {
	args := bytes.TrimSpace(unescape(nil, c.args))
	if !jsontext.Value(args).IsValid() || args[0] != '{' {
		args = []byte(`{}`)
	}
	b := []byte(`{"id":"` + c.itemID + `","type":"tool_search_call","status":"` + status + `","call_id":"` + c.id + `","execution":"client","arguments":`)
	return append(append(b, oneLine(args)...), '}')
}

// finishCalls writes the ends of all calls. It runs only when upstream said that
// the answer is complete: Codex starts a call as soon as it sees its end.
func (s *Stream) finishCalls() {
	for _, c := range s.calls {
		if s.echoed(c) {
			continue
		}
		s.addArguments(c, c.half.end())
		switch c.ref.kind {
		case toolCustom:
			rest := c.input.finish(c.args)
			if len(rest) > 0 {
				s.ev.delta(&c.delta, rest)
			}
			s.callDone(c, evInputDone, "input", c.input.value)
		case toolSearch:
			s.itemDone(c.outIndex, c.toolSearchItem(c.status()))
		case toolWebSearch: // ended by Found, or by endSearches
		default:
			if len(c.args) == 0 && !c.cut {
				c.args = []byte(`{}`)
				s.ev.delta(&c.delta, c.args)
			}
			if !c.cut {
				s.mend(c)
			}
			s.callDone(c, evArgumentsDone, "arguments", c.args)
		}
	}
}

// mend repairs a call's arguments. What that adds at their end is a delta like
// any other; what it changes before cannot be taken back.
func (s *Stream) mend(c *call) {
	mended := mendArguments(c.args)
	if rest, ok := bytes.CutPrefix(mended, c.args); ok && len(rest) > 0 {
		s.ev.delta(&c.delta, rest)
	}
	c.args = mended
}

func (s *Stream) callDone(c *call, typ, field string, value []byte) {
	s.ev.item(typ, c.itemID, c.outIndex)
	if typ == evArgumentsDone {
		s.ev.str(`,"name":"`)
		s.ev.out = appendEscaped(s.ev.out, c.ref.name)
		s.ev.str(`"`)
	}
	s.ev.escaped(field, value)
	s.ev.end()
	s.itemDone(c.outIndex, c.item(value, c.status()))
}

// status is how the call ended, as its item says.
func (c *call) status() string {
	if c.cut {
		return string(statusIncomplete)
	}
	return string(statusCompleted)
}
