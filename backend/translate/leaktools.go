package translate

import (
	"slices"
	"sort"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// leakTools are the tools of one turn as a model may spell them in its text. The
// tables are made when the first call shows up: most answers hold none.
type leakTools struct {
	turn     *Turn
	spelled  []string          // every accepted spelling, sorted
	upstream map[string]string // spelling → upstream name
	shapes   map[string]toolShape
}

// any reports whether a call can count at all.
func (t *leakTools) any() bool {
	return len(t.turn.names.byUpstream) > 0 && !text(t.turn.Request.toolChoice).is("none")
}

// spellings fills the table of names. Models drop a namespace, write it with a
// dot, or put "functions." before it, as OpenAI's and Moonshot's templates do.
func (t *leakTools) spellings() []string {
	if t.upstream != nil {
		return t.spelled
	}
	t.upstream = map[string]string{}
	bare := map[string][]string{}
	for up, ref := range t.turn.names.byUpstream {
		t.upstream[up] = up
		bare[ref.name] = append(bare[ref.name], up)
	}
	for name, ups := range bare {
		if _, taken := t.upstream[name]; len(ups) == 1 && !taken && name != "" {
			t.upstream[name] = ups[0]
		}
	}
	for up, ref := range t.turn.names.byUpstream {
		if dotted := ref.namespace + "." + ref.name; ref.namespace != "" && t.upstream[dotted] == "" {
			t.upstream[dotted] = up
		}
	}
	for name := range t.upstream {
		t.spelled = append(t.spelled, name)
	}
	for _, name := range t.spelled {
		prefixed := "functions." + name
		if _, taken := t.upstream[prefixed]; !taken {
			t.upstream[prefixed] = t.upstream[name]
		}
	}
	t.spelled = t.spelled[:0]
	for name := range t.upstream {
		t.spelled = append(t.spelled, name)
	}
	sort.Strings(t.spelled)
	return t.spelled
}

// begins reports whether a tool's name begins with part.
func (t *leakTools) begins(part []byte) bool {
	all := t.spellings()
	i, _ := slices.BinarySearch(all, string(part))
	return i < len(all) && strings.HasPrefix(all[i], string(part))
}

// find returns the upstream name of a spelling.
func (t *leakTools) find(spelling []byte) (name string, ok bool) {
	t.spellings()
	name, ok = t.upstream[string(spelling)]
	return name, ok
}

func (t *leakTools) custom(name string) bool {
	return t.turn.names.byUpstream[name].kind == toolCustom
}

// toolShape is what of a tool's parameters decides how plain text is read.
type toolShape struct {
	params   map[string]jsonTypes
	required []string
}

// jsonTypes is a set of JSON types; none means any.
type jsonTypes uint8

const (
	typeString jsonTypes = 1 << iota
	typeNumber
	typeBoolean
	typeObject
	typeArray
	typeNull
)

// shape returns the parameters of a tool by its upstream name.
func (t *leakTools) shape(name string) toolShape {
	if t.shapes == nil {
		t.shapes = map[string]toolShape{}
		for _, tool := range t.turn.tools {
			t.shapes[tool.name] = shapeOf(tool.parameters)
		}
	}
	return t.shapes[name]
}

func shapeOf(schema []byte) toolShape {
	var doc map[string]any
	if json.Unmarshal(schema, &doc, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)) != nil {
		return toolShape{}
	}
	shape := toolShape{params: map[string]jsonTypes{}}
	properties, _ := doc["properties"].(map[string]any)
	for name, property := range properties {
		shape.params[name] = typesOf(property, doc, 0)
	}
	required, _ := doc["required"].([]any)
	for _, name := range required {
		if s, ok := name.(string); ok {
			shape.required = append(shape.required, s)
		}
	}
	return shape
}

// typesOf collects the types that a schema allows. Schemas may refer to
// themselves, so it goes a few steps deep and no further.
func typesOf(schema any, root map[string]any, depth int) (set jsonTypes) {
	s, ok := schema.(map[string]any)
	if !ok || depth > 8 {
		return 0
	}
	switch typ := s["type"].(type) {
	case string:
		return typeNamed(typ)
	case []any:
		for _, one := range typ {
			name, _ := one.(string)
			set |= typeNamed(name)
		}
		return set
	}
	if ref, ok := s["$ref"].(string); ok {
		return typesOf(resolveRef(ref, root), root, depth+1)
	}
	for _, key := range []string{"anyOf", "oneOf", "allOf"} {
		options, _ := s[key].([]any)
		for _, option := range options {
			set |= typesOf(option, root, depth+1)
		}
	}
	values, _ := s["enum"].([]any)
	if value, ok := s["const"]; ok {
		values = append(values, value)
	}
	for _, v := range values {
		set |= typeOfValue(v)
	}
	return set
}

func typeNamed(name string) jsonTypes {
	return map[string]jsonTypes{"string": typeString, "number": typeNumber, "integer": typeNumber,
		"boolean": typeBoolean, "object": typeObject, "array": typeArray, "null": typeNull}[name]
}

func typeOfValue(v any) jsonTypes {
	switch v.(type) {
	case string:
		return typeString
	case float64:
		return typeNumber
	case bool:
		return typeBoolean
	case nil:
		return typeNull
	}
	return 0
}

// resolveRef finds what a reference within the document points to.
func resolveRef(ref string, root map[string]any) any {
	path, local := strings.CutPrefix(ref, "#/")
	if !local {
		return nil
	}
	var at any = root
	for _, step := range strings.Split(path, "/") {
		object, _ := at.(map[string]any)
		at = object[step]
	}
	return at
}

// leakedParam is one argument of a format that writes all values as plain text.
type leakedParam struct {
	name  string
	value string
	typed jsonTypes // what the format itself says of the type; 0 where it says nothing
}

// arguments makes the JSON arguments of a call from plain text; ok is false where
// a parameter is given twice.
func (t *leakTools) arguments(tool string, params []leakedParam) (args []byte, ok bool) {
	shape := t.shape(tool)
	seen := map[string]bool{}
	args = append(args, '{')
	for i, p := range params {
		if seen[p.name] {
			return nil, false
		}
		seen[p.name] = true
		if i > 0 {
			args = append(args, ',')
		}
		types := shape.params[p.name]
		if p.typed != 0 {
			types = p.typed
		}
		args = appendQuoted(args, p.name)
		args = appendTyped(append(args, ':'), p.value, types)
	}
	return append(args, '}'), true
}

// has reports whether params hold all that the tool requires.
func (t *leakTools) has(tool string, params []leakedParam) bool {
	for _, name := range t.shape(tool).required {
		if !slices.ContainsFunc(params, func(p leakedParam) bool { return p.name == name }) {
			return false
		}
	}
	return true
}

// appendTyped writes a value in the type that the schema asks for. A string stays
// as it is to the byte. What does not fit the type goes out as a string: the
// client tells the model what is wrong with it.
func appendTyped(dst []byte, value string, types jsonTypes) []byte {
	if types == typeString {
		return appendQuoted(dst, value)
	}
	plain := strings.TrimSpace(value)
	if types != 0 && types&typeString == 0 {
		plain = pythonWord(plain)
	}
	doc := jsontext.Value(plain)
	if plain == "" || !doc.IsValid() {
		return appendQuoted(dst, value)
	}
	kind := map[jsontext.Kind]jsonTypes{'"': typeString, '0': typeNumber, 't': typeBoolean, 'f': typeBoolean,
		'{': typeObject, '[': typeArray, 'n': typeNull}[doc.Kind()]
	if kind == typeString || types != 0 && types&kind == 0 {
		return appendQuoted(dst, value)
	}
	return append(dst, plain...)
}

// pythonWord is the JSON word for a Python one, which models mix up.
func pythonWord(s string) string {
	switch s {
	case "True":
		return "true"
	case "False":
		return "false"
	case "None":
		return "null"
	}
	return s
}
