package doctor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/backend/proxy"
	"github.com/BlockRunAI/clawrouter-codex/backend/socket"
)

// address is where the upstream should answer.
func (l *look) address() string {
	if own := l.env.Settings.ProxyURL.V; own != "" {
		return own
	}
	return fmt.Sprintf("http://127.0.0.1:%d", l.env.Settings.ProxyPort.V)
}

func (l *look) askUpstream(ctx context.Context, full bool, patience time.Duration) (proxy.Health, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	// /health needs no key, so none is sent.
	client, err := proxy.NewClient(l.address(), proxy.ClientOptions{UserAgent: "clawrouter-codex/" + l.env.Version, Transport: l.env.Transport})
	if err != nil {
		return proxy.Health{}, err
	}
	defer client.Close()
	return client.Health(ctx, full)
}

// owned reports whether the upstream is a server of the user's own, which we
// neither start nor give a key.
func (l *look) owned() bool { return l.env.Settings.ProxyURL.V != "" }

func checkUpstream(ctx context.Context, l *look) Result {
	h, err := l.upstream()
	switch {
	case err == nil:
		return Result{Status: OK, Text: "answers on " + l.address() + l.versionWords(ctx, h)}
	case errors.Is(err, proxy.ErrNotClawRouter) && l.owned():
		return Result{Status: OK, Text: l.address() + " answers; it is no ClawRouter, so no wallet pays here"}
	case l.owned():
		return Result{
			Status: Fail, Text: fmt.Sprintf("%s does not answer: %v", l.address(), proxy.RootCause(err)),
			Mend: "start that server, or have ClawRouter started for you: leave CLAWROUTER_PROXY_URL out",
		}
	}
	return l.noClawRouter(ctx, err)
}

// versionWords is the running version: as it says itself, else as the link heard it
// say when it started it.
func (l *look) versionWords(ctx context.Context, h proxy.Health) string {
	version := h.Version
	if version == "" && l.running {
		ctx, cancel := context.WithTimeout(ctx, askPatience)
		defer cancel()
		version = l.env.LinkSays(ctx).Proxy.Version
	}
	return ", " + cmp.Or(version, "version not told")
}

func (l *look) noClawRouter(ctx context.Context, err error) Result {
	port := l.env.Settings.ProxyPort.V
	if l.env.Free(ctx, socket.V4(port)) {
		if !l.running { // what mends that is told of the bridge
			return Result{Status: Skip, Text: fmt.Sprintf("does not run: nothing listens on port %d; it starts with the link", port)}
		}
		return Result{
			Status: Fail, Text: fmt.Sprintf("does not answer on port %d, though the link runs; what it said is in %s", port, l.env.Settings.Paths.ProxyLog()),
			Mend: "mend what is said there; stop the link, then: clawrouter-codex up",
		}
	}
	who := "another program"
	if owner, err := l.env.Listener(ctx, socket.V4(port)); err == nil {
		who = owner.String()
	}
	text := fmt.Sprintf("port %d is in use by %s, which does not answer: %v", port, who, proxy.RootCause(err))
	if errors.Is(err, proxy.ErrNotClawRouter) {
		text = fmt.Sprintf("port %d is in use by %s, which is not a ClawRouter", port, who)
	}
	return Result{Status: Fail, Text: text, Mend: l.otherProxyPort()}
}

func (l *look) otherProxyPort() string {
	return fmt.Sprintf("stop that program, or choose another port: clawrouter-codex up --proxy-port %d", l.env.Settings.ProxyPort.V+10)
}

// checkOwner looks whose process is trusted with the prompts and, at its next
// start, with the key.
func checkOwner(ctx context.Context, l *look) Result {
	if l.owned() {
		return Result{Status: Skip, Text: "CLAWROUTER_PROXY_URL names a server of your own"}
	}
	if _, err := l.upstream(); err != nil {
		return Result{Status: Skip, Text: "ClawRouter does not answer"}
	}
	owner, err := l.env.Listener(ctx, socket.V4(l.env.Settings.ProxyPort.V))
	switch {
	case err != nil:
		return Result{Status: Warn, Text: fmt.Sprintf("the system does not tell whose it is: %v", proxy.RootCause(err)), Mend: l.otherProxyPort()}
	case !owner.Ours:
		return Result{Status: Fail, Text: "another user's: " + owner.String(), Mend: l.otherProxyPort()}
	}
	return Result{Status: OK, Text: "yours: " + owner.String()}
}
