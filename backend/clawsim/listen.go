package clawsim

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"syscall"
	"time"
)

// listen takes the port; where it is taken already it returns no listener and
// the code to exit with: 0 beside another ClawRouter, 1 beside anything else.
func (p *process) listen(ctx context.Context, signals <-chan os.Signal, sim *Sim) (net.Listener, int) {
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(p.port))
	for attempt := 1; ; attempt++ {
		listener, err := net.Listen("tcp", address)
		if err == nil {
			return listener, 0
		}
		if !errors.Is(err, syscall.EADDRINUSE) && !isWindowsInUse(err) {
			fmt.Fprintf(p.err, "[ClawRouter] Fatal error: %v\n", err)
			return nil, exitFatal
		}
		if other, ok := p.neighbour(ctx, address); ok {
			return nil, p.reuse(ctx, signals, sim, other)
		}
		if attempt == portAttempts {
			fmt.Fprintf(p.err, "[ClawRouter] Fatal error: listen EADDRINUSE: address already in use %s\n", address)
			return nil, exitFatal
		}
		fmt.Fprintf(p.out, "[ClawRouter] Port %d in TIME_WAIT, retrying (attempt %d/%d)\n", p.port, attempt, portAttempts)
		if code, ended := p.waitFor(ctx, signals, portRetryWait); ended {
			return nil, code
		}
	}
}

// isWindowsInUse is WSAEADDRINUSE, which Go does not map to EADDRINUSE.
func isWindowsInUse(err error) bool {
	var code syscall.Errno
	return errors.As(err, &code) && code == 10048
}

type neighbourHealth struct{ Status, Wallet, PaymentChain, AuthMode string }

// neighbour asks who serves the port; ok when it is a ClawRouter.
func (p *process) neighbour(ctx context.Context, address string) (h neighbourHealth, ok bool) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/health", nil)
	if err != nil {
		return h, false
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		return h, false
	}
	defer resp.Body.Close()
	err = json.NewDecoder(io.LimitReader(resp.Body, 1<<20)).Decode(&h)
	return h, err == nil && h.Status == "ok" && (h.Wallet != "" || h.AuthMode == "api-key")
}

// reuse is what ClawRouter does beside another one: it says that it is ready and
// ends with 0. A supervisor that restarts it for that loops.
func (p *process) reuse(ctx context.Context, signals <-chan os.Signal, sim *Sim, other neighbourHealth) int {
	if p.noReuse && atLeast(sim.version, NewestVersion) {
		fmt.Fprintf(p.err, "[ClawRouter] Fatal error: port %d is served by another proxy and --no-reuse was given\n", p.port)
		return exitFatal
	}
	if other.PaymentChain != "" && other.PaymentChain != sim.wallet.chain {
		fmt.Fprintf(p.err, "[ClawRouter] Fatal error: Existing proxy on port %d is using %s but %s was requested.\n",
			p.port, other.PaymentChain, sim.wallet.chain)
		return exitFatal
	}
	if other.Wallet != "" && other.Wallet != sim.wallet.address {
		fmt.Fprintf(p.out, "[ClawRouter] Existing proxy on port %d uses wallet %s, but current config uses %s. Reusing\n",
			p.port, other.Wallet, sim.wallet.address)
	}
	p.announce(sim, p.port)
	if code, ended := p.waitFor(ctx, signals, reuseDelay); ended {
		return code
	}
	return exitOK
}
