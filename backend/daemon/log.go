package daemon

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/BlockRunAI/clawrouter-codex/backend/proxy"
	"github.com/BlockRunAI/clawrouter-codex/backend/settings"
)

// logVariable says how much is logged: error, warn, info or debug. With debug, the
// log shows each translated request without what was written in it; with
// "debug,contents", which asks twice, with it.
const logVariable = "CLAWROUTER_CODEX_LOG"

// logChoice is what the environment says of the log.
type logChoice struct {
	level    slog.Level
	contents bool
	unknown  string // what is no level, "" where all is well
}

func logChoiceOf(environ []string) logChoice {
	var c logChoice
	for _, line := range environ {
		text, ok := strings.CutPrefix(line, logVariable+"=")
		if !ok || text == "" {
			continue
		}
		word, second, _ := strings.Cut(text, ",")
		c = logChoice{contents: second == "contents"}
		if c.level.UnmarshalText([]byte(word)) != nil || second != "" && !c.contents {
			c = logChoice{unknown: text}
		}
	}
	return c
}

// secrets are what no log may hold, whoever says it. The bridge's key is not known
// here yet: it comes in a header that nobody logs.
func (o Options) secrets() []string {
	var all []string
	for _, s := range []settings.Secret{o.Settings.UpstreamAPIKey.V, o.Settings.WalletKey.V} {
		if text := s.Reveal(); text != "" {
			all = append(all, text)
		}
	}
	return all
}

// openLog opens the program's own log, a line of JSON for each record. What is
// worth a user's attention goes to tell as well, for a terminal.
func openLog(paths settings.Paths, choice logChoice, secrets []string, tell func(Step)) (*slog.Logger, io.Closer, error) {
	file, err := proxy.OpenLog(paths.ProgramLog())
	if err != nil {
		return nil, nil, err
	}
	redactor := proxy.NewRedactor(secrets...)
	lines := slog.NewJSONHandler(file, &slog.HandlerOptions{
		Level: choice.level,
		// An upstream's words may repeat a key that it was given.
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			switch a.Value.Kind() { // not Any for all: it allocates for numbers and times
			case slog.KindString:
				a.Value = slog.StringValue(bounded(a.Key, a.Value.String(), redactor.Redact))
			case slog.KindDuration: // else a number of nanoseconds
				a.Value = slog.StringValue(a.Value.Duration().String())
			case slog.KindAny:
				if err, ok := a.Value.Any().(error); ok {
					a.Value = slog.StringValue(bounded(a.Key, err.Error(), redactor.Redact))
				}
			}
			return a
		},
	})
	log := slog.New(teller{Handler: lines, redact: redactor.Redact, tell: tell})
	if choice.unknown != "" {
		log.Warn(fmt.Sprintf("%s=%s is not known, so the log is as usual; it takes error, warn, info, debug, or debug,contents", logVariable, choice.unknown))
	}
	return log, file, nil
}

// mostLogged bounds one text of a record, in bytes: a client may call a model
// anything that fits into a request, and a line that is larger than the file would
// throw all earlier ones out.
const mostLogged = 16 << 10

// longestSecret is more than any key has, in bytes: of one that the bound cuts in two
// the first half would not be known for what it is.
const longestSecret = 512

// bounded takes secrets out of a text, and the end off a huge one, first: to look
// through megabytes takes seconds. A request is shown whole, to who asked for it.
func bounded(key, text string, redact func(string) string) string {
	if len(text) <= mostLogged || key == "request" {
		return redact(text)
	}
	text = redact(strings.ToValidUTF8(text[:mostLogged], ""))
	return strings.ToValidUTF8(text[:max(0, len(text)-longestSecret)], "") + "…"
}

// teller is a handler that also tells warnings, errors and turns to a person,
// without the numbers and stacks that only the file needs.
type teller struct {
	slog.Handler
	redact func(string) string
	tell   func(Step)
}

// turnMessage is the message of a turn's one line.
const turnMessage = "turn"

// Handle writes the record, and tells it if it is a turn or from Warn up.
func (t teller) Handle(ctx context.Context, r slog.Record) error {
	switch {
	case r.Level >= slog.LevelWarn:
		t.tell(Step{Part: "warning:", Text: bounded("", warningText(r), t.redact)})
	case r.Message == turnMessage:
		t.tell(Step{Part: turnMessage, Text: bounded("", turnText(r), t.redact)})
	}
	return t.Handler.Handle(ctx, r)
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
	return fmt.Sprintf("%s, %.0f tokens in, %.0f out, $%.4f, %.1f s to the first byte, %.1f s in all", model, in, out, usd, first/1000, all/1000)
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
