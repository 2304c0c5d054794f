package translate

import (
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// End takes the end of upstream's answer and writes the last events. Where the
// answer cannot be ended well it writes nothing and returns a *Failure; the
// caller then calls Fail, or Restart. An answer that was never said to be
// complete is such a case: half a call in it could be executed.
func (s *Stream) End() error {
	if s.done {
		return nil
	}
	switch {
	case s.finish == "":
		return &Failure{Kind: FailHangUp, Message: "The upstream hung up before its answer was complete."}
	case s.finish == "error":
		return &Failure{Kind: FailServer, Message: "The provider broke off its answer with an error."}
	}
	s.endContent()
	if s.empty() {
		return &Failure{Kind: FailEmpty, Message: "The model answered with nothing at all. Repeat the turn, or choose another model."}
	}
	st := statusCompleted
	switch {
	case s.turn.Request.compact:
		s.endCompaction()
	case s.cut():
		s.dropHalfCalls()
		st = s.endEarly()
	case s.onlySearches():
		s.text([]byte(searchNote))
	}
	s.closeItem()
	s.finishCalls()
	s.endSearches()
	s.sealFindings()
	s.estimateUsage()
	s.last(st, nil, "")
	return nil
}

// empty reports whether the answer holds nothing that is worth an end.
func (s *Stream) empty() bool {
	if s.turn.Request.compact {
		return len(s.summary) == 0
	}
	return !s.Produced() && !s.cut()
}

// Produced reports whether any part of the answer, or of its round after a web
// search, was written. Until then the request may be sent again without the client
// knowing.
func (s *Stream) Produced() bool { return s.nextOut > s.roundOut }

// Restart forgets what was received of an answer of which nothing was Produced,
// so that the answer to a repeated request can follow.
func (s *Stream) Restart() {
	s.open, s.usage, s.hasUsage, s.finish, s.summary = openItem{}, Usage{}, false, "", nil
	s.textHalf, s.thinkHalf = halves{}, halves{}
	s.filter = newTextFilter(s)
}

// finishReasons are the words of other APIs for ends that the Chat API calls
// otherwise, in lower case: gateways pass them on. An end that is taken for a good
// one would have half a call run.
var finishReasons = map[string]string{
	"max_tokens": "length", "max_output_tokens": "length", "model_length": "length", // Anthropic and Google, some gateways, Mistral
	"model_context_window_exceeded": "length",
	"safety":                        "content_filter", "recitation": "content_filter", "prohibited_content": "content_filter", // Google
	"blocklist": "content_filter", "spii": "content_filter", "language": "content_filter",
	"sensitive": "content_filter", "refusal": "content_filter", // Z.ai, Anthropic
	"network_error": "error", "insufficient_system_resource": "error", // Z.ai, DeepSeek
	"null": "", // not over yet
}

// finishReason is what upstream calls the end, in the Chat API's words.
func finishReason(said string) string {
	if known, ok := finishReasons[strings.ToLower(said)]; ok {
		return known
	}
	return said
}

// cut reports whether the answer ended before the model was done.
func (s *Stream) cut() bool { return s.finish == "length" || s.finish == "content_filter" }

// endEarly ends an answer that was cut. Codex fails the whole turn on
// response.incomplete, text and all, so for Codex the turn is completed with a
// note; other clients get the API's own form.
func (s *Stream) endEarly() status {
	if !s.turn.Codex {
		s.itemStatus = statusIncomplete
		return statusIncomplete
	}
	note := cutNote
	if s.finish == "content_filter" {
		note = filterNote
	}
	if s.open.kind == openMessage {
		note = paragraph + note
	}
	s.text([]byte(note))
	return statusCompleted
}

const (
	cutNote    = `[The answer was cut off here: it reached the limit of output tokens. Ask the model to go on.]`
	searchNote = `[The model asked for more web searches than one turn may have. Ask it to go on.]`
	filterNote = `[The provider's content filter ended the answer here.]`
)

// dropHalfCalls keeps calls whose arguments were cut from being run. Codex runs
// every call that it is given as done, whatever its status says, so it is given
// none; other clients see the call, marked as incomplete.
func (s *Stream) dropHalfCalls() {
	kept := s.calls[:0]
	for _, c := range s.calls {
		c.cut = len(c.args) == 0 || !jsontext.Value(unescape(nil, c.args)).IsValid()
		if !c.cut || !s.turn.Codex {
			kept = append(kept, c)
		}
	}
	s.calls = kept
}

// Fail ends the answer with response.failed and that code. Text that was already
// finished stays with the client; nothing half done is given as done.
func (s *Stream) Fail(f *Failure, code string) {
	if s.done {
		return
	}
	s.last(statusFailed, f, code)
}

func (s *Stream) last(st status, f *Failure, code string) {
	s.done = true
	s.response = func() []byte { return s.appendResponse(nil, st, f, code) }
	typ := map[status]string{statusCompleted: evCompleted, statusIncomplete: evIncomplete, statusFailed: evFailed}[st]
	s.ev.room(len(s.output) + s.echoSize())
	s.ev.start(typ)
	s.ev.str(`,"response":`)
	s.ev.out = s.appendResponse(s.ev.out, st, f, code)
	s.ev.end()
}

// Response returns the Response object that the answer ended in, for a client
// that asked for no stream; nil before End or Fail.
func (s *Stream) Response() []byte {
	if s.response == nil {
		return nil
	}
	return s.response()
}

// estimateUsage fills in what upstream did not tell: Codex decides by usage when
// to compact, and a session without it overflows.
func (s *Stream) estimateUsage() {
	if s.hasUsage {
		return
	}
	s.usage = Usage{Input: int64(s.turn.chatBytes) / 4, Output: int64(len(s.output)-s.roundByte) / 4, Estimated: true}
	s.usage.Total = s.usage.Input + s.usage.Output
}

// Result is what a turn came to, for the log and the ledger.
type Result struct {
	Model  string // as upstream named it
	Finish string // upstream's finish_reason in the Chat API's words, or ""
	Usage  Usage
	Calls  int
	Text   bool
	// Notice is what ClawRouter glued to the text: that a free model answered in
	// place of the one asked for, or that a budget ran out.
	Notice string
}

// Result tells what has been received so far.
func (s *Stream) Result() Result {
	return Result{Model: s.model, Finish: s.finish, Usage: s.usage, Calls: len(s.calls), Text: s.sawText, Notice: s.notice}
}

// saidDone notes upstream's [DONE], which some servers send instead of a
// finish_reason.
func (s *Stream) saidDone() {
	if s.finish == "" {
		s.finish = "stop"
	}
}

// isDone recognises the end marker of a chat stream.
func isDone(data []byte) bool { return strings.TrimSpace(string(data)) == "[DONE]" }
