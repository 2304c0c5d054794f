package daemon

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"
)

// healthPoll is how often a part that is coming up is looked at.
const healthPoll = 200 * time.Millisecond

// bringUp waits until bridge and upstream are healthy, calls Ready, and then
// tells of changes until ctx ends. Meanwhile the base config is as the user chose.
func bringUp(ctx context.Context, o Options, link Link, up *upstream) error {
	defer suspend(ctx, o)
	if err := waitReady(ctx, o, link, up); err != nil {
		return err
	}
	up.watch(ctx)
	return nil
}

func waitReady(ctx context.Context, o Options, link Link, up *upstream) error {
	if err := waitBridge(ctx, link.Port); err != nil {
		return err
	}
	o.Progress(Step{Part: "bridge", Text: "listens on " + link.Bridge, Done: true})
	if link.Taken != nil {
		o.Progress(Step{Part: "warning:", Text: link.Taken.Error() + ": Codex is told of another one as long as this program runs"})
	}
	o.Started(link)
	if err := waitUpstream(ctx, o, up); err != nil {
		return err
	}
	resume(ctx, o, link.Port)
	err := o.Ready(ctx, link)
	link.Local.Settle()
	return err
}

func waitUpstream(ctx context.Context, o Options, up *upstream) error {
	switch {
	case o.BridgeOnly:
		return nil
	case o.Resident:
		return up.waitOn(ctx, o.Progress)
	}
	return up.wait(ctx, o.Progress)
}

// waitBridge asks the bridge over the network, as Codex will.
func waitBridge(ctx context.Context, port int) error {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	address := fmt.Sprintf("http://127.0.0.1:%d/health", port)
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
		if err != nil {
			return err
		}
		resp, err := client.Do(req)
		if err == nil {
			_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10))
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
		}
		if err := pause(ctx, healthPoll); err != nil {
			return err
		}
	}
}

// pause waits for d or the end of ctx.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
