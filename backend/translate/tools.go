package translate

import (
	"hash/fnv"
	"strconv"
)

// toolKind is what a tool is to the client, however it is offered upstream.
type toolKind uint8

const (
	toolFunction toolKind = iota
	toolCustom
	toolSearch
	toolWebSearch
)

// toolRef is how the client knows a tool.
type toolRef struct {
	kind      toolKind
	namespace string
	name      string
}

// toolNames is the table of one turn: upstream knows only flat function names of
// at most 64 letters, digits, _ and -; Codex answers "unsupported call" to any
// name but its own, namespace apart.
type toolNames struct {
	byUpstream map[string]toolRef
	byRef      map[toolRef]string
}

const maxToolName = 64

// add registers a tool and returns its upstream name. The first tool to claim a
// name has it; a later one gets a suffix made from its own identity, so that the
// same tool keeps its name from turn to turn.
func (n *toolNames) add(ref toolRef) string {
	if up, ok := n.byRef[ref]; ok {
		return up
	}
	up := flatName(ref)
	for salt := 0; ; salt++ {
		if _, taken := n.byUpstream[up]; !taken {
			break
		}
		up = withHash(flatName(ref), ref, salt)
	}
	n.byUpstream[up], n.byRef[ref] = ref, up
	return up
}

// upstream names a tool that history mentions, whether or not this request
// still lists it.
func (n *toolNames) upstream(ref toolRef) string {
	if up, ok := n.byRef[ref]; ok {
		return up
	}
	return flatName(ref)
}

// called is upstream for a name as it stands in the history.
func (n *toolNames) called(kind toolKind, namespace, name text) string {
	if up, ok := n.byRef[toolRef{kind, string(namespace.inner()), string(name.inner())}]; ok && !escaped(namespace) && !escaped(name) {
		return up
	}
	return n.upstream(toolRef{kind, namespace.String(), name.String()})
}

func flatName(ref toolRef) string {
	name := ref.name
	if ref.namespace != "" {
		name = ref.namespace + "__" + ref.name
	}
	clean := cleanName(name)
	switch {
	case clean == "":
		return "tool"
	case len(clean) > maxToolName:
		return withHash(clean, ref, 0)
	}
	return clean
}

// cleanName puts _ in the place of each byte that upstreams refuse in names and ids.
func cleanName(name string) string {
	for i := range len(name) {
		if isNameByte(name[i]) {
			continue
		}
		clean := []byte(name)
		for ; i < len(clean); i++ {
			if !isNameByte(clean[i]) {
				clean[i] = '_'
			}
		}
		return string(clean)
	}
	return name
}

func isNameByte(c byte) bool {
	return c == '_' || c == '-' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

func withHash(flat string, ref toolRef, salt int) string {
	h := fnv.New32a()
	h.Write([]byte(ref.namespace + "\x00" + ref.name + "\x00" + strconv.Itoa(int(ref.kind)) + "\x00" + strconv.Itoa(salt)))
	suffix := "_" + strconv.FormatUint(uint64(h.Sum32()), 16)
	return flat[:min(len(flat), maxToolName-len(suffix))] + suffix
}

// chatTool is one function offered upstream.
type chatTool struct {
	name        string
	description text
	explain     string // added to the description
	parameters  []byte // raw schema
	strict      []byte
}

// toolReader collects the tools of one request.
type toolReader struct {
	read      int // tools so far
	names     toolNames
	webSearch bool
	tools     []chatTool
	dropped   []string // types that no Chat upstream can run
	sparse    bool     // a function lacks members that the API's answers always have
}

// list reads an array of tools, those in namespaces included.
func (c *toolReader) list(raw []byte, namespace text) error {
	r := newReader(raw)
	return r.array(func() error {
		if c.read++; c.read > maxTools {
			return tooMany("tools", maxTools, "tools")
		}
		decl, err := readToolDecl(r)
		if err != nil {
			return err
		}
		return c.declare(decl, namespace)
	})
}

// toolDecl is a tool as the client declares it.
type toolDecl struct {
	typ, name, description text
	parameters, strict     []byte
	format, tools          []byte
}

func readToolDecl(r *reader) (d toolDecl, err error) {
	err = r.object(func(key []byte) (err error) {
		switch string(key) {
		case "type":
			d.typ, err = r.text()
		case "name":
			d.name, err = r.text()
		case "description":
			d.description, err = r.text()
		case "parameters", "input_schema":
			d.parameters, err = r.raw()
		case "strict":
			d.strict, err = r.raw()
		case "format":
			d.format, err = r.rawKind('{')
		case "tools":
			d.tools, err = r.rawKind('[')
		default:
			err = r.skip()
		}
		return err
	})
	return d, err
}

func (c *toolReader) declare(d toolDecl, namespace text) error {
	ref := toolRef{namespace: namespace.String(), name: d.name.String()}
	switch typ := d.typ.String(); typ {
	case "function":
		c.sparse = c.sparse || d.description == nil || d.parameters == nil || d.strict == nil
		c.offer(ref, chatTool{description: d.description, parameters: d.parameters, strict: d.strict})
	case "custom":
		ref.kind = toolCustom
		c.offer(ref, chatTool{description: d.description, explain: explainCustom(d.format), parameters: customSchema})
	case "namespace":
		if d.tools != nil {
			return c.list(d.tools, d.name)
		}
	case "tool_search":
		ref = toolRef{kind: toolSearch, name: "tool_search"}
		c.offer(ref, chatTool{description: d.description, parameters: d.parameters})
	case "web_search", "web_search_preview":
		c.offerWebSearch()
	default:
		c.dropped = append(c.dropped, typ)
	}
	return nil
}

func (c *toolReader) offer(ref toolRef, t chatTool) {
	if _, known := c.names.byRef[ref]; known {
		return // declared twice: upstreams refuse a repeated function name
	}
	t.name = c.names.add(ref)
	var opened bool
	if t.parameters, opened = acceptableSchema(t.parameters); opened {
		t.strict = nil
	}
	c.tools = append(c.tools, t)
}

// customSchema is how a freeform tool is offered to a model that only knows
// functions: its whole input is one string.
var customSchema = []byte(`{"type":"object","properties":{"input":{"type":"string","description":"The whole input of the tool, as plain text."}},"required":["input"],"additionalProperties":false}`)

// explainCustom tells a model that has never seen a freeform tool how to call
// it, with the grammar that its input must match.
func explainCustom(format []byte) string {
	const how = "\n\nPut the whole input, exactly as the tool expects it, into the string parameter `input`. The string is the raw text itself: no JSON, no code fence, nothing around it."
	if format == nil {
		return how
	}
	var typ, syntax, definition text
	r := newReader(format)
	err := r.object(func(key []byte) (err error) {
		switch string(key) {
		case "type":
			typ, err = r.text()
		case "syntax":
			syntax, err = r.text()
		case "definition":
			definition, err = r.text()
		default:
			err = r.skip()
		}
		return err
	})
	if err != nil || !typ.is("grammar") || definition.empty() {
		return how
	}
	return how + "\nIt must match this " + syntax.String() + " grammar, to the character:\n" + definition.String()
}

// appendTools writes the "tools" array of a chat request. Only OpenAI knows
// strict, and others refuse it.
func appendTools(dst []byte, tools []chatTool, strict bool) []byte {
	dst = append(dst, '[')
	for i, t := range tools {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, `{"type":"function","function":{"name":"`...)
		dst = append(dst, t.name...)
		dst = append(dst, `","description":"`...)
		dst = append(dst, t.description.inner()...)
		dst = appendEscaped(dst, t.explain)
		dst = append(dst, `","parameters":`...)
		dst = append(dst, t.parameters...)
		if strict && string(t.strict) == "true" {
			dst = append(dst, `,"strict":true`...)
		}
		dst = append(dst, '}', '}')
	}
	return append(dst, ']')
}
