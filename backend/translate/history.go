package translate

import (
	"slices"
	"strconv"
)

// message is one Chat message, as fragments of the request that are joined only
// when it is written.
type message struct {
	role      string
	content   []part
	separator string  // between text fragments, already escaped
	thought   thought // what the model thought before it said this
	calls     []chatCall
	callID    string // of a tool message
}

// chatCall is one entry of tool_calls.
type chatCall struct {
	id   string
	name string
	// arguments is raw: a JSON string. Where custom is set, it is the input of a
	// freeform tool instead, to be wrapped as {"input": …}.
	arguments []byte
	custom    bool
}

// builder turns input items into messages.
type builder struct {
	room     *messageRoom
	names    *toolNames
	messages []message
	outputs  map[string]outputQueue // by call id, until their call takes them
	ids      map[string]int         // how often a call id was seen
	calls    room[chatCall]
	scratch  []byte        // for what is decoded and looked at, once
	group    bool          // the last message is an assistant's that calls may join
	pending  []pendingCall // calls of the group, waiting for its end
	thought  thought       // reasoning that belongs to the next assistant message
	key      []byte        // opens reasoning envelopes
	family   string        // of the model that is asked
	// found holds what web searches of the history came to, by what they asked.
	found map[string][]string
}

// outputQueue is the outputs of the calls with one id, in order.
type outputQueue struct {
	calls       int // that have the id, less those that have an output in the queue
	first, last *item
}

type pendingCall struct {
	id     string // as upstream sees it
	source string // as the client wrote it
	ran    bool   // the output stands in no item of its own; it is said
	said   []part
}

const (
	paragraph = `\n\n`
	line      = `\n`
)

// build makes the messages of a request. Calls of one step stand in one
// assistant message, and their outputs follow at once and in call order, as
// every Chat upstream demands, wherever the client put them.
func (b *builder) build(instructions text, items []item) []message {
	b.room.enter(b, len(items)+1, keyItems(items))
	b.indexOutputs(items)
	if !instructions.empty() {
		b.system([]part{{kind: partText, text: instructions}})
	}
	for i := range items {
		b.item(&items[i])
	}
	b.endGroup()
	return b.messages
}

// indexOutputs gives each call its output, the first to the first where an id
// stands for several.
func (b *builder) indexOutputs(items []item) {
	for i := range items {
		if it := &items[i]; isCall(it.kind) {
			q := b.outputs[it.key]
			q.calls++
			b.outputs[it.key] = q
		}
	}
	for i := range items {
		it := &items[i]
		b.indexFindings(it)
		it.next, it.taken = nil, false
		q := b.outputs[it.key]
		if !isOutput(it.kind) || q.calls == 0 {
			continue
		}
		q.calls--
		if q.first == nil {
			q.first = it
		} else {
			q.last.next = it
		}
		q.last, it.taken = it, true
		b.outputs[it.key] = q
	}
}

// keyItems gives calls and outputs their ids as keys of maps, and returns how many
// calls there are. All ids are in one string, which is one allocation.
func keyItems(items []item) (calls int) {
	var all []byte
	for i := range items {
		if it := &items[i]; isCall(it.kind) || isOutput(it.kind) {
			all = append(all, it.callID.inner()...)
		}
	}
	rest := string(all)
	for i := range items {
		it := &items[i]
		if isCall(it.kind) {
			calls++
		}
		if isCall(it.kind) || isOutput(it.kind) {
			n := len(it.callID.inner())
			it.key, rest = rest[:n], rest[n:]
		}
	}
	return calls
}

func isCall(k itemKind) bool {
	switch k {
	case itemFunctionCall, itemCustomCall, itemToolSearchCall, itemActionCall:
		return true
	}
	return false
}

func isOutput(k itemKind) bool {
	switch k {
	case itemFunctionOutput, itemCustomOutput, itemToolSearchOutput, itemActionOutput:
		return true
	}
	return false
}

func (b *builder) item(it *item) {
	switch it.kind {
	case itemMessage:
		b.message(it)
	case itemReasoning:
		b.reasoning(it)
	case itemWebSearchCall:
		b.webSearch(it)
	case itemCompaction:
		b.compaction(it)
	case itemAgentMessage:
		b.endGroup()
		b.agentMessage(it)
	case itemHostedCall:
		b.hosted(it)
	case itemFunctionCall, itemCustomCall, itemToolSearchCall, itemActionCall:
		b.call(it)
	case itemFunctionOutput, itemCustomOutput, itemToolSearchOutput, itemActionOutput:
		b.endGroup()
		b.orphan(it)
	}
}

func (b *builder) message(it *item) {
	switch {
	case silent(it.content):
		// Some providers refuse a message with nothing in it, and no model misses it.
	case it.role.is("assistant"):
		b.assistant(it.content)
	case it.role.is("system"), it.role.is("developer"):
		b.endGroup()
		b.system(it.content)
	default:
		b.endGroup()
		b.thought = thought{} // of a turn that was broken off before it said anything
		b.messages = append(b.messages, message{role: "user", content: it.content, separator: line})
	}
}

// system joins leading system and developer messages into one, because many
// upstreams allow only one, first; later ones stay in place as user text that
// says whose word it is.
func (b *builder) system(content []part) {
	switch n := len(b.messages); {
	case n == 0:
		b.messages = append(b.messages, message{role: "system", content: append([]part(nil), content...), separator: paragraph})
	case n == 1 && b.messages[0].role == "system":
		b.messages[0].content = append(b.messages[0].content, content...)
	default:
		marked := make([]part, 0, len(content)+2)
		marked = append(marked, part{kind: partText, text: text(`"<developer_message>"`)})
		marked = append(marked, content...)
		marked = append(marked, part{kind: partText, text: text(`"</developer_message>"`)})
		b.messages = append(b.messages, message{role: "user", content: marked, separator: line})
	}
}

func (b *builder) assistant(content []part) {
	if b.group && len(b.pending) == 0 {
		last := &b.messages[len(b.messages)-1]
		if b.thought.empty() {
			last.content = append(last.content[:len(last.content):len(last.content)], content...)
			return
		}
	}
	b.endGroup()
	b.open().content = content
}

// open starts an assistant message and gives it what the model thought before.
func (b *builder) open() *message {
	b.messages = append(b.messages, message{role: "assistant", separator: paragraph, thought: b.thought})
	b.thought = thought{}
	b.group = true
	return &b.messages[len(b.messages)-1]
}

func (b *builder) call(it *item) {
	if !b.group || !b.thought.empty() {
		b.endGroup()
		b.open()
	}
	id := b.uniqueID(it.key)
	m := &b.messages[len(b.messages)-1]
	m.calls = b.calls.add(m.calls, b.chatCall(it, id))
	b.pending = append(b.pending, pendingCall{id: id, source: it.key})
}

func (b *builder) chatCall(it *item, id string) chatCall {
	c := chatCall{id: id}
	switch it.kind {
	case itemCustomCall:
		c.name, c.arguments, c.custom = b.names.called(toolCustom, it.namespace, it.name), it.input, true
	case itemToolSearchCall:
		c.name, c.arguments = b.names.upstream(toolRef{kind: toolSearch, name: "tool_search"}), b.acceptableArguments(it.arguments)
	case itemActionCall:
		c.name, c.arguments = b.names.upstream(hostedRef(it)), b.acceptableArguments(it.action)
	default:
		c.name, c.arguments = b.names.called(toolFunction, it.namespace, it.name), b.acceptableArguments(it.arguments)
	}
	return c
}

// asString returns raw as a JSON string: itself if it is one, else its text.
func asString(raw []byte) []byte {
	switch {
	case len(raw) == 0 || string(raw) == "null":
		return []byte(`"{}"`)
	case raw[0] == '"':
		return raw
	}
	return appendQuoted(nil, raw)
}

const (
	// maxCallID is the longest id that OpenAI's Chat API takes.
	maxCallID = 40
	// keptOfID is how much of a longer one is kept, before a hash and a number.
	keptOfID = maxCallID - len("_12345678") - len("_99")
)

// uniqueID gives each call its own id: upstreams refuse a repeated one, and
// Codex does not make them unique. Some also refuse what others make ids of, so that
// a thread could not go on with another model.
func (b *builder) uniqueID(client string) string {
	source := cleanName(client)
	if source == "" {
		source = "call"
	}
	if len(source) > maxCallID-len("_99") {
		source = withHash(source[:keptOfID], toolRef{name: client}, 0)
	}
	if source != client {
		b.ids[client]++ // an answer must not use it again either
	}
	id := source
	for b.ids[id] > 0 {
		b.ids[source]++
		id = source + "_" + strconv.Itoa(b.ids[source])
	}
	b.ids[id]++
	return id
}

// endGroup writes the outputs of the group's calls.
func (b *builder) endGroup() {
	for _, c := range b.pending {
		m := message{role: "tool", callID: c.id, separator: line}
		if c.ran {
			m.content = c.said
		} else if queue := b.outputs[c.source]; queue.first != nil {
			out := queue.first
			queue.first = out.next
			b.outputs[c.source] = queue
			m.content = out.output
			if out.kind == itemToolSearchOutput {
				m.content = []part{{kind: partText, text: text(asString(out.tools))}}
			}
		} else {
			m.content = []part{{kind: partText, text: text(noOutput)}}
		}
		if silent(m.content) {
			m.content = []part{{kind: partText, text: text(emptyOutput)}}
		}
		b.messages = append(b.messages, m)
	}
	b.pending = b.pending[:0]
	b.group = false
}

// emptyOutput stands for an output without a word: some providers refuse a message
// with nothing in it.
const emptyOutput = `"[It returned nothing.]"`

// noOutput stands where a call was never answered: Codex was stopped, or its
// history was cut. Upstreams refuse a call without an output.
const noOutput = `"[The output of this call was not recorded.]"`

// orphan keeps the output of a call that history no longer has, as user text.
func (b *builder) orphan(it *item) {
	if it.taken {
		return
	}
	content := append([]part{{kind: partText, text: text(`"[Output of an earlier tool call that is no longer in the history:]"`)}}, it.output...)
	if it.kind == itemToolSearchOutput {
		content = append(content, part{kind: partText, text: text(asString(it.tools))})
	}
	b.messages = append(b.messages, message{role: "user", content: content, separator: line})
}

func (b *builder) reasoning(it *item) {
	if it.found != nil || isFindings(it.encrypted) {
		b.endGroup()
		return
	}
	t := b.recall(it)
	if t.empty() {
		return
	}
	if b.thought.empty() {
		b.thought = t
		return
	}
	b.thought.parts = append(slices.Clip(b.thought.parts), t.parts...)
	b.thought.details = append(slices.Clip(b.thought.details), t.details...)
}

// agentMessage keeps what another agent said to this one as user text: it is
// input to the model, whoever wrote it.
func (b *builder) agentMessage(it *item) {
	content := append([]part{{kind: partText, text: text(`"[Message from another agent:]"`)}}, it.content...)
	b.messages = append(b.messages, message{role: "user", content: content, separator: line})
}
