package translate

import (
	"slices"
	"strconv"
)

// events writes server-sent events of the Responses API into a buffer.
type events struct {
	out []byte
	seq int64
}

// maxHeldEvents is the room for events that a stream keeps while it waits, in bytes.
const maxHeldEvents = 4 << 10

// eventPool holds room for the events that repeat the request, which come twice at
// the beginning of an answer and once at its end: with Codex's tools, some 80 KB an
// answer that are else allocated anew.
var eventPool roomPool

// room makes room for n more bytes.
func (e *events) room(n int) {
	if e.out == nil {
		e.out = eventPool.take(n)
	}
	e.out = slices.Grow(e.out, n)
}

// ready makes room where the last events were taken and written.
func (e *events) ready() {
	if e.out == nil {
		e.out = eventPool.take(maxHeldEvents)
	}
}

// start opens one event; the caller appends `,"field":…` and calls end.
func (e *events) start(typ string) {
	e.ready()
	e.out = append(e.out, "event: "...)
	e.out = append(e.out, typ...)
	e.out = append(e.out, "\ndata: {\"type\":\""...)
	e.out = append(e.out, typ...)
	e.out = append(e.out, `","sequence_number":`...)
	e.out = strconv.AppendInt(e.out, e.seq, 10)
	e.seq++
}

func (e *events) end() { e.out = append(e.out, "}\n\n"...) }

func (e *events) str(s string) { e.out = append(e.out, s...) }

func (e *events) int(name string, n int) {
	e.str(`,"` + name + `":`)
	e.out = strconv.AppendInt(e.out, int64(n), 10)
}

// escaped writes a member whose value is the inside of a JSON string already.
func (e *events) escaped(name string, in []byte) {
	e.str(`,"` + name + `":"`)
	e.out = append(e.out, in...)
	e.str(`"`)
}

// raw writes a member whose value is JSON already.
func (e *events) raw(name string, v []byte) {
	e.str(`,"` + name + `":`)
	e.out = append(e.out, v...)
}

// item starts an event about an item: where it stands and which it is.
func (e *events) item(typ, id string, outputIndex int) {
	e.start(typ)
	e.str(`,"item_id":"`)
	e.str(id)
	e.str(`"`)
	e.int("output_index", outputIndex)
}

// deltaEvent is the frame of an event that comes once for each token, made once
// for each item: only the sequence number and the delta change.
type deltaEvent struct{ head, middle []byte }

// newDelta makes the frame; index is the name of the part's index, or "".
func newDelta(typ, id string, outputIndex int, index string) deltaEvent {
	head := "event: " + typ + "\ndata: {\"type\":\"" + typ + `","sequence_number":`
	middle := `,"item_id":"` + id + `","output_index":` + strconv.Itoa(outputIndex)
	if index != "" {
		middle += `,"` + index + `":0`
	}
	if typ == evTextDelta {
		middle += `,"logprobs":[]`
	}
	return deltaEvent{head: []byte(head), middle: []byte(middle + `,"delta":"`)}
}

// delta writes one event; in is the inside of a JSON string.
func (e *events) delta(d *deltaEvent, in []byte) {
	e.ready()
	e.out = append(e.out, d.head...)
	e.out = strconv.AppendInt(e.out, e.seq, 10)
	e.seq++
	e.out = append(e.out, d.middle...)
	e.out = append(e.out, in...)
	e.out = append(e.out, "\"}\n\n"...)
}

// The names of the events, as the Responses API spells them.
const (
	evCreated          = "response.created"
	evInProgress       = "response.in_progress"
	evCompleted        = "response.completed"
	evIncomplete       = "response.incomplete"
	evFailed           = "response.failed"
	evItemAdded        = "response.output_item.added"
	evItemDone         = "response.output_item.done"
	evPartAdded        = "response.content_part.added"
	evPartDone         = "response.content_part.done"
	evTextDelta        = "response.output_text.delta"
	evTextDone         = "response.output_text.done"
	evArgumentsDelta   = "response.function_call_arguments.delta"
	evArgumentsDone    = "response.function_call_arguments.done"
	evInputDelta       = "response.custom_tool_call_input.delta"
	evInputDone        = "response.custom_tool_call_input.done"
	evSummaryPartAdded = "response.reasoning_summary_part.added"
	evSummaryPartDone  = "response.reasoning_summary_part.done"
	evSummaryDelta     = "response.reasoning_summary_text.delta"
	evSummaryDone      = "response.reasoning_summary_text.done"
	evSearchProgress   = "response.web_search_call.in_progress"
	evSearchSearching  = "response.web_search_call.searching"
	evSearchCompleted  = "response.web_search_call.completed"
	evReasoningDelta   = "response.reasoning_text.delta"
	evReasoningDone    = "response.reasoning_text.done"
)
