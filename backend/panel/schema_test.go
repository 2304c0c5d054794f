package panel

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

//go:embed openapi.json
var openAPI []byte

// schema is the part of JSON Schema that openapi.json uses.
type schema struct {
	Ref        string `json:"$ref"`
	Type       any    // a name, or a list of them
	Format     string
	Enum       []any
	Items      *schema
	Additional json.RawMessage `json:"additionalProperties"`
	Required   []string
	Properties map[string]*schema
	Minimum    *float64
}

type operation struct {
	OperationID string
	Summary     string
	Parameters  []struct {
		Name   string
		Schema struct{ Minimum, Maximum int }
	}
	RequestBody struct {
		Content map[string]struct{ Schema *schema }
	}
	Responses map[string]struct {
		Content map[string]struct{ Schema *schema }
	}
}

type description struct {
	t          *testing.T
	Paths      map[string]map[string]operation
	Components struct {
		Schemas         map[string]*schema
		SecuritySchemes map[string]struct{ Name string }
	}
	// seen are the members that some value had: "State.model".
	seen map[string]bool
}

func readDescription(t *testing.T) *description {
	t.Helper()
	d := &description{t: t, seen: map[string]bool{}}
	if err := json.Unmarshal(openAPI, d); err != nil {
		t.Fatal(err)
	}
	return d
}

// answer is the schema of an operation's answer with a status, nil where there is
// none.
func (o operation) answer(status int) *schema {
	for _, content := range o.Responses[fmt.Sprint(status)].Content {
		return content.Schema
	}
	return nil
}

// check compares a value, as encoding/json reads it, with a schema. where is for
// messages.
func (d *description) check(s *schema, v any, where string) {
	d.t.Helper()
	name := ""
	if s.Ref != "" {
		name = s.Ref[strings.LastIndex(s.Ref, "/")+1:]
		s = d.Components.Schemas[name]
		if s == nil {
			d.t.Fatalf("%s: no schema %q", where, name)
		}
	}
	if !slices.Contains(s.types(), typeOf(v)) && (typeOf(v) != "integer" || !slices.Contains(s.types(), "number")) {
		d.t.Errorf("%s is %s %v, described as %v", where, typeOf(v), v, s.Type)
		return
	}
	if s.Enum != nil && !slices.Contains(s.Enum, v) {
		d.t.Errorf("%s is %v, described as one of %v", where, v, s.Enum)
	}
	switch v := v.(type) {
	case string:
		if _, err := time.Parse(time.RFC3339, v); s.Format == "date-time" && err != nil {
			d.t.Errorf("%s is no time: %v", where, err)
		}
	case []any:
		for i, item := range v {
			d.check(s.Items, item, fmt.Sprintf("%s[%d]", where, i))
		}
	case map[string]any:
		d.checkObject(s, v, name, where)
	}
}

func (d *description) checkObject(s *schema, v map[string]any, name, where string) {
	d.t.Helper()
	for _, member := range s.Required {
		if _, ok := v[member]; !ok {
			d.t.Errorf("%s.%s is missing, and described as always there", where, member)
		}
	}
	var others schema
	if len(s.Additional) > 0 && string(s.Additional) != "false" {
		if err := json.Unmarshal(s.Additional, &others); err != nil {
			d.t.Fatal(err)
		}
	}
	for _, member := range slices.Sorted(maps.Keys(v)) {
		property := s.Properties[member]
		if property == nil && others.Type != nil {
			property = &others
		}
		if property == nil {
			d.t.Errorf("%s.%s is not described", where, member)
			continue
		}
		d.seen[name+"."+member] = true
		d.check(property, v[member], where+"."+member)
	}
}

func (s *schema) types() []string {
	switch t := s.Type.(type) {
	case string:
		return []string{t}
	case []any:
		var all []string
		for _, each := range t {
			all = append(all, each.(string))
		}
		return all
	}
	return nil
}

func typeOf(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case string:
		return "string"
	case bool:
		return "boolean"
	case float64:
		if v == float64(int64(v)) {
			return "integer"
		}
		return "number"
	case []any:
		return "array"
	}
	return "object"
}
