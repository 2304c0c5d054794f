package translate

import (
	"bytes"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// oneLine returns JSON without line breaks: one in an event's data would end it.
// Requests that a person wrote are full of them; those of programs have none.
func oneLine(v []byte) []byte {
	if bytes.IndexByte(v, '\n') < 0 && bytes.IndexByte(v, '\r') < 0 {
		return v
	}
	compact := jsontext.Value(bytes.Clone(v))
	if compact.Compact(readOptions...) != nil {
		return nil
	}
	return compact
}

// flatten prepares what the response object repeats of the request, once.
func (req *Request) flatten() {
	e := &req.echo
	for _, v := range []*[]byte{
		&req.tools, &req.toolChoice, &req.parallel, &req.text.format,
		&e.temperature, &e.topP, &e.topLogprobs, &e.presencePenalty, &e.frequencyPenalty, &e.metadata, &e.truncation,
		&e.user, &e.serviceTier, &e.safety, &e.promptCacheKey, &e.maxToolCalls,
	} {
		*v = oneLine(*v)
	}
}

type status string

const (
	statusInProgress status = "in_progress"
	statusCompleted  status = "completed"
	statusIncomplete status = "incomplete"
	statusFailed     status = "failed"
)

// appendResponse writes the Response object with every field that the API
// documents; strict clients refuse one that lacks any. failure and its code are
// set for statusFailed.
func (s *Stream) appendResponse(dst []byte, st status, failure *Failure, code string) []byte {
	str := func(v string) { dst = append(dst, v...) }
	str(`{"id":"` + s.id + `","object":"response","created_at":`)
	dst = strconv.AppendInt(dst, s.created, 10)
	str(`,"completed_at":`)
	if st == statusCompleted {
		dst = strconv.AppendInt(dst, s.opts.Now().Unix(), 10)
	} else {
		str(`null`)
	}
	str(`,"status":"` + string(st) + `","error":`)
	dst = failure.appendError(dst, code)
	str(`,"incomplete_details":`)
	if st == statusIncomplete {
		str(`{"reason":"` + s.incompleteReason() + `"}`)
	} else {
		str(`null`)
	}
	str(`,"model":`)
	dst = appendQuoted(dst, s.model)
	str(`,"output":[`)
	if st != statusInProgress {
		dst = append(dst, s.output...)
	}
	str(`],"usage":`)
	if st == statusInProgress || st == statusFailed && !s.hasUsage {
		str(`null`)
	} else {
		dst = s.told().append(dst)
	}
	dst = s.appendEcho(dst)
	return append(dst, `,"previous_response_id":null,"conversation":null,"prompt":null,"prompt_cache_retention":null,"moderation":null,"store":false,"background":false,"access_programs":null}`...)
}

// appendEcho writes what the Response repeats of the request, and what it says where
// the request said nothing.
func (s *Stream) appendEcho(dst []byte) []byte {
	req := s.turn.Request
	orElse := func(name string, v []byte, other string) {
		dst = append(dst, `,"`+name+`":`...)
		if v == nil {
			dst = append(dst, other...)
			return
		}
		dst = append(dst, v...)
	}
	orElse("instructions", req.instructions, `null`)
	orElse("tools", s.turn.echoTools, `[]`)
	orElse("tool_choice", req.toolChoice, `"auto"`)
	orElse("parallel_tool_calls", req.parallel, `true`)
	orElse("reasoning", nil, s.reasoningEcho())
	orElse("text", nil, s.textEcho())
	orElse("temperature", req.echo.temperature, `1`)
	orElse("top_p", req.echo.topP, `1`)
	orElse("top_logprobs", req.echo.topLogprobs, `0`)
	orElse("presence_penalty", req.echo.presencePenalty, `0`)
	orElse("frequency_penalty", req.echo.frequencyPenalty, `0`)
	orElse("max_output_tokens", req.maxOutput, `null`)
	orElse("max_tool_calls", req.echo.maxToolCalls, `null`)
	orElse("metadata", req.echo.metadata, `{}`)
	orElse("truncation", req.echo.truncation, `"disabled"`)
	orElse("service_tier", req.echo.serviceTier, `"default"`)
	orElse("safety_identifier", req.echo.safety, `null`)
	orElse("prompt_cache_key", req.echo.promptCacheKey, `null`)
	orElse("user", req.echo.user, `null`)
	return dst
}

// echoSize is about the size of a Response without output, in bytes.
func (s *Stream) echoSize() int {
	return 2048 + len(s.turn.Request.instructions) + len(s.turn.echoTools) + len(s.turn.echoFormat)
}

func (s *Stream) reasoningEcho() string {
	o := s.turn.Request.reasoning
	effort, summary := `null`, `null`
	if !o.effort.empty() {
		effort = string(o.effort)
	}
	if !o.summary.empty() {
		summary = string(o.summary)
	}
	return `{"effort":` + effort + `,"summary":` + summary + `}`
}

func (s *Stream) textEcho() string {
	o := s.turn.Request.text
	format, verbosity := `{"type":"text"}`, `"medium"`
	if s.turn.echoFormat != nil {
		format = string(s.turn.echoFormat)
	}
	if !o.verbosity.empty() {
		verbosity = string(o.verbosity)
	}
	return `{"format":` + format + `,"verbosity":` + verbosity + `}`
}

// incompleteReason names why an answer ended early, in the API's words.
func (s *Stream) incompleteReason() string {
	if s.finish == "content_filter" {
		return "content_filter"
	}
	return "max_output_tokens"
}
