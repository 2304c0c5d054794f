package link

import (
	"encoding/json"
	"strconv"
	"strings"
)

// jsonLine reads a record of slog's JSON handler, and writes it for a person: the
// message, then key=value in the order of the record.
func jsonLine(text string) (at, level, words string, ok bool) {
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	if first, err := dec.Token(); err != nil || first != json.Delim('{') {
		return "", "", "", false
	}
	var b strings.Builder
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return "", "", "", false
		}
		var value any
		if dec.Decode(&value) != nil {
			return "", "", "", false
		}
		said := wordOf(value)
		switch key {
		case "time":
			at, _ = value.(string)
		case "level":
			level = said
		case "msg":
			message, _ := value.(string)
			b.WriteString(message)
		default:
			b.WriteString(" " + key.(string) + "=" + said)
		}
	}
	return at, level, b.String(), true
}

// wordOf quotes what would not be one word.
func wordOf(value any) string {
	text, isText := value.(string)
	if !isText {
		raw, _ := json.Marshal(value)
		return string(raw)
	}
	if text == "" || strings.ContainsAny(text, " =\"\n\t") {
		return strconv.Quote(text)
	}
	return text
}
