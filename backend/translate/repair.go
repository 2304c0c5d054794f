package translate

import (
	"bytes"

	"github.com/go-json-experiment/json/jsontext"
)

// repairArguments mends the arguments of a call where there is only one way to
// read them, and returns them as they are where there is none or more than one.
// Codex hands broken arguments back to the model, which costs a paid turn.
func repairArguments(args []byte) []byte {
	if object(args) {
		return args
	}
	for _, mend := range []func([]byte) []byte{unfence, unwrapString, firstOfMany, escapeRawControls, dropTrailingCommas, closeOpen} {
		if fixed := mend(args); fixed != nil {
			if object(fixed) {
				return fixed
			}
			args2 := fixed // one flaw may hide another
			for _, next := range []func([]byte) []byte{unwrapString, escapeRawControls, dropTrailingCommas, closeOpen} {
				if again := next(args2); again != nil {
					if object(again) {
						return again
					}
					args2 = again
				}
			}
		}
	}
	return args
}

// object reports whether v is one whole JSON object.
func object(v []byte) bool {
	v = bytes.TrimSpace(v)
	return len(v) > 0 && v[0] == '{' && jsontext.Value(v).IsValid()
}

// unfence takes the code fence off that some models put around JSON.
func unfence(v []byte) []byte {
	v, opened := bytes.CutPrefix(bytes.TrimSpace(v), []byte("```"))
	v, closed := bytes.CutSuffix(v, []byte("```"))
	if !opened || !closed {
		return nil
	}
	return bytes.TrimSpace(bytes.TrimPrefix(v, []byte("json")))
}

// unwrapString decodes arguments that were encoded twice.
func unwrapString(v []byte) []byte {
	v = bytes.TrimSpace(v)
	if len(v) < 2 || v[0] != '"' || !jsontext.Value(v).IsValid() {
		return nil
	}
	return unescape(nil, text(v).inner())
}

// firstOfMany takes one object of several that mean the same: a server that sends
// `{}` before the real arguments, or the arguments twice, or a brace or an end
// mark too many.
func firstOfMany(v []byte) []byte {
	v = bytes.TrimSpace(v)
	if len(v) == 0 || v[0] != '{' {
		return nil
	}
	dec := jsontext.NewDecoder(bytes.NewReader(v), readOptions...)
	first, err := dec.ReadValue()
	if err != nil {
		return nil
	}
	first = bytes.Clone(first)
	rest := bytes.TrimSpace(v[dec.InputOffset():])
	switch {
	case len(rest) == 0, len(bytes.Trim(rest, "}] \t\r\n")) == 0:
		return first
	case bytes.HasPrefix(rest, []byte("<")) && bytes.IndexByte(rest, '{') < 0:
		return first
	case string(first) == "{}" || bytes.Equal(first, rest):
		return rest
	}
	return nil
}

// escapeRawControls escapes line breaks and tabs that stand raw in strings.
func escapeRawControls(v []byte) []byte {
	return rewrite(v, func(out []byte, c byte, inside bool) []byte {
		if inside && c < ' ' {
			return appendEscapedByte(out, c)
		}
		return append(out, c)
	})
}

// dropTrailingCommas removes commas before a closing brace or bracket.
func dropTrailingCommas(v []byte) []byte {
	return rewrite(v, func(out []byte, c byte, inside bool) []byte {
		if !inside && (c == '}' || c == ']') {
			out = bytes.TrimRight(out, " \t\r\n")
			out = bytes.TrimSuffix(out, []byte(","))
		}
		return append(out, c)
	})
}

// rewrite passes JSON through f byte by byte, telling it what is inside a string;
// escapes are kept as they are. nil means that nothing changed.
func rewrite(v []byte, f func(out []byte, c byte, inside bool) []byte) []byte {
	out := make([]byte, 0, len(v)+16)
	inside := false
	for i := 0; i < len(v); i++ {
		if inside && v[i] == '\\' && i+1 < len(v) {
			out = append(out, v[i], v[i+1])
			i++
			continue
		}
		if v[i] == '"' {
			inside = !inside
		}
		out = f(out, v[i], inside)
	}
	if bytes.Equal(out, v) {
		return nil
	}
	return out
}

// closeOpen adds the braces that are missing at the end. Where the end stands
// inside a string, a number or a list it is not known what was to come: nil.
func closeOpen(v []byte) []byte {
	v = bytes.TrimRight(v, " \t\r\n")
	var open []byte
	inside := false
	for i := 0; i < len(v); i++ {
		switch c := v[i]; {
		case inside && c == '\\':
			i++
		case c == '"':
			inside = !inside
		case inside:
		case c == '{':
			open = append(open, '}')
		case c == '[':
			open = append(open, ']')
		case c == '}' || c == ']':
			if len(open) == 0 || open[len(open)-1] != c {
				return nil
			}
			open = open[:len(open)-1]
		}
	}
	if inside || len(open) == 0 || v[0] != '{' || bytes.IndexByte(open, ']') >= 0 || !bytes.ContainsAny(v[len(v)-1:], `"}]el`) {
		return nil
	}
	out := bytes.Clone(v)
	for i := len(open) - 1; i >= 0; i-- {
		out = append(out, open[i])
	}
	return out
}

// mendArguments is repairArguments for what stands inside a JSON string.
func mendArguments(escaped []byte) []byte {
	args := unescape(nil, escaped)
	fixed := repairArguments(args)
	if bytes.Equal(fixed, args) {
		return escaped
	}
	return appendEscaped(nil, fixed)
}
