package daemon

import (
	"context"
	"log/slog"
	"strings"

	"github.com/BlockRunAI/clawrouter-codex/backend/proxy"
	"github.com/BlockRunAI/clawrouter-codex/backend/settings"
)

// openLog opens the program's own log. What is worth a user's attention goes to
// warn as well, as one sentence.
func openLog(paths settings.Paths, warn func(string)) (*slog.Logger, *proxy.Log, error) {
	file, err := proxy.OpenLog(paths.ProgramLog())
	if err != nil {
		return nil, nil, err
	}
	text := slog.NewTextHandler(file, &slog.HandlerOptions{Level: slog.LevelInfo})
	return slog.New(teller{Handler: text, warn: warn}), file, nil
}

// teller is a handler that also tells warnings and errors to a person, without
// the numbers and stacks that only the file needs.
type teller struct {
	slog.Handler
	warn func(string)
}

// Handle writes the record, and tells it from Warn up.
func (t teller) Handle(ctx context.Context, r slog.Record) error {
	if r.Level >= slog.LevelWarn {
		var b strings.Builder
		b.WriteString(r.Message)
		r.Attrs(func(a slog.Attr) bool {
			if a.Key == "model" || a.Key == "error" || a.Key == "cause" {
				b.WriteString(", " + a.Key + ": " + a.Value.String())
			}
			return true
		})
		t.warn(b.String())
	}
	return t.Handler.Handle(ctx, r)
}

// WithAttrs keeps telling.
func (t teller) WithAttrs(attrs []slog.Attr) slog.Handler {
	return teller{Handler: t.Handler.WithAttrs(attrs), warn: t.warn}
}

// WithGroup keeps telling.
func (t teller) WithGroup(name string) slog.Handler {
	return teller{Handler: t.Handler.WithGroup(name), warn: t.warn}
}
