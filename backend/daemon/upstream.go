package daemon

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"runtime"

	"github.com/BlockRunAI/clawrouter-codex/backend/proxy"
	"github.com/BlockRunAI/clawrouter-codex/backend/settings"
	"github.com/BlockRunAI/clawrouter-codex/backend/socket"
)

// upstream is whoever answers the bridge: a server that already runs, or a
// ClawRouter under supervision.
type upstream struct {
	client     *proxy.Client
	supervisor *proxy.Supervisor // nil where nothing is supervised
	account    account           // of the supervisor's, by the one goroutine that waits and watches
}

func newUpstream(o Options, log *slog.Logger) (*upstream, error) {
	client, err := newClient(o.Settings, o.Version)
	if err != nil {
		return nil, err
	}
	u := &upstream{client: client, account: account{progress: o.Progress}}
	if o.Settings.ProxyURL.V == "" && !o.BridgeOnly {
		u.supervisor = proxy.Supervise(supervision(o, log))
	}
	return u, nil
}

// supervision translates the settings.
func supervision(o Options, log *slog.Logger) proxy.SupervisorOptions {
	s := o.Settings
	return proxy.SupervisorOptions{
		Command: s.Command.V, Port: s.ProxyPort.V,
		StateDir: s.Paths.Root, OwnHome: s.Paths.ProxyHome(), LogPath: s.Paths.ProxyLog(),
		Home: o.Home, Env: o.Environ,
		WalletKeyFile: s.WalletKeyFile.V, Isolate: isolation(s.IsolateHome.V),
		Node: s.Node.V, Npx: s.Npx.V,
		UserAgent: "clawrouter-codex/" + o.Version, Log: untold(log), Executable: o.Program,
		Timing: o.timing,
	}
}

func isolation(c settings.Choice) proxy.Isolation {
	switch c {
	case settings.On:
		return proxy.IsolateOn
	case settings.Off:
		return proxy.IsolateOff
	}
	return proxy.IsolateAuto
}

// streams is the bridge's switch; nil leaves it to who answers.
func streams(form settings.Stream) *bool {
	switch form {
	case settings.StreamAlways, settings.StreamNever:
		always := form == settings.StreamAlways
		return &always
	}
	return nil
}

func set(names []string) map[string]bool {
	m := map[string]bool{}
	for _, name := range names {
		m[name] = true
	}
	return m
}

func newClient(s *settings.Settings, version string) (*proxy.Client, error) {
	address, key := s.ProxyURL.V, s.UpstreamAPIKey.V.Reveal()
	if address == "" {
		// The key is for an upstream of the user's own; ClawRouter would send it
		// on to the gateway.
		address, key = fmt.Sprintf("http://127.0.0.1:%d", s.ProxyPort.V), ""
	}
	o := proxy.ClientOptions{APIKey: key, UserAgent: "clawrouter-codex/" + version, Presumed: s.ProxyURL.V == ""}
	// lsof takes too long to be asked before a turn; there the supervisor asks,
	// whenever it finds a ClawRouter that it did not start.
	if s.ProxyURL.V == "" && runtime.GOOS != "darwin" {
		o.Trust = func(ctx context.Context) error { return ownUpstream(ctx, socket.V4(s.ProxyPort.V)) }
	}
	return proxy.NewClient(address, o)
}

// ownUpstream is an error unless this user's program listens on addr. Another user's
// may take the port in the moment in which a ClawRouter is started again, and would
// see the prompts.
func ownUpstream(ctx context.Context, addr netip.AddrPort) error {
	ours, err := socket.ServedByUs(ctx, addr)
	switch {
	case err != nil:
		return err
	case ours:
		return nil
	}
	who := "another user"
	if owner, err := socket.Listener(ctx, addr); err == nil {
		who = owner.String()
	}
	return fmt.Errorf("port %d is not yours but that of %s; choose another one with PROXY_PORT", addr.Port(), who)
}

// run keeps what must be kept running until ctx ends.
func (u *upstream) run(ctx context.Context) error {
	if u.supervisor != nil {
		return u.supervisor.Run(ctx)
	}
	<-ctx.Done()
	return nil
}

// wait returns when the upstream answers. Of a ClawRouter that cannot be
// started, the error is a *proxy.StartError.
func (u *upstream) wait(ctx context.Context, progress func(...Step)) error {
	if u.supervisor != nil {
		return u.waitSupervised(ctx)
	}
	told := ""
	for {
		id, err := u.client.Identify(ctx)
		if err == nil {
			progress(Step{Part: name(id.ClawRouter), Text: "answers on " + u.client.BaseURL(), Done: true})
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if text := fmt.Sprintf("waiting for %s: %v", u.client.BaseURL(), proxy.RootCause(err)); text != told {
			progress(Step{Part: "upstream", Text: text})
			told = text
		}
		if err := pause(ctx, healthPoll); err != nil {
			return err
		}
	}
}

// waitOn is wait for a program that stays where ClawRouter cannot be started:
// each failure is told, and the end of it waited for.
func (u *upstream) waitOn(ctx context.Context, progress func(...Step)) error {
	for {
		err := u.wait(ctx, progress)
		var failed *proxy.StartError
		if !errors.As(err, &failed) {
			return err
		}
		progress(Step{Part: "ClawRouter", Text: "cannot be started: " + failed.Message})
		if err := u.leaveFailed(ctx); err != nil {
			return err
		}
	}
}

// leaveFailed waits for the end of a failure: until then the state says it.
func (u *upstream) leaveFailed(ctx context.Context) error {
	for {
		changed := u.supervisor.Changed()
		if u.supervisor.State().Phase != proxy.PhaseFailed {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (u *upstream) waitSupervised(ctx context.Context) error {
	for {
		changed := u.supervisor.Changed()
		state := u.supervisor.State()
		if state.Phase == proxy.PhaseFailed && state.Err != nil {
			return state.Err // which tells it
		}
		u.account.tell(state)
		if state.Ready() {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// watch tells what becomes of a supervised ClawRouter, until ctx ends.
func (u *upstream) watch(ctx context.Context) {
	if u.supervisor == nil {
		<-ctx.Done()
		return
	}
	for {
		changed := u.supervisor.Changed()
		u.account.tell(u.supervisor.State())
		select {
		case <-changed:
		case <-ctx.Done():
			return
		}
	}
}

func name(clawRouter bool) string {
	if clawRouter {
		return "ClawRouter"
	}
	return "upstream"
}
