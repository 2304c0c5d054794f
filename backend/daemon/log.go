package daemon

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

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

const (
	// recordDelay is how long a record waits for others to be written with it.
	recordDelay = 40 * time.Millisecond
	// mostRecords is how many wait at most, and how many Steps.
	mostRecords = 128
	// mostLines is the room that is kept for their lines, in bytes.
	mostLines = 64 << 10
)

// programLog is the program's own log, a line of JSON in its file for each record. What
// is worth a user's attention is told to a person as well, in the words of a Step.
//
// A turn ends after its record is made, so it only leaves that here. This makes the CPU
// time of a turn of 50 chunks 0.95 ×, and what the bridge adds to the first token of the
// next one on its connection 0.93 ×. A record from Warn up may have to explain a crash:
// it is written at once, with everything before it. A SIGKILL loses what else was made in
// the last 40 ms.
type programLog struct {
	*slog.Logger
	file    *proxy.Log
	records gathered[record]
	lines   []byte // of the records that are being written
	told    []Step // of the same
	// steps wait for nobody, but are told by a goroutine of their own: a terminal that
	// was stopped (Ctrl-S) holds up no file.
	steps gathered[Step]
}

// openLog opens the program's own log; tell is called by one goroutine at a time.
func openLog(paths settings.Paths, choice logChoice, secrets []string, tell func(...Step)) (*programLog, error) {
	file, err := proxy.OpenLog(paths.ProgramLog())
	if err != nil {
		return nil, err
	}
	l := &programLog{file: file}
	l.records.delay, l.records.most, l.records.write = recordDelay, mostRecords, l.writeRecords
	l.steps.most, l.steps.write = mostRecords, func(steps []Step) error {
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

// writeRecords writes the lines of records to the file, in one write, and has the
// steps told.
func (l *programLog) writeRecords(records []record) error {
	l.lines, l.told = l.lines[:0], l.told[:0]
	for i := range records {
		r := &records[i]
		_ = r.by.Handler.Handle(context.Background(), r.Record) // Write never fails
		if step, ok := r.by.step(r.Record); ok {
			l.told = append(l.told, step)
		}
	}
	l.steps.add(l.told...)
	_, err := l.file.Write(l.lines)
	if cap(l.lines) > mostLines { // of a request that is shown whole, say
		l.lines = nil
	}
	return err
}

// Write takes the line of a record that is being written.
func (l *programLog) Write(line []byte) (int, error) {
	l.lines = append(l.lines, line...)
	return len(line), nil
}

// due reports whether a record must not wait, be it for its own sake or for that of a
// terminal which takes nothing.
func (l *programLog) due() bool { return l.records.due() || l.steps.due() }

// flush writes and tells what waits. The error is the file's.
func (l *programLog) flush() error {
	return errors.Join(l.records.flush(), l.steps.flush())
}

// tell tells steps at once, behind those of the records that wait.
func (l *programLog) tell(steps ...Step) {
	_ = l.records.flush() // as when nobody tells anything
	l.steps.add(steps...)
	_ = l.steps.flush() // telling cannot fail
}

// Close writes and tells what waits, and closes the file. What is logged later is told
// all the same.
func (l *programLog) Close() error {
	return errors.Join(l.records.close(), l.steps.close(), l.file.Close())
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
