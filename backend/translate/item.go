package translate

import (
	"bytes"
	"fmt"
	"slices"
)

// item is one element of the request's input, of any type. Only the fields that
// its type has are set; all of them are slices of the request body.
type item struct {
	kind      itemKind
	raw       []byte
	id        text
	typ       text // as the client wrote it
	role      text
	name      text
	namespace text
	callID    text
	arguments []byte // raw: a string for function calls, any value elsewhere
	input     text   // of a custom tool call
	content   []part
	output    []part
	summary   []part
	encrypted text
	tools     []byte    // raw array: tools that were found or added
	action    []byte    // raw object: what a hosted call did
	found     []finding // what searches came to; of our own reasoning items only

	// For the builder: the id of a call or its output, and an output's place.
	key   string
	next  *item // the output that follows under the same id
	taken bool  // a call has this output, wherever it stands
}

// itemKind is the type of an input item.
type itemKind uint8

const (
	itemUnknown itemKind = iota
	itemMessage
	itemReasoning
	itemFunctionCall
	itemFunctionOutput
	itemCustomCall
	itemCustomOutput
	itemToolSearchCall
	itemToolSearchOutput
	itemActionCall   // of a tool of OpenAI's that the client runs
	itemActionOutput // and what it returned
	itemHostedCall   // of a tool that a provider ran, with what it returned
	itemReference    // to an item of an earlier answer
	itemWebSearchCall
	itemAdditionalTools
	itemCompaction
	itemCompactionTrigger
	itemAgentMessage
)

var itemKinds = map[string]itemKind{
	"message":                 itemMessage,
	"reasoning":               itemReasoning,
	"function_call":           itemFunctionCall,
	"function_call_output":    itemFunctionOutput,
	"custom_tool_call":        itemCustomCall,
	"custom_tool_call_output": itemCustomOutput,
	"tool_search_call":        itemToolSearchCall,
	"tool_search_output":      itemToolSearchOutput,
	"local_shell_call":        itemActionCall,
	"local_shell_call_output": itemActionOutput,
	"shell_call":              itemActionCall,
	"shell_call_output":       itemActionOutput,
	"apply_patch_call":        itemActionCall,
	"apply_patch_call_output": itemActionOutput,
	"computer_call":           itemActionCall,
	"computer_call_output":    itemActionOutput,
	"file_search_call":        itemHostedCall,
	"code_interpreter_call":   itemHostedCall,
	"image_generation_call":   itemHostedCall,
	"mcp_call":                itemHostedCall,
	"item_reference":          itemReference,
	"web_search_call":         itemWebSearchCall,
	"additional_tools":        itemAdditionalTools,
	"compaction":              itemCompaction,
	"compaction_summary":      itemCompaction,
	"compaction_trigger":      itemCompactionTrigger,
	"agent_message":           itemAgentMessage,
}

// part is one element of a message's content or of a tool's output.
type part struct {
	kind   partKind
	text   text
	url    text // of an image: http, https or data
	detail text
}

// visible reports whether the part is an image that can be shown: one that only
// OpenAI holds, by file_id, cannot.
func (p part) visible() bool { return p.kind == partImage && !p.url.empty() }

// silent reports whether there is nothing to say of the part.
func (p part) silent() bool { return p.kind <= partText && p.text.empty() }

func silent(parts []part) bool {
	for _, p := range parts {
		if !p.silent() {
			return false
		}
	}
	return true
}

type partKind uint8

const (
	partUnknown partKind = iota
	partText
	partImage
	partFile
)

var partKinds = map[string]partKind{
	"input_text":        partText,
	"output_text":       partText,
	"text":              partText,
	"summary_text":      partText,
	"reasoning_text":    partText,
	"refusal":           partText,
	"encrypted_content": partText,
	"input_image":       partImage,
	"image_url":         partImage,

	"computer_screenshot": partImage,
	"input_file":          partFile,
}

// What a client may send is bounded in bytes by who reads it; these bound what becomes
// of it in memory. An item takes 400 bytes and can be written in three. Far more is
// allowed than the longest thread has.
const (
	maxItems = 200_000
	maxParts = 500_000
	maxTools = 10_000
)

func tooMany(what string, most int, param string) error {
	return &RequestError{Message: fmt.Sprintf("This request has more than %d %s, more than any model takes.", most, what), Param: param}
}

// maxTold is how many names of things that are not known here are kept, for the log.
const maxTold = 100

func appendTold(told []string, name string) []string {
	if len(told) == maxTold {
		return told
	}
	return append(told, name)
}

func (req *Request) readInput(r *reader) error {
	req.items = nil // of two inputs the last counts, as everywhere in JSON
	if r.kind() == '"' {
		t, err := r.text()
		req.items = append(req.items, item{kind: itemMessage, role: text(`"user"`), content: []part{{kind: partText, text: t}}})
		return err
	}
	if r.kind() != '[' {
		return &RequestError{Message: "input must be a string or an array of items.", Param: "input", Code: "invalid_type"}
	}
	req.room = itemRooms.Get().(*itemRoom)
	req.items, r.parts = req.room.items, room[part]{free: req.room.parts}
	defer func() { req.room.needed = r.parts.used }()
	return r.array(func() error {
		if len(req.items) == maxItems {
			return tooMany("items", maxItems, "input")
		}
		start := r.pos
		it, err := readItem(r)
		it.raw = r.src[start:r.pos]
		switch it.kind {
		case itemCompactionTrigger:
			req.compact = true
		case itemUnknown:
			req.UnknownItems = appendTold(req.UnknownItems, it.typ.String())
		}
		if err == nil {
			if n := len(req.items); n == cap(req.items) {
				req.items = slices.Grow(req.items, moreItems(n, r))
			}
			req.items = append(req.items, it)
		}
		return err
	})
}

// moreItems is for how many more items to make room after the first n: for as many as
// the rest of the request holds if they are like those, but for no more than three
// times n, because they may not be. An item takes 400 bytes, and where append alone
// makes the room, those of a request of 32 MB are copied four times, and translating it
// takes 1.4 × the time.
func moreItems(n int, r *reader) int {
	expected := float64(n) * float64(len(r.src)-r.pos) / float64(r.pos)
	return max(16, min(int(expected*1.1), 3*n))
}

func readItem(r *reader) (it item, err error) {
	err = r.object(func(key []byte) (err error) {
		switch string(key) {
		case "type":
			it.typ, err = r.text()
			it.kind = itemKinds[string(it.typ.inner())]
		case "id":
			it.id, err = r.text()
		case "role":
			it.role, err = r.text()
		case "content":
			it.content, err = readParts(r)
		case "output":
			it.output, err = readOutput(r)
		case "summary":
			it.summary, err = readParts(r)
		case "name":
			it.name, err = r.text()
		case "namespace":
			it.namespace, err = r.text()
		case "call_id":
			it.callID, err = r.text()
		case "arguments":
			it.arguments, err = r.raw()
		case "input":
			it.input, err = r.text()
		case "encrypted_content":
			it.encrypted, err = r.text()
		case "tools":
			it.tools, err = r.rawKind('[')
		case "action", "operation":
			it.action, err = r.rawKind('{')
		default:
			err = r.skip()
		}
		return err
	})
	if it.kind == itemActionOutput && it.callID.empty() {
		it.callID = it.id // as OpenAI's local shell has it
	}
	if it.typ == nil && it.role != nil {
		it.kind = itemMessage // OpenAI's short form: {"role","content"}
	}
	return it, err
}

// readParts reads content in all the shapes that clients use: a string, an
// array of parts, one part alone, or null.
func readParts(r *reader) ([]part, error) {
	one := func(parts []part) ([]part, error) {
		if r.parts.used == maxParts {
			return parts, tooMany("parts", maxParts, "input")
		}
		if r.kind() == '"' {
			t, err := r.text()
			return r.parts.add(parts, part{kind: partText, text: t}), err
		}
		p, err := readPart(r)
		return r.parts.add(parts, p), err
	}
	var parts []part
	var err error
	switch r.kind() {
	case '"', '{':
		parts, err = one(nil)
	default:
		err = r.array(func() (err error) {
			parts, err = one(parts)
			return err
		})
	}
	return slices.Clip(parts), err
}

// readOutput reads what a tool returned. Nothing of it is lost: what is neither text
// nor image is kept as the JSON that it is.
func readOutput(r *reader) ([]part, error) {
	start := r.pos
	parts, err := readParts(r)
	if err != nil {
		return parts, err
	}
	for _, p := range parts {
		if p.kind == partUnknown && p.text.empty() {
			raw := bytes.TrimSpace(r.src[start:r.pos])
			return []part{{kind: partText, text: appendQuoted(nil, raw)}}, nil
		}
	}
	return parts, nil
}

func readPart(r *reader) (p part, err error) {
	var filename text
	err = r.object(func(key []byte) (err error) {
		switch string(key) {
		case "type":
			var t text
			t, err = r.text()
			p.kind = partKinds[string(t.inner())]
		case "text", "refusal", "encrypted_content":
			var t text
			if t, err = r.text(); t != nil {
				p.text = t
			}
		case "image_url":
			p.url, err = readImageURL(r, &p.detail)
		case "detail":
			p.detail, err = r.text()
		case "filename":
			filename, err = r.text()
		default:
			err = r.skip()
		}
		return err
	})
	if p.kind == partFile {
		p.text = filename
	}
	return p, err
}

// readImageURL takes Responses' plain string and Chat's {"url","detail"}.
func readImageURL(r *reader, detail *text) (url text, err error) {
	if r.kind() != '{' {
		return r.text()
	}
	err = r.object(func(key []byte) (err error) {
		switch string(key) {
		case "url":
			url, err = r.text()
		case "detail":
			*detail, err = r.text()
		default:
			err = r.skip()
		}
		return err
	})
	return url, err
}
