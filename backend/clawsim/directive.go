package clawsim

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// directive is one [[name argument]] of a prompt. A JSON argument (or several,
// with the word "then" between them) is kept in values.
type directive struct {
	name   string
	arg    string
	values []json.RawMessage
}

// directives reads the markers of a prompt. Double brackets that do not begin
// with a lower-case name or a digit are the user's own and stay unread: a shell
// test such as [[ -f x ]] is no marker.
func directives(prompt string) ([]directive, error) {
	var out []directive
	for rest := prompt; ; {
		_, after, ok := strings.Cut(rest, "[[")
		if !ok {
			return out, nil
		}
		rest = after
		name := after[:nameLength(after)]
		if name == "" {
			continue
		}
		d, tail, err := readDirective(name, after[len(name):])
		if err != nil {
			return nil, err
		}
		out, rest = append(out, d), tail
	}
}

func nameLength(s string) int {
	for i, r := range s {
		if (r < 'a' || r > 'z') && (r < '0' || r > '9') && (r != '-' || i == 0) {
			return i
		}
	}
	return len(s)
}

func readDirective(name, s string) (directive, string, error) {
	d := directive{name: name}
	trimmed := strings.TrimLeft(s, " \t\n")
	if trimmed == "" || !strings.ContainsRune(`{["`, rune(trimmed[0])) {
		arg, tail, ok := strings.Cut(s, "]]")
		if !ok {
			return d, "", fmt.Errorf("[[%s is not closed by ]]", name)
		}
		d.arg = strings.TrimSpace(arg)
		return d, tail, nil
	}
	for {
		dec := json.NewDecoder(strings.NewReader(trimmed))
		var v json.RawMessage
		if err := dec.Decode(&v); err != nil && err != io.EOF {
			return d, "", fmt.Errorf("[[%s: %w", name, err)
		}
		d.values = append(d.values, v)
		trimmed = strings.TrimLeft(trimmed[dec.InputOffset():], " \t\n,")
		if tail, ok := strings.CutPrefix(trimmed, "]]"); ok {
			return d, tail, nil
		}
		rest, ok := strings.CutPrefix(trimmed, "then")
		if !ok {
			return d, "", fmt.Errorf("[[%s: neither ]] nor \"then\" after the JSON", name)
		}
		trimmed = strings.TrimLeft(rest, " \t\n")
	}
}

// number is the first word of the argument that is a number, between 0 and max:
// a prompt must not be able to fill the memory.
func (d directive) number(def, max float64) float64 {
	for _, word := range strings.Fields(d.arg) {
		if f, err := strconv.ParseFloat(word, 64); err == nil && f >= 0 {
			return min(f, max)
		}
	}
	return def
}

// setting is the value of key=value in the argument.
func (d directive) setting(key string) string {
	for _, word := range strings.Fields(d.arg) {
		if v, ok := strings.CutPrefix(word, key+"="); ok {
			return v
		}
	}
	return ""
}
