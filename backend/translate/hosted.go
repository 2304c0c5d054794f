package translate

import (
	"bytes"
	"strings"
)

// Histories of other clients hold calls of tools that OpenAI runs itself, or that
// have an item type of their own. No Chat upstream has these tools; what they did
// stays in the history as the call and the result that it is.

// hostedRef names the tool of a call that is known by its item type.
func hostedRef(it *item) toolRef {
	return toolRef{name: strings.TrimSuffix(it.typ.String(), "_call")}
}

// hosted keeps a call that was run by a provider. Its item holds both what was
// asked and what came back.
func (b *builder) hosted(it *item) {
	if !b.group || !b.thought.empty() {
		b.endGroup()
		b.open()
	}
	ref, args, output := hostedRef(it), []byte(`{`), []byte(`{`)
	var image part
	r := newReader(it.raw)
	_ = r.object(func(key []byte) error { // raw was read once
		v, err := r.raw()
		dst := &args
		switch string(key) {
		case "type", "id", "status", "created_by", "name", "server_label", "container_id":
			return err
		case "result":
			if t := text(v); !t.empty() && v[0] == '"' {
				image = part{kind: partImage, url: append([]byte(`"data:image/png;base64,`), t[1:]...)}
			}
			return err
		case "output", "outputs", "results", "error":
			dst = &output
		}
		if err == nil && string(v) != "null" {
			if len(*dst) > 1 {
				*dst = append(*dst, ',')
			}
			*dst = append(append(appendQuoted(*dst, key), ':'), v...)
		}
		return err
	})
	arguments := appendQuoted(nil, append(args, '}'))
	if !it.name.empty() { // an MCP tool: the arguments are its own
		ref = toolRef{namespace: it.namespace.String(), name: it.name.String()}
		arguments = b.acceptableArguments(it.arguments)
	}
	said := []part{{kind: partText, text: appendQuoted(nil, append(output, '}'))}}
	switch {
	case image.visible():
		said = []part{image}
	case len(it.output) > 0 && !it.output[0].silent():
		said = it.output
	case len(output) == 1:
		said = nil
	}
	id := b.uniqueID("call")
	m := &b.messages[len(b.messages)-1]
	m.calls = b.calls.add(m.calls, chatCall{id: id, name: b.names.upstream(ref), arguments: arguments})
	b.pending = append(b.pending, pendingCall{id: id, said: said, ran: true})
}

// acceptableArguments returns a call's arguments as a JSON string that holds an
// object. Upstreams read the arguments of old calls again and answer 400, for the
// rest of the session, to what a model once wrote that is none; what cannot be mended
// is kept word for word inside one.
func (b *builder) acceptableArguments(raw []byte) []byte {
	quoted := asString(raw)
	in := text(quoted).inner()
	if blank(in) {
		return []byte(`"{}"`)
	}
	decoded := in
	if bytes.IndexByte(in, '\\') >= 0 {
		b.scratch = unescape(b.scratch[:0], in)
		decoded = b.scratch
	}
	if object(decoded) {
		return quoted
	}
	mended := repairArguments(decoded)
	switch {
	case string(bytes.TrimSpace(mended)) == "null":
		return []byte(`"{}"`)
	case !object(mended):
		mended = append(appendQuoted([]byte(`{"not_a_json_object":`), mended), '}')
	}
	return appendQuoted(nil, mended)
}
