package daemon

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
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

// mostLines is how much of the log waits in memory, in bytes, and mostSteps how many
// Steps: each has its line.
const (
	mostLines = 64 << 10
	mostSteps = 256
)

// programLog is the program's own log, a line of JSON in its file for each record. What
// is worth a user's attention is told to a person as well, in the words of a Step.
//
// A turn ends after its record is made, so neither is written by the turn: that makes the
// CPU time of a turn of 50 chunks 0.97 ×, and as much of what is added to the first token
// of the next one on its connection. A record from Warn up may have to explain a crash: it is written at once, with everything before
// it. A SIGKILL loses what was made in the last 40 ms, which is turns that the ledger has.
type programLog struct {
	*slog.Logger
	file  *proxy.Log
	lines gathered[byte]
	steps gathered[Step]
}

// openLog opens the program's own log; tell is called by one goroutine at a time.
func openLog(paths settings.Paths, choice logChoice, secrets []string, tell func(...Step)) (*programLog, error) {
	file, err := proxy.OpenLog(paths.ProgramLog())
	if err != nil {
		return nil, err
	}
	l := &programLog{file: file}
	l.lines.most, l.lines.write = mostLines, func(lines []byte) error {
		_, err := file.Write(lines)
		return err
	}
	l.steps.most, l.steps.write = mostSteps, func(steps []Step) error {
		tell(steps...)
		return nil
	}
	redactor := proxy.NewRedactor(secrets...)
	l.Logger = slog.New(teller{Handler: slog.NewJSONHandler(l, jsonOptions(choice.level, redactor)), log: l, redact: redactor.Redact})
	if choice.unknown != "" {
		l.Warn(fmt.Sprintf("%s=%s is not known, so the log is as usual; it takes error, warn, info, debug, or debug,contents", logVariable, choice.unknown))
	}
	return l, nil
}

func jsonOptions(level slog.Level, redactor *proxy.Redactor) *slog.HandlerOptions {
	return &slog.HandlerOptions{
		Level: level,
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
	}
}

// Write takes the line of a record. It is called while the handler lets no other record
// in, so it leaves the file to Handle.
func (l *programLog) Write(line []byte) (int, error) {
	l.lines.add(line...)
	return len(line), nil
}

// tell tells steps at once, behind those that wait.
func (l *programLog) tell(steps ...Step) {
	l.steps.add(steps...)
	_ = l.steps.flush() // telling cannot fail
}

// writeDue writes what may wait no longer, once a record of that level is made.
func (l *programLog) writeDue(level slog.Level) error {
	var failed error
	if level >= slog.LevelWarn || l.lines.due() {
		failed = l.lines.flush()
	}
	if level >= slog.LevelWarn || l.steps.due() {
		failed = errors.Join(failed, l.steps.flush())
	}
	return failed
}

// Close writes and tells what waits, and closes the file. What is logged later is told
// all the same.
func (l *programLog) Close() error {
	return errors.Join(l.lines.close(), l.steps.close(), l.file.Close())
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
	log    *programLog
	redact func(string) string
	quiet  bool // nothing is told
}

// turnMessage is the message of a turn's one line.
const turnMessage = "turn"

// Handle takes the record, and tells it if it is a turn or from Warn up.
func (t teller) Handle(ctx context.Context, r slog.Record) error {
	switch {
	case t.quiet:
	case r.Level >= slog.LevelWarn:
		t.log.steps.add(Step{Part: "warning:", Text: bounded("", warningText(r), t.redact)})
	case r.Message == turnMessage:
		t.log.steps.add(Step{Part: turnMessage, Text: bounded("", turnText(r), t.redact)})
	}
	return errors.Join(t.Handler.Handle(ctx, r), t.log.writeDue(r.Level))
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
