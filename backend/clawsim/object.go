package clawsim

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
)

// object is a JSON object that keeps the order of its keys and the bytes of its
// values: what the stand-in does not spoil has to reach the record untouched,
// or a test could not tell our own rewriting from ClawRouter's.
type object struct {
	keys []string
	vals map[string]json.RawMessage
	// texts are string members already decoded: contents are looked at often
	// and may be megabytes.
	texts map[string]string
}

func newObject() *object { return &object{vals: map[string]json.RawMessage{}} }

// UnmarshalJSON reads an object; any other JSON value is an error.
func (o *object) UnmarshalJSON(data []byte) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	tok, err := dec.Token()
	if err != nil {
		return fmt.Errorf("object: %w", err)
	}
	if tok != json.Delim('{') {
		return errors.New("object: not a JSON object")
	}
	o.keys, o.vals = nil, map[string]json.RawMessage{}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return fmt.Errorf("object: %w", err)
		}
		var val json.RawMessage
		if err := dec.Decode(&val); err != nil {
			return fmt.Errorf("object: %w", err)
		}
		o.setRaw(key.(string), val)
	}
	return nil
}

// MarshalJSON writes the keys in the order in which they came.
func (o *object) MarshalJSON() ([]byte, error) { return o.bytes(), nil }

func (o *object) writeTo(b *bytes.Buffer) {
	b.WriteByte('{')
	for i, k := range o.keys {
		if i > 0 {
			b.WriteByte(',')
		}
		b.Write(encode(k))
		b.WriteByte(':')
		b.Write(o.vals[k])
	}
	b.WriteByte('}')
}

// bytes is the object as JSON.
func (o *object) bytes() []byte {
	var b bytes.Buffer
	o.writeTo(&b)
	return b.Bytes()
}

func (o *object) setRaw(key string, val json.RawMessage) {
	if _, ok := o.vals[key]; !ok {
		o.keys = append(o.keys, key)
	}
	o.vals[key] = val
	delete(o.texts, key)
}

func (o *object) set(key string, val any) { o.setRaw(key, encode(val)) }

func (o *object) has(key string) bool { _, ok := o.vals[key]; return ok }

// str is the value of a string member, and "" for anything else.
func (o *object) str(key string) string {
	s, _ := o.isString(key)
	return s
}

func (o *object) isString(key string) (string, bool) {
	raw := o.vals[key]
	if len(raw) == 0 || raw[0] != '"' {
		return "", false
	}
	if s, ok := o.texts[key]; ok {
		return s, true
	}
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return "", false
	}
	if o.texts == nil {
		o.texts = map[string]string{}
	}
	o.texts[key] = s
	return s, true
}

func (o *object) truth(key string) bool { return string(o.vals[key]) == "true" }

func (o *object) integer(key string) int {
	var f float64
	if json.Unmarshal(o.vals[key], &f) != nil {
		return 0
	}
	return int(f)
}

func (o *object) copy() *object {
	c := newObject()
	for _, k := range o.keys {
		c.setRaw(k, o.vals[k])
	}
	c.texts = maps.Clone(o.texts)
	return c
}

// encode writes JSON as JavaScript does, without escaping <, > and &.
func encode(v any) json.RawMessage {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic(fmt.Sprintf("clawsim: a value of our own is no JSON: %v", err))
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}
