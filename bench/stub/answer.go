package stub

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Answer orders one answer. The zero value of each field leaves that part out.
type Answer struct {
	Chunks    int           // chunks of text
	Size      int           // bytes of text in a chunk, at least 1
	Reasoning int           // chunks of reasoning before the text
	Calls     int           // tool calls after the text: exec_command, apply_patch, exec_command, …
	Gated     bool          // waits for the gate before its headers, and again after its first text
	Delay     time.Duration // between two chunks, on a fixed timetable
	Write     int           // chunks that go out in one write when Delay is 0; at least 1
	Buffered  bool          // as ClawRouter: the whole text in one chunk, or in one JSON body
	Stamp     bool          // each chunk of text says when it was written, for measuring its delay
}

// The marker's ends. Nothing in it is ever escaped in JSON.
const (
	markerOpen  = "[[stub "
	markerClose = "]]"
)

// Marker is a as text to be put into a prompt; ParseMarker is its inverse.
func (a Answer) Marker() string {
	return fmt.Sprintf("%schunks=%d size=%d reasoning=%d calls=%d gated=%t delay=%s write=%d buffered=%t stamp=%t%s", markerOpen,
		a.Chunks, a.Size, a.Reasoning, a.Calls, a.Gated, a.Delay, a.Write, a.Buffered, a.Stamp, markerClose)
}

// ParseMarker reads the first marker in s. Fields it does not name are 0.
func ParseMarker(s string) (Answer, error) {
	_, s, ok := strings.Cut(s, markerOpen)
	fields, _, closed := strings.Cut(s, markerClose)
	if !ok || !closed {
		return Answer{}, fmt.Errorf("no %s…%s in the request", markerOpen, markerClose)
	}
	var a Answer
	for field := range strings.FieldsSeq(fields) {
		if err := a.set(field); err != nil {
			return Answer{}, fmt.Errorf("marker field %q: %w", field, err)
		}
	}
	return a, nil
}

func (a *Answer) set(field string) (err error) {
	name, value, _ := strings.Cut(field, "=")
	switch name {
	case "chunks":
		a.Chunks, err = count(value)
	case "size":
		a.Size, err = count(value)
	case "reasoning":
		a.Reasoning, err = count(value)
	case "calls":
		a.Calls, err = count(value)
	case "write":
		a.Write, err = count(value)
	case "gated":
		a.Gated, err = strconv.ParseBool(value)
	case "delay":
		a.Delay, err = time.ParseDuration(value)
	case "buffered":
		a.Buffered, err = strconv.ParseBool(value)
	case "stamp":
		a.Stamp, err = strconv.ParseBool(value)
	default:
		err = fmt.Errorf("unknown name")
	}
	return err
}

// count bounds what a marker may ask for, so that a slip of the pen in a
// scenario cannot fill the machine.
func count(s string) (int, error) {
	const most = 1_000_000
	n, err := strconv.Atoi(s)
	if err == nil && (n < 0 || n > most) {
		err = fmt.Errorf("must be from 0 to %d", most)
	}
	return n, err
}

// text is the i-th chunk: a word and a space, as a tokenizer would cut it.
func text(i, size int) string {
	const letters = "etaoinshrdlucmfwypvbgkqjxz"
	b := make([]byte, max(size, 1))
	for j := range b {
		b[j] = letters[(i*7+j*3)%len(letters)]
	}
	b[len(b)-1] = ' '
	return string(b)
}

// Text is all text of the answer, which is what a client must end up with. It
// is not known beforehand when a.Stamp is set.
func (a Answer) Text() string {
	var b strings.Builder
	for i := range a.Chunks {
		b.WriteString(text(i, a.Size))
	}
	return b.String()
}

// Thoughts is all reasoning of the answer.
func (a Answer) Thoughts() string {
	var b strings.Builder
	for i := range a.Reasoning {
		b.WriteString(text(i+3, 6))
	}
	return b.String()
}

// Call is one tool call as the model makes it.
type Call struct{ ID, Name, Arguments string }

// ToolCalls are the calls of the answer. The patch is a freeform tool, so its
// arguments are what package body offers upstream for one: a string "input".
func (a Answer) ToolCalls() []Call {
	calls := make([]Call, a.Calls)
	for i := range calls {
		calls[i] = Call{ID: fmt.Sprintf("call_stub_%d", i), Name: "exec_command",
			Arguments: `{"cmd":"go test ./internal/window/... -run TestSplit -count=1","workdir":"/home/dev/project"}`}
		if i%2 == 1 {
			calls[i].Name = "apply_patch"
			calls[i].Arguments = `{"input":"*** Begin Patch\n*** Update File: window.go\n@@\n-\treturn n\n+\treturn n + 1\n*** End Patch\n"}`
		}
	}
	return calls
}

// Freeform is the call's input as a client of the Responses API gets it: the
// text of a custom tool without the JSON around it, else the arguments.
func (c Call) Freeform() string {
	var args struct{ Input string }
	if c.Name == "apply_patch" && json.Unmarshal([]byte(c.Arguments), &args) == nil {
		return args.Input
	}
	return c.Arguments
}
