package translate

import (
	"slices"
	"strconv"
)

// toolOptions writes tool_choice and parallel_tool_calls. noCalls says that the
// tools are there for the history only.
func (req *Request) toolOptions(w *chatWriter, turn *Turn, noCalls bool) {
	choice := req.chatToolChoice(turn)
	if w.to.SearchRounds > 0 && choice != `"none"` {
		choice = "" // a call was demanded, and made
	}
	if noCalls {
		choice = `"none"`
	}
	if choice != "" {
		w.str(`,"tool_choice":`)
		w.str(choice)
	}
	if string(req.parallel) == "true" || string(req.parallel) == "false" {
		w.str(`,"parallel_tool_calls":`)
		w.dst = append(w.dst, req.parallel...)
	}
}

// chatToolChoice maps tool_choice; "" leaves the upstream's default, which is
// auto everywhere. A choice of a tool that is not offered falls back to it.
func (req *Request) chatToolChoice(turn *Turn) string {
	raw := req.toolChoice
	switch {
	case len(raw) == 0 || string(raw) == "null":
		return ""
	case raw[0] == '"':
		switch t := text(raw); {
		case t.is("auto"), t.is("none"), t.is("required"):
			return string(raw)
		}
		return ""
	}
	choice := readToolChoice(raw)
	if choice.typ.is("allowed_tools") {
		if choice.mode.is("required") {
			return `"required"`
		}
		return `"auto"`
	}
	ref, ok := choice.ref()
	up, offered := turn.names.byRef[ref]
	if !ok || !offered {
		return ""
	}
	return `{"type":"function","function":{"name":"` + up + `"}}`
}

// allowed leaves the tools that tool_choice allows, where it names any: most upstreams
// know no such choice.
func (req *Request) allowed(turn *Turn, tools []chatTool) []chatTool {
	if len(req.toolChoice) == 0 || req.toolChoice[0] != '{' {
		return tools
	}
	choice := readToolChoice(req.toolChoice)
	if !choice.typ.is("allowed_tools") {
		return tools
	}
	names := map[string]bool{}
	r := newReader(choice.tools)
	_ = r.array(func() error {
		raw, err := r.raw()
		if err == nil {
			if ref, ok := readToolChoice(raw).ref(); ok {
				names[turn.names.byRef[ref]] = true
			}
		}
		return err
	})
	// The list belongs to all requests that have it from the ToolCache.
	return slices.DeleteFunc(slices.Clone(tools), func(t chatTool) bool { return !names[t.name] })
}

type toolChoice struct {
	typ, name, mode text
	tools           []byte
}

// ref is the tool that a choice names.
func (c toolChoice) ref() (ref toolRef, ok bool) {
	switch c.typ.String() {
	case "function":
		return toolRef{name: c.name.String()}, true
	case "custom":
		return toolRef{kind: toolCustom, name: c.name.String()}, true
	case "web_search", "web_search_preview":
		return webSearchRef, true
	}
	return toolRef{}, false
}

func readToolChoice(raw []byte) (c toolChoice) {
	r := newReader(raw)
	_ = r.object(func(key []byte) (err error) { // raw was already read once as valid JSON
		switch string(key) {
		case "tools":
			c.tools, err = r.rawKind('[')
		case "type":
			c.typ, err = r.text()
		case "name":
			c.name, err = r.text()
		case "mode":
			c.mode, err = r.text()
		default:
			err = r.skip()
		}
		return err
	})
	return c
}

// options writes everything of a chat request but messages and tools.
func (req *Request) options(w *chatWriter, family, model string) error {
	if w.to.Stream {
		w.str(`,"stream":true,"stream_options":{"include_usage":true}`)
	}
	req.maxTokens(w)
	if e := req.reasoning.effort; !e.empty() && !w.to.NoReasoning {
		if name := effortFor(family, model, e.String()); name != "" {
			w.str(`,"reasoning_effort":"` + name + `"`)
		}
	}
	req.pass(w, family)
	if err := req.responseFormat(w); err != nil {
		return err
	}
	if req.echo.user != nil { // last, where Vary finds it
		w.str(`,"user":`)
		w.dst = append(w.dst, req.echo.user...)
	}
	return nil
}

// pass writes the fields that Chat spells as Responses does. Some mean something
// only to OpenAI, and strict providers refuse what they do not know.
func (req *Request) pass(w *chatWriter, family string) {
	for _, f := range []struct {
		name       string
		value      []byte
		openAIOnly bool
	}{
		{"verbosity", req.text.verbosity, true},
		{"temperature", req.echo.temperature, false},
		{"top_p", req.echo.topP, false},
		{"presence_penalty", req.echo.presencePenalty, false},
		{"frequency_penalty", req.echo.frequencyPenalty, false},
		{"stop", req.echo.stop, false},
		{"seed", req.echo.seed, false},
		{"service_tier", req.echo.serviceTier, true},
		{"prompt_cache_key", req.echo.promptCacheKey, true},
	} {
		if f.value != nil && (!f.openAIOnly || family == "openai") {
			w.str(`,"` + f.name + `":`)
			w.dst = append(w.dst, f.value...)
		}
	}
}

func (req *Request) maxTokens(w *chatWriter) {
	field := w.to.MaxTokensField
	if field == "" {
		field = "max_tokens"
	}
	switch {
	case req.maxOutput != nil:
		w.str(`,"` + field + `":`)
		w.dst = append(w.dst, req.maxOutput...)
	case w.to.MaxTokens > 0:
		w.str(`,"` + field + `":`)
		w.dst = strconv.AppendInt(w.dst, int64(w.to.MaxTokens), 10)
	}
}

// responseFormat maps text.format: Responses keeps name, schema and strict flat,
// Chat nests them.
func (req *Request) responseFormat(w *chatWriter) error {
	if req.text.format == nil {
		return nil
	}
	var typ, name, description text
	var schema, strict []byte
	r := newReader(req.text.format)
	err := r.object(func(key []byte) (err error) {
		switch string(key) {
		case "type":
			typ, err = r.text()
		case "name":
			name, err = r.text()
		case "description":
			description, err = r.text()
		case "schema":
			schema, err = r.raw()
		case "strict":
			strict, err = r.raw()
		default:
			err = r.skip()
		}
		return err
	})
	if err != nil {
		return asRequestError(err)
	}
	switch {
	case typ.is("json_object"):
		w.str(`,"response_format":{"type":"json_object"}`)
	case typ.is("json_schema") && schema != nil:
		w.str(`,"response_format":{"type":"json_schema","json_schema":{"name":`)
		if name.empty() {
			name = text(`"answer"`)
		}
		w.dst = append(w.dst, name...)
		if !description.empty() {
			w.str(`,"description":`)
			w.dst = append(w.dst, description...)
		}
		w.str(`,"schema":`)
		w.dst = append(w.dst, schema...)
		if string(strict) == "true" || string(strict) == "false" {
			w.str(`,"strict":`)
			w.dst = append(w.dst, strict...)
		}
		w.str(`}}`)
	}
	return nil
}
