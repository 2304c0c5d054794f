package daemon

import (
	"context"
	"log/slog"
	"strconv"
	"strings"
)

// record is a record that waits, and whose it is.
type record struct {
	slog.Record
	by teller
}

// teller is a handler that leaves records to log, and has warnings, errors and turns
// told to a person, without the numbers and stacks that only the file needs.
type teller struct {
	slog.Handler // makes the lines
	log          *programLog
	redact       func(string) string
	quiet        bool // nothing is told
}

// turnMessage is the message of a turn's one line.
const turnMessage = "turn"

// Handle takes the record.
func (t teller) Handle(_ context.Context, r slog.Record) error {
	t.log.records.add(record{r.Clone(), t})
	if mayWait(r) && !t.log.due() {
		return nil
	}
	return t.log.flush()
}

// mostWaiting is the length of the longest text of a record that waits, in bytes.
const mostWaiting = 1 << 10

// mayWait reports whether a record is below Warn, small, and the same however late it is
// looked at: an error, or a list, is its maker's.
func mayWait(r slog.Record) bool {
	may := r.Level < slog.LevelWarn
	r.Attrs(func(a slog.Attr) bool {
		switch a.Value.Kind() {
		case slog.KindAny, slog.KindLogValuer, slog.KindGroup:
			may = false
		case slog.KindString:
			may = may && len(a.Value.String()) <= mostWaiting
		}
		return may
	})
	return may
}

// step is what a person is told of a record: of a turn, and from Warn up.
func (t teller) step(r slog.Record) (s Step, ok bool) {
	switch {
	case t.quiet:
	case r.Level >= slog.LevelWarn:
		return Step{Part: "warning:", Text: bounded("", warningText(r), t.redact)}, true
	case r.Message == turnMessage:
		return Step{Part: turnMessage, Text: bounded("", turnText(r), t.redact)}, true
	}
	return Step{}, false
}

func warningText(r slog.Record) string {
	var b strings.Builder
	b.WriteString(r.Message)
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == "model" || a.Key == "error" || a.Key == "cause" {
			b.WriteString(", " + a.Key + ": " + a.Value.String())
		}
		return true
	})
	return b.String()
}

// turnText is a turn in a person's words: "zai/glm-5.2, 12345 tokens in, 210 out,
// $0.0021, 1.2 s to the first byte, 4.0 s in all".
func turnText(r slog.Record) string {
	var model, used string
	var in, out, usd, first, all float64
	r.Attrs(func(a slog.Attr) bool {
		switch a.Key {
		case "model":
			model = a.Value.String()
		case "used":
			used = a.Value.String()
		case "in":
			in = number(a.Value)
		case "out":
			out = number(a.Value)
		case "usd":
			usd = number(a.Value)
		case "first_ms":
			first = number(a.Value)
		case "ms":
			all = number(a.Value)
		}
		return true
	})
	if used != "" && used != model {
		model += " by " + used
	}
	// Sprintf takes twice the time.
	text := append(make([]byte, 0, 128), model...)
	text = figure(text, ", ", in, 0)
	text = figure(text, " tokens in, ", out, 0)
	text = figure(text, " out, $", usd, 4)
	text = figure(text, ", ", first/1000, 1)
	text = figure(text, " s to the first byte, ", all/1000, 1)
	return string(append(text, " s in all"...))
}

// figure appends a figure and what stands before it.
func figure(text []byte, before string, x float64, decimals int) []byte {
	return strconv.AppendFloat(append(text, before...), x, 'f', decimals, 64)
}

// number is a figure of a turn's.
func number(v slog.Value) float64 {
	switch v.Kind() {
	case slog.KindInt64:
		return float64(v.Int64())
	case slog.KindFloat64:
		return v.Float64()
	}
	return 0
}

// WithAttrs keeps telling.
func (t teller) WithAttrs(attrs []slog.Attr) slog.Handler {
	t.Handler = t.Handler.WithAttrs(attrs)
	return t
}

// WithGroup keeps telling.
func (t teller) WithGroup(name string) slog.Handler {
	t.Handler = t.Handler.WithGroup(name)
	return t
}
