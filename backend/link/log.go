package link

import (
	"cmp"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
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

// Log implements Link. Lines that say no time stand behind the line before them.
func (l *Local) Log(ctx context.Context, lines int) ([]LogLine, error) {
	lines = min(max(lines, 0), MaxLogLines)
	paths := l.o.Settings.Paths
	all := []LogLine{}
	for _, log := range []struct {
		path   string
		source Source
	}{{paths.ProgramLog(), FromBridge}, {paths.ProxyLog(), FromClawRouter}} {
		tail, err := lastLines(log.path, lines)
		if err != nil {
			return nil, err
		}
		all = append(all, parseLog(log.source, tail)...)
	}
	slices.SortStableFunc(all, func(a, b LogLine) int { return a.At.Compare(b.At) })
	return all[max(0, len(all)-lines):], ctx.Err()
}

// maxTail is how much of a log is read, in bytes.
const maxTail = 512 << 10

// lastLines are the last whole lines of a file, of which there need be none.
func lastLines(path string, n int) ([]string, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	from := max(0, info.Size()-maxTail)
	data, err := io.ReadAll(io.NewSectionReader(f, from, maxTail))
	if err != nil {
		return nil, err
	}
	text := strings.ToValidUTF8(string(data), "�")
	if from > 0 {
		_, text, _ = strings.Cut(text, "\n")
	}
	list := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if text == "" {
		list = nil
	}
	return list[max(0, len(list)-n):], nil
}

// Ours are lines of log/slog; ClawRouter's carry the time at which we got them.
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
		if m := ourLine.FindStringSubmatch(text); source == FromBridge && m != nil {
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
