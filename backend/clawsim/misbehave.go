package clawsim

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// misbehaviour is what a child does that a supervisor has to stand.
type misbehaviour struct {
	crash      bool          // crash: exit 1 before listening
	exitOK     bool          // exit0: exit 0 at once
	crashAfter int64         // crash-after=N: exit 1 on request N+1
	dieAfter   time.Duration // die-after=DURATION: exit 1 that long after start
	hangHealth bool          // hang-health: /health never answers
	hangAfter  int64         // hang-after=N: nothing answers from request N+1 on
	failHealth bool          // fail-health: /health answers 500
	foreign    bool          // foreign: /health is no ClawRouter's
	holdPort   bool          // hold-port: accepts and never answers
	ignoreTerm bool          // ignore-term: SIGTERM and SIGINT do nothing
	leak       bool          // leak: prints the wallet key on stdout and stderr
	slowStart  time.Duration // slow-start=DURATION before listening
	noWallet   bool          // no-wallet: without a key a wallet is generated
}

// parseMisbehaviour reads a list such as "crash-after=3,ignore-term".
func parseMisbehaviour(list string) (misbehaviour, error) {
	var m misbehaviour
	for _, entry := range strings.FieldsFunc(list, isComma) {
		name, value, _ := strings.Cut(entry, "=")
		var err error
		switch name {
		case "crash":
			m.crash = true
		case "exit0":
			m.exitOK = true
		case "crash-after":
			m.crashAfter, err = atLeastOne(value)
		case "hang-after":
			m.hangAfter, err = atLeastOne(value)
		case "die-after":
			m.dieAfter, err = time.ParseDuration(value)
		case "slow-start":
			m.slowStart, err = time.ParseDuration(value)
		case "hang-health":
			m.hangHealth = true
		case "fail-health":
			m.failHealth = true
		case "foreign":
			m.foreign = true
		case "hold-port":
			m.holdPort = true
		case "ignore-term":
			m.ignoreTerm = true
		case "leak":
			m.leak = true
		case "no-wallet":
			m.noWallet = true
		default:
			err = errors.New("unknown")
		}
		if err != nil {
			return m, fmt.Errorf("misbehaviour %q: %w", entry, err)
		}
	}
	return m, nil
}

func atLeastOne(s string) (int64, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err == nil && n < 1 {
		err = errors.New("must be 1 or more")
	}
	return n, err
}

// serve answers until it is told to stop. Open connections are dropped at once,
// as ClawRouter drops them.
func (p *process) serve(ctx context.Context, signals <-chan os.Signal, sim *Sim, listener net.Listener) int {
	died := make(chan struct{}, 1)
	server := &http.Server{Handler: p.misbehave(sim, died), IdleTimeout: 5 * time.Second}
	served := make(chan struct{})
	if p.faults.holdPort {
		// The backlog of the kernel takes connections that nobody accepts.
		close(served)
		defer listener.Close()
	} else {
		go func() {
			defer close(served)
			_ = server.Serve(listener) // ends with Close, below
		}()
		sim.bookRun("start")
		defer func() {
			sim.bookRun("stop")
			sim.stop()
			server.Close()
			<-served
		}()
	}
	port := listener.Addr().(*net.TCPAddr).Port
	p.announce(sim, port)
	if p.ready != nil {
		p.ready(port)
	}
	var end <-chan time.Time
	if p.faults.dieAfter > 0 {
		end = p.clock.After(p.faults.dieAfter)
	}
	for {
		select {
		case <-ctx.Done():
			return exitOK
		case sig := <-signals:
			if code, ends := p.signalled(sig); ends {
				return code
			}
		case <-end:
			fmt.Fprintln(p.err, "[ClawRouter] Fatal error: JavaScript heap out of memory")
			return exitFatal
		case <-died:
			fmt.Fprintln(p.err, "[ClawRouter] Fatal error: unhandled rejection")
			return exitFatal
		}
	}
}

// signalled is the exit code for a signal; ends is false for one that is ignored.
func (p *process) signalled(sig os.Signal) (code int, ends bool) {
	if sig == syscall.SIGHUP {
		return exitHangup, true
	}
	if p.faults.ignoreTerm {
		return 0, false
	}
	return exitOK, true
}

// waitFor passes the time; ended is true when the process is to stop meanwhile.
func (p *process) waitFor(ctx context.Context, signals <-chan os.Signal, d time.Duration) (code int, ended bool) {
	over := p.clock.After(d)
	for {
		select {
		case <-over:
			return 0, false
		case <-ctx.Done():
			return exitOK, true
		case sig := <-signals:
			if code, ends := p.signalled(sig); ends {
				return code, true
			}
		}
	}
}

func (p *process) misbehave(sim *Sim, died chan<- struct{}) http.Handler {
	switch {
	case p.faults.hangHealth:
		sim.SetHealth(healthHangs)
	case p.faults.failHealth:
		sim.SetHealth(healthFails)
	case p.faults.foreign:
		sim.SetHealth(healthForeign)
	}
	inner := sim.Handler()
	var count atomic.Int64
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := count.Add(1)
		if p.faults.crashAfter > 0 && n > p.faults.crashAfter {
			select {
			case died <- struct{}{}:
			default:
			}
			hijack(w, nil)
			return
		}
		if p.faults.hangAfter > 0 && n > p.faults.hangAfter {
			select {
			case <-r.Context().Done():
			case <-sim.ctx.Done():
			}
			return
		}
		inner.ServeHTTP(w, r)
	})
}
