package translate

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io"
	"slices"
	"time"
)

// StreamOptions are what a Stream takes from outside.
type StreamOptions struct {
	// NewID makes an id with that prefix ("msg_", "fc_", …); nil means RandomID.
	NewID func(prefix string) string
	// Have lists the ids of items that the client has already, from an answer
	// that broke off and is now given again: the last items of the request.
	Have []string
	// Now is the clock for created_at; nil means time.Now.
	Now func() time.Time
}

// RandomID is prefix and 128 random bits in hex, as long as OpenAI's own ids are unique.
func RandomID(prefix string) string {
	var b [16]byte
	rand.Read(b[:]) // never fails: crypto/rand ends the program instead
	return prefix + hex.EncodeToString(b[:])
}

// Stream turns one Chat answer into the events of one Responses answer. Its
// methods append events to a buffer that Take empties; they are called from one
// goroutine, in this order: Begin, any of Chunk, Completion and KeepAlive, then
// End or Fail, after which nothing more is written.
type Stream struct {
	turn *Turn
	opts StreamOptions
	ev   events

	id      string
	created int64
	done    bool

	output  []byte // finished items, joined by commas, in the order of output_index
	kept    []keptItem
	nextOut int // output_index of the next item

	open       openItem
	itemStatus status // of the items that end the answer
	calls      []*call
	callIDs    map[string]bool // those given to calls of this answer
	usage      Usage
	hasUsage   bool
	model      string
	finish     string
	sawText    bool
	filter     textFilter
	textHalf   halves
	thinkHalf  halves
	summary    []byte   // of a compaction, escaped
	notice     string   // what ClawRouter had to say, taken out of the text
	details    [][]byte // reasoning_details of the open reasoning item

	// A turn that searches the web has several rounds, each an answer of upstream's.
	roundOut, roundByte, roundFound int               // where this round begins in nextOut, output and found
	round                           [][]byte          // this round's items, in the order of their ends
	found                           []finding         // what the turn's searches came to
	unsaid                          map[string]string // sealed thoughts by item, that the client did not ask for
	before                          Usage             // of the rounds before

	chunk    chunk
	same     sameChunk
	reader   reader
	response func() []byte // writes the object of the last event; nil before it
}

// openItem is the message or reasoning item that deltas now go to.
type openItem struct {
	kind   openKind
	id     string
	index  int
	delta  deltaEvent
	text   []byte // so far, still escaped
	hidden bool   // the client has it
	from   int    // where its events begin
	seq    int64  // of its first event
	space  []byte // leading white space, held back until something follows
}

type openKind uint8

const (
	openNone openKind = iota
	openMessage
	openReasoning
)

// Stream starts the answer to a turn.
func (t *Turn) Stream(o StreamOptions) *Stream {
	if o.NewID == nil {
		o.NewID = RandomID
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &Stream{turn: t, opts: o, id: o.NewID("resp_"), created: o.Now().Unix(), model: t.Request.Model, itemStatus: statusCompleted}
	s.filter = newTextFilter(s)
	return s
}

// Take returns the events written since the last Take. The slice is valid until
// the next call of any method.
func (s *Stream) Take() []byte {
	out := s.ev.out
	s.ev.out = s.ev.out[:0]
	return out
}

// Taken says that what Take returned is needed no more. A stream that waits for its
// upstream then holds no room for the large events at its beginning.
func (s *Stream) Taken() {
	if cap(s.ev.out) > maxHeldEvents {
		eventPool.give(s.ev.out)
		s.ev.out = nil
	}
}

// Begin writes the events that open every answer.
func (s *Stream) Begin() {
	s.ev.room(2 * s.echoSize())
	s.progress(evCreated)
	s.progress(evInProgress)
}

func (s *Stream) progress(typ string) {
	s.ev.start(typ)
	s.ev.str(`,"response":`)
	s.ev.out = s.appendResponse(s.ev.out, statusInProgress, nil, "")
	s.ev.end()
}

// KeepAlive writes an event that tells the client nothing new. Codex gives up
// on a stream that is idle, and comments do not count for it.
func (s *Stream) KeepAlive() {
	if !s.done {
		s.progress(evInProgress)
	}
}

// Chunk takes the data of one event of a streamed answer. A *Failure tells that
// upstream reported an error or sent what is not a chunk; the caller then calls
// Fail. The data is not kept.
func (s *Stream) Chunk(data []byte) error {
	if s.done {
		return nil
	}
	if in := s.same.text(data); len(in) > 0 && len(s.textHalf.held) == 0 {
		if in = s.takeNotice(in); len(in) > 0 {
			s.content(in)
		}
		return nil
	}
	if len(data) < 16 && isDone(data) {
		s.saidDone()
		return nil
	}
	if len(bytes.TrimSpace(data)) == 0 {
		return nil // some servers keep the line alive with empty data
	}
	switch err := s.read(data); {
	case err == nil:
		s.same.learn(&s.chunk, data)
		return s.apply()
	case !errors.Is(err, io.ErrUnexpectedEOF):
		return &Failure{Kind: FailGarbage, Message: "The upstream sent something that is not a chat chunk.", cause: err}
	case s.finish != "":
		return nil // the answer itself is whole
	}
	return &Failure{Kind: FailHangUp, Message: "The upstream hung up in the middle of a chunk."}
}

// Completion takes a whole buffered answer.
func (s *Stream) Completion(body []byte) error {
	if err := s.read(body); errors.Is(err, io.ErrUnexpectedEOF) {
		return &Failure{Kind: FailHangUp, Message: "The upstream hung up in the middle of its answer."}
	} else if err != nil {
		return &Failure{Kind: FailGarbage, Message: "The upstream's answer is not valid JSON.", cause: err}
	}
	if err := s.apply(); err != nil {
		return err
	}
	if !s.chunk.hasChoice {
		return &Failure{Kind: FailGarbage, Message: "The upstream's answer holds no choices."}
	}
	if s.finish == "" {
		s.finish = "stop" // a whole JSON body is a whole answer
	}
	return nil
}

func (s *Stream) read(data []byte) error {
	s.reader = reader{src: data}
	s.chunk.reset()
	return s.chunk.read(&s.reader)
}

func (s *Stream) apply() error {
	c := &s.chunk
	if c.err != nil {
		return ClassifyError(0, c.err, c.errText.String())
	}
	if c.hasUsage {
		s.usage, s.hasUsage = c.usage, true
	}
	if !c.model.empty() && s.model != string(c.model.inner()) {
		s.model = c.model.String()
	}
	if in := s.thinkHalf.next(c.reasoning.inner()); len(in) > 0 {
		s.reasoning(in)
	}
	if len(c.details) > 2 { // not []
		s.thinkDetails(c.details, !c.reasoning.empty())
	}
	if len(c.calls) > 0 {
		s.structuredCalls()
	}
	for _, p := range c.content {
		if p.kind != partText {
			continue
		}
		if in := s.takeNotice(s.textHalf.next(p.text.inner())); len(in) > 0 {
			s.content(in)
		}
	}
	if in := s.textHalf.next(c.refusal.inner()); len(in) > 0 {
		s.text(in) // Codex renders no refusal parts
	}
	if len(c.calls) > 0 {
		s.structuredCalls() // once more: what is held of this chunk's text comes first
	}
	for i := range c.calls {
		s.call(&c.calls[i])
	}
	if !c.finish.empty() {
		s.finish = finishReason(c.finish.String())
	}
	return nil
}

// takeNotice keeps what ClawRouter glued to the answer out of its text.
func (s *Stream) takeNotice(in []byte) []byte {
	if !s.turn.cutNotices || s.sawText || len(in) == 0 {
		return in
	}
	notice, rest := cutNotice(in)
	if notice != "" {
		s.notice = notice
	}
	return rest
}

// text takes a piece of the answer's text, escaped.
func (s *Stream) text(in []byte) {
	if s.turn.Request.compact {
		s.summary = append(s.summary, in...)
		return
	}
	o := &s.open
	if o.kind != openMessage {
		if blank(in) {
			o.space = append(o.space, in...)
			return
		}
		space := append(o.space, in...)
		s.closeItem()
		s.openMessage()
		in = space
	}
	s.sawText = true
	o.text = append(o.text, in...)
	s.ev.delta(&o.delta, in)
}

// blank reports whether escaped text is only white space. Many models send a
// line break before they reason or call a tool; it is not worth a message.
func blank(in []byte) bool {
	for i := 0; i < len(in); i++ {
		switch in[i] {
		case ' ':
		case '\\':
			if i+1 < len(in) && (in[i+1] == 'n' || in[i+1] == 'r' || in[i+1] == 't') {
				i++
				continue
			}
			return false
		default:
			return false
		}
	}
	return true
}

func (s *Stream) openMessage() {
	o := &s.open
	*o = openItem{kind: openMessage, id: s.opts.NewID("msg_"), index: s.takeIndex()}
	s.mark()
	o.delta = newDelta(evTextDelta, o.id, o.index, "content_index")
	s.ev.start(evItemAdded)
	s.ev.int("output_index", o.index)
	s.ev.str(`,"item":{"id":"` + o.id + `","type":"message","status":"in_progress","role":"assistant","content":[]}`)
	s.ev.end()
	s.ev.item(evPartAdded, o.id, o.index)
	s.ev.str(`,"content_index":0,"part":{"type":"output_text","annotations":[],"logprobs":[],"text":""}`)
	s.ev.end()
}

func (s *Stream) takeIndex() int {
	s.nextOut++
	return s.nextOut - 1
}

// closeItem ends the open message or reasoning item, if any.
func (s *Stream) closeItem() {
	switch s.open.kind {
	case openMessage:
		s.endHalf(&s.textHalf)
		s.closeMessage()
	case openReasoning:
		s.endHalf(&s.thinkHalf)
		s.closeReasoning()
	}
	s.hide()
	s.open = openItem{}
}

func (s *Stream) endHalf(h *halves) {
	if in := h.end(); in != nil {
		s.open.text = append(s.open.text, in...)
		s.ev.delta(&s.open.delta, in)
	}
}

func (s *Stream) closeMessage() {
	o := &s.open
	s.ev.item(evTextDone, o.id, o.index)
	s.ev.str(`,"content_index":0,"logprobs":[]`)
	s.ev.escaped("text", o.text)
	s.ev.end()
	s.ev.item(evPartDone, o.id, o.index)
	s.ev.str(`,"content_index":0,"part":{"type":"output_text","annotations":[],"logprobs":[],"text":"`)
	s.ev.out = append(s.ev.out, o.text...)
	s.ev.str(`"}`)
	s.ev.end()
	item := append([]byte(`{"id":"`+o.id+`","type":"message","status":"`+string(s.itemStatus)+`","role":"assistant","content":[{"type":"output_text","annotations":[],"logprobs":[],"text":"`), o.text...)
	s.itemDone(o.index, append(item, `"}]}`...))
}

// itemDone writes output_item.done. Codex acts on it at once: a call starts to
// run, a text is kept even if the stream then breaks.
func (s *Stream) itemDone(index int, item []byte) {
	s.ev.start(evItemDone)
	s.ev.int("output_index", index)
	s.ev.raw("item", item)
	s.ev.end()
	s.keep(index, item)
}

// keptItem is one item of output: which, and its size in bytes.
type keptItem struct{ index, size int }

// keep puts a finished item where its output_index says: a text may be finished
// before the calls that came before it, which wait for the end of the answer.
func (s *Stream) keep(index int, item []byte) {
	if s.turn.mayRound() {
		s.round = append(s.round, bytes.Clone(item))
	}
	at := len(s.kept)
	for at > 0 && s.kept[at-1].index > index {
		at--
	}
	start := 0
	for _, k := range s.kept[:at] {
		start += k.size + len(",")
	}
	switch {
	case at < len(s.kept):
		s.output = slices.Insert(s.output, start, slices.Concat(item, []byte{','})...)
	case at > 0:
		s.output = append(append(s.output, ','), item...)
	default:
		s.output = append(s.output, item...)
	}
	s.kept = slices.Insert(s.kept, at, keptItem{index, len(item)})
}
