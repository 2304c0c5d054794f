package cli

import (
	"context"

	"github.com/BlockRunAI/clawrouter-codex/backend/daemon"
	"github.com/BlockRunAI/clawrouter-codex/backend/link"
	"github.com/BlockRunAI/clawrouter-codex/backend/login"
	"github.com/BlockRunAI/clawrouter-codex/backend/settings"
)

// withLink calls do with the running link, or with one that works on the files
// while none runs.
func (a *app) withLink(ctx context.Context, do func(link.Link) error) error {
	return a.withSettings(ctx, func(_ *settings.Settings, l link.Link) error { return do(l) })
}

// withSettings is withLink for what needs the settings as well.
func (a *app) withSettings(ctx context.Context, do func(*settings.Settings, link.Link) error) error {
	s, err := a.settings()
	if err != nil {
		return err
	}
	l, release, err := a.connect(ctx, s)
	if err != nil {
		return err
	}
	defer release()
	return do(s, l)
}

// connect returns the link of these settings, and tells what was mended on the way.
func (a *app) connect(ctx context.Context, s *settings.Settings) (link.Link, func(), error) {
	return daemon.Connect(ctx, daemon.ConnectOptions{
		Settings: s, Version: a.env.Version, Environ: a.env.Environ, Home: a.env.Machine.Home, Now: a.env.Now,
		Warn:  func(text string) { a.warn("%s", text) },
		Login: a.loginSwitch(s, login.Auto),
	})
}

// tellAll prints notes of a command.
func (a *app) tellAll(notes []string) {
	for _, note := range notes {
		a.warn("%s", note)
	}
}
