package daemon

import (
	"context"
	"errors"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/backend/link"
	"github.com/BlockRunAI/clawrouter-codex/backend/proxy"
	"github.com/BlockRunAI/clawrouter-codex/backend/settings"
)

// ConnectOptions is what Connect needs.
type ConnectOptions struct {
	Settings *settings.Settings
	Version  string
	Environ  []string // as os.Environ, where a wallet key may stand
	Home     string   // the user's home folder
	Now      func() time.Time
	Warn     func(string) // is told, in a sentence, what was mended on the way
	// Login is the launch at login; nil where there is none.
	Login link.LoginSwitch
}

// Connect returns the link of the state folder: that of the process which keeps
// it up, else one that works on the files alone. release ends it.
func Connect(ctx context.Context, o ConnectOptions) (l link.Link, release func(), err error) {
	l, release, err = ConnectRunning(ctx, o.Settings.Paths)
	if l != nil || err != nil {
		return l, release, err
	}
	o.mend(ctx)
	client, err := newClient(o.Settings, o.Version)
	if err != nil {
		return nil, nil, err
	}
	local := link.NewLocal(link.Options{
		Settings: o.Settings, Version: o.Version, Client: client, Now: o.Now,
		CodexCommand: codexCommand(o.Settings, o.Home),
		FindWallet:   o.findWallet, Key: keyIn(o.Settings.Paths), Login: o.Login,
		Edit: func(ctx context.Context, change func() error) error {
			return o.instead(ctx, func() error { return editAlone(ctx, o.Settings.Paths, change) })
		},
	})
	return local, client.Close, nil
}

// ConnectRunning returns the link of the process that keeps it up, nil where none
// does. It writes nothing.
func ConnectRunning(ctx context.Context, paths settings.Paths) (l link.Link, release func(), err error) {
	r, runs, err := lookTwice(ctx, paths)
	if err != nil || !runs {
		return nil, nil, err
	}
	return connectTo(paths, r)
}

func (o ConnectOptions) findWallet() (proxy.Wallet, error) {
	return proxy.FindWallet(proxy.WalletSearch{Env: o.Environ, KeyFile: o.Settings.WalletKeyFile.V, Home: o.Home})
}

// instead calls change in the place of the process that would keep the link up.
func (o ConnectOptions) instead(ctx context.Context, change func() error) error {
	inst, err := claim(ctx, o.Settings.Paths)
	if err != nil {
		return err
	}
	return errors.Join(change(), inst.release())
}

// lookTwice is Look that waits for a holder of the state folder which has not said
// its name yet: a start that began a moment ago, or a command that is soon gone.
func lookTwice(ctx context.Context, paths settings.Paths) (Running, bool, error) {
	r, ok := Look(paths)
	if !ok || r.PID != 0 {
		return r, ok, nil
	}
	lock, err := awaitLock(ctx, paths)
	if err == nil {
		return Running{}, false, lock.Unlock()
	}
	var running *RunningError
	if errors.As(err, &running) && running.Running.PID != 0 {
		return running.Running, true, nil
	}
	return Running{}, false, err
}

func connectTo(paths settings.Paths, r Running) (link.Link, func(), error) {
	secret, err := readSecret(paths)
	if err != nil {
		return nil, nil, err
	}
	key, err := derived(secret, apiPurpose)
	if err != nil {
		return nil, nil, err
	}
	remote := link.NewRemote(r.Port(), key)
	return remote, remote.Close, nil
}
