package translate

import "bytes"

// Target tells what the upstream of one turn needs to be asked in.
type Target struct {
	// Model is the name sent upstream; "" means the request's own.
	Model string
	// Stream asks for chunks, with usage in the last one.
	Stream bool
	// WebSearch offers the model a web_search that the bridge runs.
	WebSearch bool
	// SearchRounds is how many rounds of searches the turn has behind it. From
	// MaxSearchRounds on the model is offered no more.
	SearchRounds int
	// NoVision says that the model cannot see: images become a line of text.
	NoVision bool
	// NoReasoning says that the model does not reason: no effort is sent.
	NoReasoning bool
	// ClawRouter says that one answers, and shields the request from what it does
	// to it on the way (shield.go, fold.go).
	ClawRouter bool
	// Exposed switches shields off by name ("parts", "fold", "commands",
	// "notice"), for a user who wants to see what ClawRouter does without them.
	Exposed map[string]bool
	// EnvelopeKey seals and opens the reasoning that clients carry for us; nil
	// carries none.
	EnvelopeKey []byte
	// MaxTokens is sent where the request sets no limit of its own; 0 sends none.
	MaxTokens int
	// MaxTokensField is "max_tokens" (also for ""), or "max_completion_tokens".
	MaxTokensField string
	// Tools remembers the tools of earlier requests; nil reads them each time.
	Tools *ToolCache
	// Room is written over with the chat request where that fits into it.
	Room []byte
}

// Turn is what the answer to one chat request needs to become an answer to the
// Responses request behind it.
type Turn struct {
	Request *Request
	// Model is the name that went upstream.
	Model string
	// Codex is set where the client is Codex, by its originator header: some ends
	// of an answer are told to it in a form of its own.
	Codex bool
	// Dropped lists the types of tools that no Chat upstream can run.
	Dropped []string

	echoTools   []byte // what the Response repeats of the request's tools
	echoFormat  []byte // and of its text.format
	cutNotices  bool
	envelopeKey []byte
	names       toolNames
	chatBytes   int // the size of the chat request
	tools       []chatTool
	callIDs     idSet // ids that history holds: an answer must not repeat them
}

// Chat writes the chat request for req and the Turn that reads its answer.
func (req *Request) Chat(to Target) ([]byte, *Turn, error) {
	turn := &Turn{Request: req, Model: req.Model}
	if to.Model != "" {
		turn.Model = to.Model
	}
	if err := req.readTools(turn, to); err != nil {
		return nil, nil, err
	}
	tools := turn.tools
	turn.envelopeKey = to.EnvelopeKey
	room := messageRooms.Get().(*messageRoom)
	defer room.leave()
	b := builder{room: room, names: &turn.names, key: to.EnvelopeKey, family: family(turn.Model)}
	messages := to.shield(alternate(b.build(req.instructions, req.items), b.family))
	if req.compact {
		tools = nil
		messages = append(messages, message{role: "user", content: []part{{kind: partText, text: text(compactionOrder)}}})
	}
	turn.callIDs = newIDSet(b.ids)
	if len(messages) == 0 {
		return nil, nil, &RequestError{Message: "The request has no input.", Param: "input", Code: "missing_required_parameter"}
	}

	size := req.sizeHint()
	w := chatWriter{to: to, family: b.family, dst: to.Room[:0]}
	if cap(w.dst) < size {
		w.dst = make([]byte, 0, size)
	}
	w.parts = to.shields("parts") && size > partsFrom
	turn.cutNotices = to.shields("notice")
	w.str(`{"model":`)
	w.dst = appendQuoted(w.dst, turn.Model)
	w.str(`,"messages":`)
	w.messages(messages)
	tools = req.allowed(turn, tools)
	if len(tools) > 0 {
		tools, spent := withoutSpent(tools, turn, to)
		w.str(`,"tools":`)
		w.dst = appendTools(w.dst, tools, b.family == "openai")
		req.toolOptions(&w, turn, spent)
	}
	if err := req.options(&w, b.family, full(turn.Model)); err != nil {
		return nil, nil, err
	}
	w.str(`}`)
	turn.chatBytes = len(w.dst)
	return w.dst, turn, nil
}

// readTools reads the request's tools and those that items brought later.
func (req *Request) readTools(turn *Turn, to Target) error {
	lists := [][]byte{req.tools}
	for i := range req.items {
		if it := &req.items[i]; it.kind == itemAdditionalTools || it.kind == itemToolSearchOutput {
			lists = append(lists, it.tools)
		}
	}
	var s *toolSet
	var err error
	if len(lists) == 1 {
		s, err = to.Tools.set(req.tools, to.WebSearch)
	} else {
		s, err = readTools(lists, to.WebSearch)
	}
	if err != nil {
		return err
	}
	turn.names, turn.tools, turn.Dropped, turn.echoTools = s.names, s.tools, s.dropped, s.echo
	if req.text.format != nil {
		turn.echoFormat = echoFormat(req.text.format)
	}
	return nil
}

// sizeHint is about the size of the chat request, in bytes.
func (req *Request) sizeHint() int {
	n := len(req.tools) + len(req.instructions) + 1024
	for i := range req.items {
		it := &req.items[i]
		n += 80 + len(it.arguments) + len(it.input)
		for _, parts := range [][]part{it.content, it.output, it.summary} {
			for _, p := range parts {
				n += 16 + len(p.text) + len(p.url)
			}
		}
	}
	return n + n/16
}

// chatWriter appends the pieces of a chat request.
type chatWriter struct {
	to     Target
	family string
	parts  bool   // content of user and tool messages goes as parts
	role   string // of the message that is being written
	dst    []byte
}

func (w *chatWriter) str(s string) { w.dst = append(w.dst, s...) }

func (w *chatWriter) messages(messages []message) {
	w.str(`[`)
	for i := range messages {
		if i > 0 {
			w.str(`,`)
		}
		w.message(&messages[i])
		if m := &messages[i]; m.role == "tool" && (i+1 == len(messages) || messages[i+1].role != "tool") {
			w.toolImages(messages, i)
		}
	}
	w.str(`]`)
}

func (w *chatWriter) message(m *message) {
	w.role = m.role
	w.str(`{"role":"`)
	w.str(m.role)
	w.str(`"`)
	if m.callID != "" {
		w.str(`,"tool_call_id":"`)
		w.str(m.callID) // still escaped, as the client wrote it
		w.str(`"`)
	}
	w.str(`,"content":`)
	if m.role == "assistant" && len(m.calls) > 0 && !hasText(m.content) {
		w.str(`null`)
	} else {
		w.content(m)
	}
	w.thought(&m.thought)
	if len(m.calls) > 0 {
		w.calls(m.calls)
	}
	w.str(`}`)
}

// thought gives the model back what it thought: providers whose models reason
// between calls refuse a history without it.
func (w *chatWriter) thought(t *thought) {
	if len(t.parts) > 0 {
		w.str(`,"reasoning_content":"`)
		w.joined(t.parts, paragraph)
		w.str(`"`)
	}
	if len(t.details) > 0 {
		w.str(`,"reasoning_details":`)
		w.dst = appendArrays(w.dst, t.details)
	}
}

// appendArrays writes JSON arrays as one.
func appendArrays(dst []byte, arrays [][]byte) []byte {
	dst = append(dst, '[')
	n := 0
	for _, a := range arrays {
		in := bytes.TrimSpace(a)
		in = bytes.TrimSpace(in[1 : len(in)-1])
		if len(in) == 0 {
			continue
		}
		if n++; n > 1 {
			dst = append(dst, ',')
		}
		dst = append(dst, in...)
	}
	return append(dst, ']')
}

func hasText(parts []part) bool {
	for _, p := range parts {
		if !p.text.empty() || p.kind == partImage {
			return true
		}
	}
	return false
}

// content writes a string, or an array where there are images to see or where
// the target wants parts.
func (w *chatWriter) content(m *message) {
	images := m.role == "user" && !w.to.NoVision && hasImage(m.content)
	if !images && !w.asParts(m.role) {
		w.str(`"`)
		w.joined(m.content, m.separator)
		w.str(`"`)
		return
	}
	w.str(`[`)
	n := 0
	for _, p := range m.content {
		if images && p.visible() {
			w.comma(&n)
			w.image(p)
			continue
		}
		if p.silent() {
			continue
		}
		w.comma(&n)
		w.str(`{"type":"text","text":"`)
		w.partText(p)
		w.str(`"}`)
	}
	if n == 0 {
		w.str(`{"type":"text","text":""}`)
	}
	w.str(`]`)
}

func (w *chatWriter) comma(n *int) {
	if *n > 0 {
		w.str(`,`)
	}
	*n++
}

func hasImage(parts []part) bool {
	for _, p := range parts {
		if p.visible() {
			return true
		}
	}
	return false
}

func (w *chatWriter) image(p part) {
	w.str(`{"type":"image_url","image_url":{"url":"`)
	w.dst = append(w.dst, p.url.inner()...)
	w.str(`"`)
	if p.detail.is("low") || p.detail.is("high") || p.detail.is("auto") {
		w.str(`,"detail":`)
		w.dst = append(w.dst, p.detail...)
	}
	w.str(`}}`)
}

// toolImages shows the images that tools returned in a user message right after
// the results: tool messages hold only text.
func (w *chatWriter) toolImages(messages []message, last int) {
	if w.to.NoVision {
		return
	}
	first := last
	for first > 0 && messages[first-1].role == "tool" {
		first--
	}
	shown := message{role: "user"}
	for _, m := range messages[first : last+1] {
		for _, p := range m.content {
			if p.visible() {
				if len(shown.content) == 0 {
					shown.content = []part{{kind: partText, text: text(`"[Images returned by the tool calls above:]"`)}}
				}
				shown.content = append(shown.content, p)
			}
		}
	}
	if len(shown.content) > 0 {
		w.str(`,`)
		w.message(&shown)
	}
}

// joined writes the text of parts, without quotes.
func (w *chatWriter) joined(parts []part, separator string) {
	n := 0
	for _, p := range parts {
		if p.silent() {
			continue
		}
		if n > 0 {
			w.str(separator)
		}
		n++
		w.partText(p)
	}
}

// partText writes one part as text; what is not text is named in its place, so
// that one image never poisons the session of a model that cannot see.
func (w *chatWriter) partText(p part) {
	switch {
	case p.kind == partImage && w.to.NoVision:
		w.str(`[An image was here; this model cannot see images.]`)
	case p.visible() && w.role == "tool":
		w.str(`[An image; it is shown below.]`)
	case p.kind == partImage:
		w.str(`[An image was attached here, which cannot be passed on.]`)
	case p.kind == partFile && p.text.empty():
		w.str(`[A file was attached here, which cannot be passed on.]`)
	case p.kind == partFile:
		w.str(`[A file was attached here, which cannot be passed on: `)
		w.dst = append(w.dst, p.text.inner()...)
		w.str(`]`)
	default:
		w.dst = append(w.dst, p.text.inner()...)
	}
}

func (w *chatWriter) calls(calls []chatCall) {
	w.str(`,"tool_calls":[`)
	for i, c := range calls {
		if i > 0 {
			w.str(`,`)
		}
		w.str(`{"id":"`)
		w.str(c.id)
		w.str(`","type":"function","function":{"name":"`)
		w.str(c.name)
		w.str(`","arguments":`)
		if c.custom {
			w.str(`"{\"input\":\"`)
			w.dst = appendEscaped(w.dst, text(c.arguments).inner())
			w.str(`\"}"`)
		} else {
			w.dst = append(w.dst, c.arguments...)
		}
		w.str(`}}`)
	}
	w.str(`]`)
}
