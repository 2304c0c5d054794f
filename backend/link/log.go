package link

import (
	"cmp"
	"context"
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/BlockRunAI/clawrouter-codex/backend/proxy"
	"github.com/BlockRunAI/clawrouter-codex/backend/settings"
)

// LogLine is one line of our own log or of what ClawRouter printed. Secrets were
// taken out before it was written.
type LogLine struct {
	// At is when the line was written; zero where a line says no time and none
	// before it did.
	At     time.Time `json:"at,omitzero"`
	Source Source    `json:"source"`
	Level  Level     `json:"level"`
	Text   string    `json:"text"`
}

// Source is who wrote a LogLine.
type Source string

// The two sources.
const (
	FromBridge     Source = "bridge"
	FromClawRouter Source = "clawrouter"
)

// MaxLogLines is the most that Log returns.
const MaxLogLines = 2000

// logFile is one of the two logs, and how far it was read.
type logFile struct {
	path   string
	source Source
	end    int64
}

func logFiles(p settings.Paths) []logFile {
	return []logFile{{p.ProgramLog(), FromBridge, 0}, {p.ProxyLog(), FromClawRouter, 0}}
}

// Log implements Link: what was logged before is among the lines. Lines that say no
// time stand behind the line before them.
func (l *Local) Log(ctx context.Context, lines int) ([]LogLine, error) {
	if l.o.WriteLog != nil {
		_ = l.o.WriteLog() // what a full disk holds is worth a look as well
	}
	all, err := readLogs(logFiles(l.o.Settings.Paths), lines)
	return all, errors.Join(err, ctx.Err())
}

func readLogs(files []logFile, lines int) ([]LogLine, error) {
	lines = min(max(lines, 0), MaxLogLines)
	all := []LogLine{}
	for i := range files {
		text, end, err := proxy.LogTail(files[i].path)
		if err != nil {
			return nil, err
		}
		files[i].end = end
		all = append(all, parseLog(files[i].source, lastLines(text, lines))...)
	}
	slices.SortStableFunc(all, func(a, b LogLine) int { return a.At.Compare(b.At) })
	return all[max(0, len(all)-lines):], nil
}

func lastLines(text []byte, n int) []string {
	if len(text) == 0 {
		return nil
	}
	list := strings.Split(strings.TrimSuffix(strings.ToValidUTF8(string(text), "�"), "\n"), "\n")
	return list[max(0, len(list)-n):]
}

// FollowLog calls each with the last lines, as Log has them, and then with every
// line that is written, until ctx ends. It reads the files, so that it goes on
// over stops and starts of the link.
func FollowLog(ctx context.Context, p settings.Paths, lines int, each func(LogLine)) error {
	files := logFiles(p)
	all, err := readLogs(files, lines)
	if err != nil {
		return err
	}
	for _, line := range all {
		each(line)
	}
	var one sync.Mutex // held while each is called
	following, ctx := errgroup.WithContext(ctx)
	for _, f := range files {
		following.Go(func() error {
			w := proxy.NewLineWriter(nil, func(text string) {
				one.Lock()
				defer one.Unlock()
				each(parseLog(f.source, []string{text})[0])
			})
			return proxy.FollowLog(ctx, f.path, f.end, w)
		})
	}
	return following.Wait()
}

// Ours are lines of log/slog, of JSON or, of older releases, of text; ClawRouter's carry the time at which we got them.
var (
	ourLine     = regexp.MustCompile(`^time=(\S+) level=(\S+) (?:msg=)?(.*)$`)
	printedLine = regexp.MustCompile(`^(\d{4}-\d\d-\d\dT\S+) (.*)$`)
	badWord     = regexp.MustCompile(`(?i)\b(error|failed|fatal|exception)\b`)
)

func parseLog(source Source, lines []string) []LogLine {
	var list []LogLine
	var at time.Time
	for _, text := range lines {
		line := LogLine{Source: source, Level: LevelInfo, Text: text}
		if when, level, words, ok := jsonLine(text); source == FromBridge && ok {
			at = timeOr(when, at)
			line.Level, line.Text = levelOf(level), words
		} else if m := ourLine.FindStringSubmatch(text); source == FromBridge && m != nil {
			at = timeOr(m[1], at)
			line.Level, line.Text = levelOf(m[2]), unquoted(m[3])
		} else if m := printedLine.FindStringSubmatch(text); source == FromClawRouter && m != nil {
			at = timeOr(m[1], at)
			line.Text = m[2]
		}
		if source == FromClawRouter && badWord.MatchString(line.Text) {
			line.Level = LevelWarning
		}
		line.At = at
		list = append(list, line)
	}
	return list
}

func timeOr(text string, before time.Time) time.Time {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return before
	}
	return cmp.Or(t, before)
}

// unquoted takes the quotes off the message, which stands first.
func unquoted(text string) string {
	quoted, err := strconv.QuotedPrefix(text)
	if err != nil {
		return text
	}
	message, err := strconv.Unquote(quoted)
	if err != nil {
		return text
	}
	return message + text[len(quoted):]
}

func levelOf(level string) Level {
	switch {
	case strings.HasPrefix(level, "ERROR"):
		return LevelError
	case strings.HasPrefix(level, "WARN"):
		return LevelWarning
	}
	return LevelInfo
}
