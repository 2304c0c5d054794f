package doctor

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/BlockRunAI/clawrouter-codex/backend/settings"
)

func checkSettings(_ context.Context, l *look) Result {
	s := l.env.Settings
	if s == nil {
		r := Result{Status: Fail, Text: oneLine(l.env.SettingsErr.Error())}
		var bad *settings.InvalidError
		if errors.As(l.env.SettingsErr, &bad) {
			r.Mend = oneLine(bad.Mend())
		}
		return r
	}
	if len(s.Unknown) > 0 {
		return Result{
			Status: Warn, Text: fmt.Sprintf("%s: not known to this version and ignored: %s", s.Paths.SettingsFile(), strings.Join(s.Unknown, ", ")),
			Mend: "correct or delete these lines",
		}
	}
	return Result{Status: OK, Text: "folder " + s.Paths.Root}
}

// oneLine puts several lines on one: a check is one line.
func oneLine(text string) string {
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '\r' }), "; ")
}
