package translate

import (
	"strings"
	"testing"
)

// Each row is a schema that some upstream refuses, and what it becomes.
func TestSchemas(t *testing.T) {
	for _, c := range []struct{ name, why, in, want string }{
		{"missing", "a function without parameters", ``, `{"type":"object","properties":{}}`},
		{"null", "OpenAI: parameters must be an object", `null`, `{"type":"object","properties":{}}`},
		{"true", "the same", `true`, `{"type":"object","properties":{}}`},
		{"empty", "OpenAI: type must be object", `{}`, `{"type":"object","properties":{}}`},
		{"no type", "the same", `{"properties":{"a":{"type":"string"}}}`, `{"type":"object","properties":{"a":{"type":"string"}}}`},
		{"no properties", "OpenAI: object schema missing properties", `{"type":"object"}`, `{"type":"object","properties":{}}`},
		{"nullable root", "type must be the word object", `{"type":["object","null"],"properties":{}}`, `{"type":"object","properties":{}}`},
		{"properties null", "must be an object", `{"type":"object","properties":null,"required":null}`, `{"type":"object","properties":{}}`},
		{"boolean property", "Gemini, Moonshot: a schema must be an object", `{"type":"object","properties":{"a":true,"b":false}}`, `{"type":"object","properties":{"a":{},"b":{"not":{}}}}`},
		{"boolean items", "the same", `{"type":"object","properties":{"a":{"type":"array","items":true}}}`, `{"type":"object","properties":{"a":{"type":"array","items":{}}}}`},
		{"additionalProperties stays", "booleans are fine there", `{"type":"object","properties":{"a":true},"additionalProperties":true}`, `{"type":"object","properties":{"a":{}},"additionalProperties":true}`},
		{"$schema", "Gemini: unknown field", `{"$schema":"x","type":"object","properties":{}}`, `{"type":"object","properties":{}}`},
		{"const", "Gemini: unknown field", `{"type":"object","properties":{"a":{"const":"x"}}}`, `{"type":"object","properties":{"a":{"type":"string","enum":["x"]}}}`},
		{"$ref", "Gemini and others know no references",
			`{"type":"object","properties":{"a":{"$ref":"#/$defs/A","description":"mine"}},"$defs":{"A":{"type":"string","description":"theirs"}}}`,
			`{"type":"object","properties":{"a":{"description":"mine","type":"string"}}}`},
		{"$ref to $ref", "the same",
			`{"type":"object","properties":{"a":{"$ref":"#/definitions/A"}},"definitions":{"A":{"type":"array","items":{"$ref":"#/definitions/B"}},"B":{"type":"integer"}}}`,
			`{"type":"object","properties":{"a":{"type":"array","items":{"type":"integer"}}}}`},
		{"$ref at the root", "the same",
			`{"$ref":"#/$defs/A","$defs":{"A":{"type":"object","properties":{"x":{"type":"string"}}}}}`,
			`{"type":"object","properties":{"x":{"type":"string"}}}`},
		{"recursion", "nothing finite means the same",
			`{"type":"object","properties":{"n":{"$ref":"#/$defs/N"}},"$defs":{"N":{"type":"object","properties":{"kids":{"type":"array","items":{"$ref":"#/$defs/N"}}}}}}`,
			`{"type":"object","properties":{"n":{"type":"object","properties":{"kids":{"type":"array","items":{"description":"The same structure again, nested."}}}}}}`},
		{"unknown $ref", "left to the upstream", `{"type":"object","properties":{"a":{"$ref":"other.json"}}}`, `{"type":"object","properties":{"a":{"$ref":"other.json"}}}`},
		{"array of nobody knows what", "OpenAI, Gemini: array schema missing items", `{"type":"object","properties":{"a":{"type":"array"},"b":{"type":["array","null"]}}}`,
			`{"type":"object","properties":{"a":{"type":"array","items":{}},"b":{"type":["array","null"],"items":{}}}}`},
		{"enum without a type", "Gemini: enum only for strings", `{"type":"object","properties":{"a":{"description":"d","enum":["x","y"]},"b":{"enum":[1,"x"]}}}`,
			`{"type":"object","properties":{"a":{"type":"string","description":"d","enum":["x","y"]},"b":{"enum":[1,"x"]}}}`},
		{"a choice at the root", "OpenAI, Anthropic: no anyOf, oneOf, allOf there",
			`{"type":"object","description":"Finds.","properties":{"id":{"type":"string"}},"anyOf":[{"required":["id"]},{"properties":{"name":{"type":"string"}},"required":["name"]}]}`,
			`{"type":"object","description":"Finds. Required is one of these sets of parameters: [\"id\"] or [\"name\"].","properties":{"id":{"type":"string"},"name":{"type":"string"}}}`},
		{"parts at the root", "the same",
			`{"allOf":[{"$ref":"#/$defs/A"},{"properties":{"b":{"type":"string"}},"required":["b","a"]}],"required":["a"],"$defs":{"A":{"type":"object","properties":{"a":{"type":"string"}},"required":["c"]}}}`,
			`{"type":"object","required":["a","c","b"],"properties":{"a":{"type":"string"},"b":{"type":"string"}}}`},
		{"a choice further in", "fine there", `{"type":"object","properties":{"a":{"anyOf":[{"type":"string"},{"type":"null"}]}}}`, `{"type":"object","properties":{"a":{"anyOf":[{"type":"string"},{"type":"null"}]}}}`},
		{"$ref with an escape", "as references write brackets", `{"type":"object","properties":{"a":{"$ref":"#/$defs/List%5Bint%5D"}},"$defs":{"List[int]":{"type":"integer"}}}`, `{"type":"object","properties":{"a":{"type":"integer"}}}`},
		{"order of members", "models read it as text", `{"properties":{"z":true,"a":{"type":"string"}},"required":["z"]}`, `{"type":"object","properties":{"z":{},"a":{"type":"string"}},"required":["z"]}`},
		{"a property named like a keyword", "it is not one", `{"type":"object","properties":{"$ref":{"type":"string"},"const":{"type":"string"},"x":true}}`, `{"type":"object","properties":{"$ref":{"type":"string"},"const":{"type":"string"},"x":{}}}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, _ := acceptableSchema([]byte(c.in)); string(got) != c.want {
				t.Errorf("%s\n got %s\nwant %s", c.why, got, c.want)
			}
		})
	}
}

func TestGoodSchemaIsNotTouched(t *testing.T) {
	in := []byte(`{"type":"object","properties":{"cmd":{"type":"string","description":"a :true story"}},"required":["cmd"],"additionalProperties":false}`)
	out, _ := acceptableSchema(in)
	if &out[0] != &in[0] {
		t.Error("it was copied")
	}
}

func TestSchemaThatGrowsWithoutEndIsKept(t *testing.T) {
	// Each definition holds the next twice: 2^30 copies if all were put in place.
	var b strings.Builder
	b.WriteString(`{"type":"object","properties":{"a":{"$ref":"#/$defs/d0"}},"$defs":{`)
	for i := range 30 {
		next := "d" + string(rune('0'+(i+1)/10)) + string(rune('0'+(i+1)%10))
		name := "d0"
		if i > 0 {
			name = "d" + string(rune('0'+i/10)) + string(rune('0'+i%10))
		}
		b.WriteString(`"` + name + `":{"anyOf":[{"$ref":"#/$defs/` + next + `"},{"$ref":"#/$defs/` + next + `"}]},`)
	}
	b.WriteString(`"d30":{"type":"string"}}}`)
	if got, _ := acceptableSchema([]byte(b.String())); string(got) != b.String() {
		t.Errorf("%d bytes", len(got))
	}
}
