package translate

import (
	"bytes"
	"net/url"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// emptyObject is the schema of a function without parameters.
var emptyObject = []byte(`{"type":"object","properties":{}}`)

// maxSchema bounds what mending may make of one schema, in bytes: references
// that refer to each other can grow without end.
const maxSchema = 256 << 10

// acceptableSchema returns a parameters schema that upstreams take, with the
// same meaning to the model. OpenAI, Gemini and others answer 400 to a function
// whose parameters are missing, null or not an object, to boolean schemas, and
// some to references, "$schema", "const" and arrays of nobody knows what; TestSchemas shows each. A schema
// that has none of these, as nearly all of Codex's own, is passed on as it is.
// opened says that a recursion had to be opened, which strict does not allow.
func acceptableSchema(raw []byte) (schema []byte, opened bool) {
	if len(raw) == 0 || raw[0] != '{' {
		return emptyObject, false
	}
	if plainSchema(raw) {
		return raw, false
	}
	root, err := parseNode(newReader(raw))
	if err != nil {
		return raw, false
	}
	m := schemaMender{root: root}
	m.schema(root, 0)
	root.drop("$defs")
	root.drop("definitions")
	oneRoot(root)
	rootObject(root)
	if out := root.append(nil); m.inlined <= maxInlined && len(out) <= maxSchema {
		return out, m.opened
	}
	return raw, false
}

// plainSchema recognises, without parsing, a schema that needs no mending.
func plainSchema(raw []byte) bool {
	if !bytes.HasPrefix(raw, []byte(`{"type":"object","properties":{`)) {
		return false
	}
	for _, suspect := range []string{`"$`, `":null`, `"const"`, `":true`, `Of":[`} {
		if bytes.Contains(raw, []byte(suspect)) {
			return false
		}
	}
	if bytes.Count(raw, []byte(`"array"`)) > bytes.Count(raw, []byte(`"items":`)) || bytes.Count(raw, []byte(`"enum":`)) > bytes.Count(raw, []byte(`"type":"string","enum":`)) {
		return false
	}
	// false is fine as "additionalProperties", which Codex writes everywhere.
	return bytes.Count(raw, []byte(`":false`)) == bytes.Count(raw, []byte(`"additionalProperties":false`))
}

// node is a JSON value that keeps the order of its members: models read the
// schema as text, and the order in which parameters stand matters to them.
type node struct {
	raw     []byte // a scalar, or an array of scalars; nil for the others
	array   []*node
	members []member
	object  bool
}

type member struct {
	name  string
	value *node
}

func parseNode(r *reader) (*node, error) {
	n := &node{}
	switch r.kind() {
	case '{':
		n.object = true
		err := r.object(func(key []byte) error {
			name := string(key)
			v, err := parseNode(r)
			n.members = append(n.members, member{name, v})
			return err
		})
		return n, err
	case '[':
		n.array = []*node{}
		err := r.array(func() error {
			v, err := parseNode(r)
			n.array = append(n.array, v)
			return err
		})
		return n, err
	}
	var err error
	n.raw, err = r.raw()
	return n, err
}

func (n *node) append(dst []byte) []byte {
	switch {
	case n.object:
		dst = append(dst, '{')
		for i, m := range n.members {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendQuoted(dst, m.name)
			dst = append(dst, ':')
			dst = m.value.append(dst)
			if len(dst) > maxSchema {
				return dst // too much already: the caller keeps the original
			}
		}
		return append(dst, '}')
	case n.array != nil:
		dst = append(dst, '[')
		for i, v := range n.array {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = v.append(dst)
		}
		return append(dst, ']')
	}
	return append(dst, n.raw...)
}

func (n *node) get(name string) *node {
	for _, m := range n.members {
		if m.name == name {
			return m.value
		}
	}
	return nil
}

func (n *node) set(name string, v *node) {
	for i := range n.members {
		if n.members[i].name == name {
			n.members[i].value = v
			return
		}
	}
	n.members = append(n.members, member{name, v})
}

func (n *node) drop(name string) {
	kept := n.members[:0]
	for _, m := range n.members {
		if m.name != name {
			kept = append(kept, m)
		}
	}
	n.members = kept
}

func (n *node) isNull() bool { return string(n.raw) == "null" }

// schemaMender walks a schema and mends what upstreams refuse.
type schemaMender struct {
	root    *node
	refs    []string // being resolved now: a name in here again is a recursion
	inlined int      // how many references were put in place
	opened  bool     // a recursion was
}

// maxInlined ends the mending of definitions that refer to each other twice over.
const maxInlined = 1000

// maxSchemaDepth ends the walk of a schema that is nested without sense.
const maxSchemaDepth = 64

// Where a schema holds other schemas.
var (
	schemaMaps  = []string{"properties", "patternProperties", "dependentSchemas"}
	schemaLists = []string{"anyOf", "oneOf", "allOf", "prefixItems"}
	schemaOnes  = []string{"items", "not", "contains", "propertyNames", "if", "then", "else"}
)

func (m *schemaMender) schema(n *node, depth int) {
	if !n.object || depth > maxSchemaDepth {
		return
	}
	if ref := n.get("$ref"); ref != nil && m.inline(n, text(ref.raw).String(), depth) {
		return
	}
	for _, name := range []string{"$schema", "$id", "$comment"} {
		n.drop(name)
	}
	for _, name := range []string{"properties", "required", "items", "description", "enum", "default"} {
		if v := n.get(name); v != nil && v.isNull() && name != "default" {
			n.drop(name)
		}
	}
	if c := n.get("const"); c != nil && n.get("enum") == nil {
		n.drop("const")
		n.set("enum", &node{array: []*node{c}})
	}
	if n.get("items") == nil && n.get("prefixItems") == nil && n.isType("array") {
		n.set("items", &node{object: true})
	}
	if v := n.get("enum"); v != nil && n.get("type") == nil && v.words() {
		n.members = append([]member{{"type", &node{raw: []byte(`"string"`)}}}, n.members...)
	}
	m.children(n, depth)
}

// isType reports whether "type" is, or allows, that one.
func (n *node) isType(name string) bool {
	t := n.get("type")
	if t == nil {
		return false
	}
	for _, one := range t.array {
		if text(one.raw).is(name) {
			return true
		}
	}
	return text(t.raw).is(name)
}

// words reports whether n is a list of strings.
func (n *node) words() bool {
	for _, v := range n.array {
		if len(v.raw) == 0 || v.raw[0] != '"' {
			return false
		}
	}
	return len(n.array) > 0
}

func (m *schemaMender) children(n *node, depth int) {
	for _, name := range schemaMaps {
		if v := n.get(name); v != nil {
			for i := range v.members {
				v.members[i].value = m.sub(v.members[i].value, depth)
			}
		}
	}
	for _, name := range schemaLists {
		if v := n.get(name); v != nil {
			for i := range v.array {
				v.array[i] = m.sub(v.array[i], depth)
			}
		}
	}
	for _, name := range schemaOnes {
		if v := n.get(name); v != nil {
			n.set(name, m.sub(v, depth))
		}
	}
	if v := n.get("additionalProperties"); v != nil && v.object {
		m.schema(v, depth+1)
	}
}

// sub mends one inner schema; true means anything, false nothing.
func (m *schemaMender) sub(n *node, depth int) *node {
	switch string(n.raw) {
	case "true", "null":
		return &node{object: true}
	case "false":
		return &node{object: true, members: []member{{"not", &node{object: true}}}}
	}
	m.schema(n, depth+1)
	return n
}

// inline puts what a reference points to in its place. A recursive one becomes
// an open schema with a word of explanation: nothing finite means the same.
func (m *schemaMender) inline(n *node, ref string, depth int) bool {
	for _, open := range m.refs {
		if open == ref {
			m.opened = true
			n.drop("$ref")
			if n.get("description") == nil {
				n.set("description", &node{raw: quote("The same structure again, nested.")})
			}
			return true
		}
	}
	target := m.resolve(ref)
	if target == nil || m.inlined > maxInlined {
		return false
	}
	m.inlined++
	n.drop("$ref")
	copied, err := parseNode(newReader(target.append(nil)))
	if err != nil || !copied.object {
		return err == nil
	}
	for _, c := range copied.members {
		if n.get(c.name) == nil {
			n.members = append(n.members, c)
		}
	}
	m.refs = append(m.refs, ref)
	m.schema(n, depth+1)
	m.refs = m.refs[:len(m.refs)-1]
	return true
}

// resolve follows a pointer within the schema, such as #/$defs/Name.
func (m *schemaMender) resolve(ref string) *node {
	if len(ref) == 0 || ref[0] != '#' {
		return nil
	}
	at := m.root
	pointer, err := url.PathUnescape(ref[1:]) // as references write spaces and brackets
	if err != nil {
		return nil
	}
	for name := range jsontext.Pointer(pointer).Tokens() {
		if at = at.get(name); at == nil {
			return nil
		}
	}
	return at
}

// oneRoot makes one object of a choice of objects: OpenAI and Anthropic answer 400
// to anyOf, oneOf and allOf at the root of a function's parameters. What belongs
// together is told in words instead.
func oneRoot(root *node) {
	for _, name := range []string{"allOf", "anyOf", "oneOf"} {
		list := root.get(name)
		if list == nil || list.array == nil {
			continue
		}
		root.drop(name)
		properties := root.get("properties")
		if properties == nil || !properties.object {
			properties = &node{object: true}
			root.set("properties", properties)
		}
		var sets []string
		for _, branch := range list.array {
			if p := branch.get("properties"); p != nil {
				for _, one := range p.members {
					if properties.get(one.name) == nil {
						properties.set(one.name, one.value)
					}
				}
			}
			if required := branch.get("required"); required != nil && required.words() && name == "allOf" {
				root.require(required)
			} else if required != nil && required.words() {
				sets = append(sets, string(required.append(nil)))
			}
		}
		if len(sets) > 0 {
			root.describe("Required is one of these sets of parameters: " + strings.Join(sets, " or ") + ".")
		}
	}
}

// require adds to what an object requires.
func (n *node) require(names *node) {
	if own := n.get("required"); own != nil && own.array != nil {
		for _, name := range names.array {
			if !slices.ContainsFunc(own.array, func(n *node) bool { return bytes.Equal(n.raw, name.raw) }) {
				own.array = append(own.array, name)
			}
		}
		return
	}
	n.set("required", names)
}

// describe adds to a description.
func (n *node) describe(words string) {
	if d := n.get("description"); d != nil && len(d.raw) > 0 && d.raw[0] == '"' {
		words = text(d.raw).String() + " " + words
	}
	n.set("description", &node{raw: quote(words)})
}

// rootObject makes the whole an object with properties, as a function's
// parameters must be.
func rootObject(n *node) {
	if t := n.get("type"); t == nil || !text(t.raw).is("object") {
		n.set("type", &node{raw: []byte(`"object"`)})
		if t == nil { // first, where models and upstreams look for it
			last := len(n.members) - 1
			n.members = append([]member{n.members[last]}, n.members[:last]...)
		}
	}
	if n.get("properties") == nil {
		n.set("properties", &node{object: true})
	}
}
