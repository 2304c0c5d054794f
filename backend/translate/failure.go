package translate

import (
	"fmt"
	"time"
)

// FailureKind says what went wrong upstream, as far as it decides what the
// client is to do.
type FailureKind string

const (
	FailGarbage     FailureKind = "garbage"      // not JSON, not a chunk
	FailHangUp      FailureKind = "hang_up"      // ended before it said so
	FailUnreachable FailureKind = "unreachable"  // no connection
	FailTimeout     FailureKind = "timeout"      // silent for too long
	FailRefused     FailureKind = "refused"      // a status or error that a repeat cannot mend
	FailBusy        FailureKind = "busy"         // rate limit or overload: a later repeat may help
	FailServer      FailureKind = "server_error" // the provider's own failure
	FailContext     FailureKind = "context"      // the input does not fit
	FailEmpty       FailureKind = "empty"        // an answer with nothing in it
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

// Code is the error code that makes Codex do the sensible thing: invalid_prompt
// is shown verbatim and not repeated, rate_limit_exceeded is repeated after the
// delay named in the message, server_error is repeated at once.
func (f *Failure) Code() string {
	switch f.Kind {
	case FailBusy:
		return "rate_limit_exceeded"
	case FailContext:
		return "context_length_exceeded"
	case FailServer, FailHangUp, FailEmpty:
		return "server_error"
	}
	return "invalid_prompt"
}

// Text is the message for the client; a delay is told in the words that Codex
// reads it from.
func (f *Failure) Text() string {
	if f.Kind == FailBusy && f.RetryAfter > 0 {
		return fmt.Sprintf("%s Please try again in %.3gs.", f.Message, f.RetryAfter.Seconds())
	}
	return f.Message
}

// appendError writes the error member of a Response object.
func (f *Failure) appendError(dst []byte) []byte {
	if f == nil {
		return append(dst, `null`...)
	}
	dst = append(dst, `{"code":"`+f.Code()+`","message":`...)
	dst = appendQuoted(dst, f.Text())
	return append(dst, '}')
}

// upstreamError reads an error that came inside a 200 answer: an object
// {message,type,code,status}, or a plain string with the message beside it.
func upstreamError(raw []byte, beside text) *Failure {
	return ClassifyError(0, raw, beside.String())
}
