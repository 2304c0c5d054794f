package translate

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// FailureKind says what went wrong upstream, as far as it decides what is done.
type FailureKind string

const (
	FailRefused     FailureKind = "refused"      // a status or error that a repeat cannot mend
	FailContext     FailureKind = "context"      // the input does not fit the model's window
	FailBusy        FailureKind = "busy"         // rate limit or overload
	FailUnreachable FailureKind = "unreachable"  // no connection was made
	FailServer      FailureKind = "server_error" // upstream said that it failed
	FailHangUp      FailureKind = "hang_up"      // the connection broke, or the answer ended before its end
	FailGarbage     FailureKind = "garbage"      // not JSON, not a chunk
	FailEmpty       FailureKind = "empty"        // an answer with nothing in it
	FailStopped     FailureKind = "stopped"      // this bridge is being stopped
	FailBug         FailureKind = "bug"          // of this program
)

// Failure is an upstream failure. Message is shown to the user as it stands.
type Failure struct {
	Kind    FailureKind
	Status  int // HTTP status that upstream gave, or 0
	Message string
	// RetryAfter is the delay that upstream asked for, or 0.
	RetryAfter time.Duration
	cause      error
}

func (f *Failure) Error() string {
	if f.cause != nil {
		return fmt.Sprintf("%s: %v", f.Message, f.cause)
	}
	return f.Message
}

func (f *Failure) Unwrap() error { return f.cause }

// The error codes that leave the bridge. What Codex does at each was measured.
const (
	// CodeTell is shown to the user verbatim, and the request is not repeated.
	CodeTell = "invalid_prompt"
	// CodeRepeat is repeated by the client at once, as often as its settings say.
	CodeRepeat = "server_error"
	// CodeWait is repeated by the client after the delay that the message names.
	CodeWait = "rate_limit_exceeded"
	// CodeContext ends the turn with Codex's own advice to start a new thread.
	CodeContext = "context_length_exceeded"
)

// Situation is what decides, beside the failure itself, what is done about it.
type Situation struct {
	// Paid is set where the call may have been paid: it reached a ClawRouter,
	// which pays before it answers.
	Paid bool
	// Output is set where the client has already been given part of the answer.
	Output bool
}

// Remedy is what is done about a failure.
type Remedy struct {
	// Repeats is how often the bridge sends the request again before it tells
	// the client. It is 0 wherever the client repeats, so that never both do.
	Repeats int
	// SameBody says that the repeat must be the same to the byte: ClawRouter then
	// answers from memory, for 30 seconds, what was paid already (also by an attempt
	// before the one that failed). Where it is not set the body must differ, or the
	// same memory would answer with the error.
	SameBody bool
	// Code is what the client is told.
	Code string
}

// remedyRow is one row of the table; the first that fits decides.
type remedyRow struct {
	kind   FailureKind
	delay  condition // whether upstream named a delay
	paid   condition
	output condition
	remedy Remedy
}

// condition narrows a row: to yes, to no, or not at all.
type condition uint8

const (
	either condition = iota
	yes
	no
)

func (c condition) fits(v bool) bool { return c == either || (c == yes) == v }

// remedies is the one place that decides what a failure costs: how many requests
// are made for it, and whether the user reads why. docs/translation.md shows it.
var remedies = []remedyRow{
	{FailRefused, either, either, either, Remedy{Code: CodeTell}},
	{FailContext, either, either, either, Remedy{Code: CodeContext}},
	{FailStopped, either, either, either, Remedy{Code: CodeTell}},
	{FailBusy, yes, either, either, Remedy{Code: CodeWait}},
	{FailBusy, no, either, no, Remedy{Repeats: 2, Code: CodeTell}},
	{FailBusy, no, either, yes, Remedy{Code: CodeWait}},
	{FailUnreachable, either, either, either, Remedy{Repeats: 2, SameBody: true, Code: CodeTell}},
	{FailServer, yes, either, either, Remedy{Code: CodeWait}},
	{FailServer, no, either, no, Remedy{Repeats: 2, Code: CodeTell}},
	{FailHangUp, either, yes, no, Remedy{Repeats: 1, SameBody: true, Code: CodeTell}},
	{FailHangUp, either, no, no, Remedy{Repeats: 2, Code: CodeTell}},
	{FailGarbage, either, yes, either, Remedy{Code: CodeTell}},
	{FailGarbage, either, no, no, Remedy{Repeats: 1, Code: CodeTell}},
	{FailEmpty, either, yes, either, Remedy{Code: CodeTell}},
	{FailEmpty, either, no, either, Remedy{Repeats: 1, Code: CodeTell}},
	// Part of the answer is with the client, so only the client can start over.
	{FailServer, no, either, yes, Remedy{Code: CodeRepeat}},
	{FailHangUp, either, either, yes, Remedy{Code: CodeRepeat}},
	{FailGarbage, either, no, yes, Remedy{Code: CodeRepeat}},
}

// maxWait is the longest delay that a client is told to wait. Codex sits out any,
// and a turn that stands still for hours looks as if it hung: who is out of quota
// for the day is told so instead.
const maxWait = 10 * time.Minute

// Remedy looks the failure up in the table.
func (f *Failure) Remedy(s Situation) Remedy {
	if f.RetryAfter > maxWait {
		return Remedy{Code: CodeTell}
	}
	for _, r := range remedies {
		if r.kind == f.Kind && r.delay.fits(f.RetryAfter > 0) && r.paid.fits(s.Paid) && r.output.fits(s.Output) {
			return r.remedy
		}
	}
	return Remedy{Code: CodeTell}
}

// Text is the message for a client that is told code; a delay is told in the
// words that Codex reads it from.
func (f *Failure) Text(code string) string {
	var delay string
	switch {
	case code == CodeWait && f.RetryAfter > 0:
		delay = strconv.FormatFloat(f.RetryAfter.Round(time.Millisecond).Seconds(), 'f', -1, 64) + "s"
	case f.RetryAfter > maxWait:
		delay = f.RetryAfter.Round(time.Second).String()
	}
	if delay == "" || strings.Contains(f.Message, "try again in "+delay) {
		return f.Message
	}
	return f.Message + " Please try again in " + delay + "."
}

// appendError writes the error member of a Response object.
func (f *Failure) appendError(dst []byte, code string) []byte {
	if f == nil {
		return append(dst, `null`...)
	}
	dst = append(dst, `{"code":"`+code+`","message":`...)
	dst = appendQuoted(dst, f.Text(code))
	return append(dst, '}')
}
