package daemon

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/backend/link"
	"github.com/BlockRunAI/clawrouter-codex/backend/login"
	"github.com/BlockRunAI/clawrouter-codex/backend/proxy"
	"github.com/BlockRunAI/clawrouter-codex/backend/settings"
)

// LoginOptions is what NewLogin needs.
type LoginOptions struct {
	Settings *settings.Settings
	Machine  settings.Machine
	Environ  []string // as os.Environ
	Program  string   // our own executable, absolute
	Codex    string   // path of the installed Codex, "" where there is none
	LookPath func(name string) (string, error)
	Now      func() time.Time

	Face login.Face
}

// Login is the launch at login, and the memory of what such a start cannot see.
type Login struct {
	o    LoginOptions
	item *login.Switch
	anew bool
}

// NewLogin returns the launch at login for these settings. It implements
// link.LoginSwitch; the caller of Set holds the edit lock.
func NewLogin(o LoginOptions) *Login {
	paths := o.Settings.Paths
	moved := ""
	if paths.Moved(o.Machine.Home) {
		moved = paths.Root
	}
	return &Login{o: o, item: login.New(login.Options{
		GOOS: o.Machine.GOOS, Home: o.Machine.Home, LookupEnv: o.Machine.LookupEnv, Program: o.Program,
		Logs: paths.Log(), StateHome: moved, Face: o.Face, Backup: paths.Backup(), Now: o.Now, UID: os.Getuid(),
	})}
}

// Anew writes the item also where it is on and as it should be.
func (l *Login) Anew() *Login {
	again := *l
	again.anew = true
	return &again
}

// SetLogin is Set for a caller that does not hold the edit lock.
func SetLogin(ctx context.Context, l *Login, on bool) error {
	return editAlone(ctx, l.o.Settings.Paths, func() error { return l.Set(ctx, on) })
}

// State implements link.LoginSwitch.
func (l *Login) State(ctx context.Context) link.Login {
	st := l.item.State(ctx)
	if st.On && st.Problem == "" {
		st.Problem = l.unseen()
	}
	return st
}

// unseen names the secret that this process has from its environment, and that a
// start at login will not have.
func (l *Login) unseen() string {
	s := l.o.Settings
	switch {
	case s.WalletKey.Origin == settings.Environment:
		return "the wallet's key is known from BLOCKRUN_WALLET_KEY of this shell, which a start at login does not have; put it into a file of your own, name that in WALLET_KEY_FILE, then: clawrouter-codex login on"
	case s.UpstreamAPIKey.Origin == settings.Environment && s.ProxyURL.V != "":
		return "the upstream's key is known from UPSTREAM_API_KEY of this shell, which a start at login does not have, and which is not stored"
	}
	return ""
}

// Set implements link.LoginSwitch. On stores what the shell knows and a start at
// login does not: places, ports and commands, and no secret.
func (l *Login) Set(ctx context.Context, on bool) error {
	if !on {
		return l.item.Set(ctx, false)
	}
	if st := l.item.State(ctx); st.On && st.Problem == "" && !l.anew {
		return nil
	}
	remember := RememberOptions{Settings: l.o.Settings, Environ: l.o.Environ, Home: l.o.Machine.Home, Codex: l.o.Codex}
	changes, err := remember.changes(ctx)
	if err != nil {
		return err
	}
	more, err := l.atLogin()
	if err != nil {
		return err
	}
	if err := remember.store(append(changes, more...)); err != nil {
		return fmt.Errorf("remember what a start at login needs: %w", err)
	}
	return l.item.Set(ctx, true)
}

// atLogin are the settings of this shell that setup does not keep, since they may
// be meant for one start: how ClawRouter is started, and which server takes its
// place.
func (l *Login) atLogin() ([]settings.Change, error) {
	var changes []settings.Change
	s := l.o.Settings
	if passing(s.ProxyURL.Origin) {
		changes = append(changes, settings.Change{Key: "proxy_url", Value: s.ProxyURL.V})
	}
	if passing(s.IsolateHome.Origin) {
		changes = append(changes, settings.Change{Key: "isolate_home", Value: string(s.IsolateHome.V)})
	}
	command, err := proxy.AbsoluteCommand(s.Command.V, l.o.Machine.GOOS, l.o.LookPath)
	if err != nil {
		return nil, err
	}
	if passing(s.Command.Origin) || s.Command.Origin == settings.File && command != s.Command.V {
		changes = append(changes, settings.Change{Key: "clawrouter_cmd", Value: command})
	}
	return changes, nil
}
