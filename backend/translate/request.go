package translate

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// Request is one decoded Responses request. It keeps slices of the body it was
// decoded from, so the body must not change while it is in use.
type Request struct {
	// Model is the name that the client asked for.
	Model string
	// Stream tells whether the client wants events (true) or one JSON object.
	Stream bool
	// EncryptedReasoning tells whether include names reasoning.encrypted_content.
	EncryptedReasoning bool
	// Unknown lists the top-level fields that nobody here knows, for the log:
	// Codex changes every week and an unknown field is no reason to fail.
	Unknown []string
	// UnknownItems lists the types of input items that are left out.
	UnknownItems []string

	compact      bool
	instructions text
	items        []item
	room         *itemRoom // that items were read into, nil for none
	tools        []byte    // raw array, echoed in the response object
	toolChoice   []byte
	parallel     []byte
	reasoning    reasoningOptions
	text         textOptions
	maxOutput    []byte
	echo         echo
}

// reasoningOptions is the request's "reasoning" object.
type reasoningOptions struct {
	effort  text
	summary text
}

// textOptions is the request's "text" object.
type textOptions struct {
	format    []byte
	verbosity text
}

// echo holds what the response object repeats of the request, and what goes
// upstream as it is.
type echo struct {
	temperature, topP, topLogprobs      []byte
	presencePenalty, frequencyPenalty   []byte
	metadata, truncation, user          []byte
	serviceTier, safety, promptCacheKey []byte
	maxToolCalls, stop, seed            []byte
}

// Effort is the reasoning effort that the client asked for, or "".
func (req *Request) Effort() string { return req.reasoning.effort.String() }

// MaxOutputTokens is the client's own limit of output, in tokens, or 0.
func (req *Request) MaxOutputTokens() int {
	n, err := strconv.Atoi(string(req.maxOutput))
	if err != nil {
		return 0
	}
	return n
}

// RequestError is what is wrong with a request, in OpenAI's error shape. Its
// HTTP status is always 400: a repeat of the same request cannot help.
type RequestError struct {
	Message string
	Param   string // the field at fault as a path, or ""
	Code    string // OpenAI's code, or ""
}

func (e *RequestError) Error() string { return e.Message }

// DecodeRequest reads the body of a POST /v1/responses. A *RequestError tells
// the client what is wrong. Unknown fields and item types are tolerated.
func DecodeRequest(body []byte) (*Request, error) {
	r := newReader(body)
	req, err := readRequest(r)
	if err != nil || r.odd {
		req, err = readRequest(newReader(sanitize(body))) // rare: nobody looks for it beforehand
	}
	return req, err
}

func readRequest(r *reader) (*Request, error) {
	if r.kind() != '{' {
		return nil, notJSON(r)
	}
	req := &Request{}
	if err := r.object(func(key []byte) error { return req.field(r, key) }); err != nil {
		return nil, asRequestError(err)
	}
	if !r.atEnd() {
		return nil, &RequestError{Message: "The request body has something after its JSON object."}
	}
	if req.Model == "" {
		return nil, &RequestError{Message: "The request names no model.", Param: "model", Code: "missing_required_parameter"}
	}
	req.flatten()
	return req, nil
}

func notJSON(r *reader) error {
	if err := r.skip(); err != nil {
		return asRequestError(err)
	}
	return &RequestError{Message: "The request body must be a JSON object."}
}

func asRequestError(err error) error {
	var known *RequestError
	if errors.As(err, &known) {
		return known
	}
	var syntax *jsontext.SyntacticError
	if errors.As(err, &syntax) {
		return &RequestError{
			Message: fmt.Sprintf("The request body is not valid JSON at byte %d: %v.", syntax.ByteOffset, syntax.Err),
			Param:   string(syntax.JSONPointer),
		}
	}
	return &RequestError{Message: "The request body is not valid JSON: " + err.Error() + "."}
}

// unsupported refuses what would need state that this bridge does not keep.
func unsupported(param, why string) error {
	return &RequestError{Message: fmt.Sprintf("%q is not supported here: %s", param, why), Param: param, Code: "unsupported_parameter"}
}

func (req *Request) field(r *reader, key []byte) (err error) {
	switch string(key) {
	case "model":
		var t text
		t, err = r.text()
		req.Model = t.String()
	case "stream":
		req.Stream, err = r.flag()
	case "instructions":
		req.instructions, err = r.text()
	case "input":
		err = req.readInput(r)
	case "tools":
		req.tools, err = r.rawKind('[')
	case "tool_choice":
		req.toolChoice, err = r.unlessNull()
	case "parallel_tool_calls":
		req.parallel, err = r.unlessNull()
	case "reasoning":
		err = req.reasoning.read(r)
	case "text":
		err = req.text.read(r)
	case "include":
		err = r.array(func() error {
			t, err := r.text()
			if t.is("reasoning.encrypted_content") {
				req.EncryptedReasoning = true
			}
			return err
		})
	case "max_output_tokens":
		req.maxOutput, err = r.rawKind('0')
	default:
		return req.rareField(r, key)
	}
	return err
}

// rareField reads the fields that Codex does not send, but other clients do.
func (req *Request) rareField(r *reader, key []byte) error {
	if dst := req.echo.field(string(key)); dst != nil {
		v, err := r.unlessNull()
		*dst = v
		return err
	}
	switch string(key) {
	case "previous_response_id", "conversation", "prompt":
		if r.kind() != 'n' {
			return unsupported(string(key), "the bridge keeps no conversations; send the whole input instead.")
		}
	case "store":
		on, err := r.flag()
		if on {
			return unsupported("store", "the bridge keeps no answers; send false.")
		}
		return err
	case "background":
		on, err := r.flag()
		if on {
			return unsupported("background", "the bridge answers at once or not at all.")
		}
		return err
	case "client_metadata", "stream_options", "prompt_cache_retention", "prompt_cache_options", "moderation":
		// Known, and of no meaning to a Chat upstream.
	default:
		req.Unknown = appendTold(req.Unknown, string(key))
	}
	return r.skip()
}

func (e *echo) field(key string) *[]byte {
	switch key {
	case "temperature":
		return &e.temperature
	case "top_p":
		return &e.topP
	case "top_logprobs":
		return &e.topLogprobs
	case "presence_penalty":
		return &e.presencePenalty
	case "frequency_penalty":
		return &e.frequencyPenalty
	case "metadata":
		return &e.metadata
	case "truncation":
		return &e.truncation
	case "user":
		return &e.user
	case "service_tier":
		return &e.serviceTier
	case "safety_identifier":
		return &e.safety
	case "prompt_cache_key":
		return &e.promptCacheKey
	case "max_tool_calls":
		return &e.maxToolCalls
	case "stop":
		return &e.stop
	case "seed":
		return &e.seed
	}
	return nil
}

func (o *reasoningOptions) read(r *reader) error {
	return r.object(func(key []byte) (err error) {
		switch string(key) {
		case "effort":
			o.effort, err = r.text()
		case "summary":
			o.summary, err = r.text()
		default:
			err = r.skip()
		}
		return err
	})
}

func (o *textOptions) read(r *reader) error {
	return r.object(func(key []byte) (err error) {
		switch string(key) {
		case "format":
			o.format, err = r.rawKind('{')
		case "verbosity":
			o.verbosity, err = r.text()
		default:
			err = r.skip()
		}
		return err
	})
}

// flag reads a boolean; anything else is false.
func (r *reader) flag() (bool, error) {
	v, err := r.raw()
	return string(v) == "true", err
}

// unlessNull reads the next value; null gives nil, as if it were not there.
func (r *reader) unlessNull() ([]byte, error) {
	if r.kind() == 'n' {
		return nil, r.skip()
	}
	return r.raw()
}

// rawKind reads the next value if it is of that kind; any other gives nil.
func (r *reader) rawKind(kind byte) ([]byte, error) {
	if r.kind() != kind {
		return nil, r.skip()
	}
	return r.raw()
}
