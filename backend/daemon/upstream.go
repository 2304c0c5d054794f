package daemon

import (
	"context"
	"errors"
	"fmt"

	"github.com/BlockRunAI/clawrouter-codex/backend/proxy"
	"github.com/BlockRunAI/clawrouter-codex/backend/settings"
)

// upstream is whoever answers the bridge: a server that already runs, or a
// ClawRouter under supervision.
type upstream struct {
	client *proxy.Client
}

func newUpstream(o Options) (*upstream, error) {
	client, err := newClient(o.Settings, o.Version)
	if err != nil {
		return nil, err
	}
	return &upstream{client: client}, nil
}

func newClient(s *settings.Settings, version string) (*proxy.Client, error) {
	address, key := s.ProxyURL.V, s.UpstreamAPIKey.V.Reveal()
	if address == "" {
		// The key is for an upstream of the user's own; ClawRouter would send it
		// on to the gateway.
		address, key = fmt.Sprintf("http://127.0.0.1:%d", s.ProxyPort.V), ""
	}
	return proxy.NewClient(address, proxy.ClientOptions{APIKey: key, UserAgent: "clawrouter-codex/" + version})
}

// run keeps what must be kept running until ctx ends.
func (u *upstream) run(ctx context.Context) error {
	<-ctx.Done()
	return nil
}

// wait returns when the upstream answers.
func (u *upstream) wait(ctx context.Context, progress func(Step)) error {
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
		if text := fmt.Sprintf("waiting for %s: %v", u.client.BaseURL(), rootCause(err)); text != told {
			progress(Step{Part: "upstream", Text: text})
			told = text
		}
		if err := pause(ctx, healthPoll); err != nil {
			return err
		}
	}
}

func name(clawRouter bool) string {
	if clawRouter {
		return "ClawRouter"
	}
	return "upstream"
}

// rootCause leaves out the layers that repeat the address.
func rootCause(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}
