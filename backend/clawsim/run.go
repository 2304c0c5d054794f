package clawsim

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// RunOptions are those of ClawRouter as a process.
type RunOptions struct {
	// Args as on the command line, without the program: --port N, --balance,
	// --chain, --as VERSION, --off A,B, --script FILE, --reply TEXT,
	// --misbehave LIST. Flags that are not known are ignored.
	Args []string
	// Getenv gives BLOCKRUN_PROXY_PORT, BLOCKRUN_WALLET_KEY, BLOCKRUN_API_KEY,
	// CLAWROUTER_PAYMENT_CHAIN, CLAWROUTER_DEBUG_HEADERS; and CLAWSIM_BALANCE,
	// CLAWSIM_VERSION, CLAWSIM_OFF, CLAWSIM_SCRIPT, CLAWSIM_REPLY, CLAWSIM_MISBEHAVE,
	// which stand for the flags. nil is the process's own environment.
	Getenv         func(string) string
	Stdout, Stderr io.Writer
	// Signals, when set, replaces the process's own SIGINT, SIGTERM and SIGHUP.
	Signals <-chan os.Signal
	// Options is what flags and environment are laid over.
	Options Options
	// Ready is called with the port once it is served.
	Ready func(port int)
}

// Exit codes of ClawRouter.
const (
	exitOK     = 0
	exitFatal  = 1
	exitHangup = 129
)

const (
	defaultPort   = 8402
	portAttempts  = 5
	portRetryWait = 900 * time.Millisecond
	reuseDelay    = 400 * time.Millisecond
)

// Run serves until a signal or the end of ctx, and returns the exit code that
// ClawRouter would end with. ctx ends it whatever it was told to ignore, so that
// a command that wants --misbehave ignore-term must not tie ctx to SIGTERM.
func Run(ctx context.Context, o RunOptions) int {
	p, err := newProcess(o)
	if err != nil {
		fmt.Fprintf(o.Stderr, "[ClawRouter] Fatal error: %v\n", err)
		return exitFatal
	}
	signals := o.Signals
	if signals == nil {
		own := make(chan os.Signal, 4)
		signal.Notify(own, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
		defer signal.Stop(own)
		signals = own
	}
	return p.run(ctx, signals)
}

type process struct {
	port     int
	opts     Options
	faults   misbehaviour
	out, err io.Writer
	ready    func(int)
	clock    Clock
	secret   string
	// noReuse is --no-reuse, which only later releases know.
	noReuse bool
}

// portOf reads a port, 0 for any; without one it is ClawRouter's own.
func portOf(text string) (int, error) {
	if text == "" {
		return defaultPort, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > 65535 {
		return 0, fmt.Errorf("invalid port %q", text)
	}
	return n, nil
}

func newProcess(o RunOptions) (*process, error) {
	env := o.Getenv
	if env == nil {
		env = os.Getenv
	}
	flag := func(name, variable string) string {
		if v, ok := flagValue(o.Args, name); ok {
			return v
		}
		return env(variable)
	}
	p := &process{opts: o.Options, out: o.Stdout, err: o.Stderr, ready: o.Ready, clock: o.Options.Clock}
	if p.clock == nil {
		p.clock = systemClock{}
	}
	var err error
	if p.port, err = portOf(flag("port", "BLOCKRUN_PROXY_PORT")); err != nil {
		return nil, err
	}
	p.secret = env("BLOCKRUN_WALLET_KEY")
	p.noReuse = slices.Contains(o.Args, "--no-reuse")
	for _, set := range []struct {
		to    *string
		value string
	}{
		{&p.opts.WalletKey, p.secret}, {&p.opts.APIKey, env("BLOCKRUN_API_KEY")},
		{&p.opts.Chain, flag("chain", "CLAWROUTER_PAYMENT_CHAIN")}, {&p.opts.Balance, flag("balance", "CLAWSIM_BALANCE")},
		{&p.opts.Version, flag("as", "CLAWSIM_VERSION")}, {&p.opts.Reply, flag("reply", "CLAWSIM_REPLY")},
	} {
		if set.value != "" {
			*set.to = set.value
		}
	}
	for _, name := range strings.FieldsFunc(flag("off", "CLAWSIM_OFF"), isComma) {
		p.opts.Off = append(p.opts.Off, Spoiling(name))
	}
	p.opts.HideDebugHeaders = p.opts.HideDebugHeaders || env("CLAWROUTER_DEBUG_HEADERS") == "off"
	if p.opts.Log == nil {
		p.opts.Log = o.Stdout
	}
	if file := flag("script", "CLAWSIM_SCRIPT"); file != "" {
		scripts, err := readScripts(file)
		if err != nil {
			return nil, err
		}
		p.opts.Scripts = append(p.opts.Scripts, scripts...)
	}
	if p.faults, err = parseMisbehaviour(flag("misbehave", "CLAWSIM_MISBEHAVE")); err != nil {
		return nil, err
	}
	if p.opts.Books, err = openBooks(flag("books", "CLAWSIM_BOOKS")); err != nil {
		return nil, err
	}
	if p.faults.noWallet && p.secret == "" {
		// Any spelling that is no key makes New generate a wallet.
		p.opts.WalletKey = "none"
	}
	return p, p.opts.Check()
}

func isComma(r rune) bool { return r == ',' || r == ' ' }

// flagValue finds --name VALUE or --name=VALUE.
func flagValue(args []string, name string) (string, bool) {
	for i, a := range args {
		if a == "--"+name && i+1 < len(args) {
			return args[i+1], true
		}
		if v, ok := strings.CutPrefix(a, "--"+name+"="); ok {
			return v, true
		}
	}
	return "", false
}

// readScripts reads a file that holds one script or a list of them.
func readScripts(file string) ([]Script, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("script: %w", err)
	}
	var many []Script
	if err := json.Unmarshal(data, &many); err == nil {
		return many, nil
	}
	var one Script
	if err := json.Unmarshal(data, &one); err != nil {
		return nil, fmt.Errorf("script %s: %w", file, err)
	}
	return []Script{one}, nil
}

func (p *process) run(ctx context.Context, signals <-chan os.Signal) int {
	if p.faults.leak {
		fmt.Fprintf(p.out, "wallet key is %s\n", or(p.secret, TestWalletKey))
		fmt.Fprintf(p.err, "debug: BLOCKRUN_WALLET_KEY=%s BLOCKRUN_API_KEY=%s\n", or(p.secret, TestWalletKey), p.opts.APIKey)
	}
	switch {
	case p.faults.crash:
		fmt.Fprintln(p.err, "[ClawRouter] Fatal error: Cannot find module 'nothing'")
		return exitFatal
	case p.faults.exitOK:
		return exitOK
	case p.faults.slowStart > 0:
		if code, ended := p.waitFor(ctx, signals, p.faults.slowStart); ended {
			return code
		}
	}
	sim := New(p.opts)
	defer sim.Close()
	p.greet(sim)
	listener, code := p.listen(ctx, signals, sim)
	if listener == nil {
		return code
	}
	return p.serve(ctx, signals, sim, listener)
}

func (p *process) greet(sim *Sim) {
	from := "saved wallet"
	switch {
	case sim.wallet.ignored:
		from = "newly generated wallet"
	case p.secret != "":
		from = "wallet from BLOCKRUN_WALLET_KEY"
	}
	fmt.Fprintf(p.out, "[ClawRouter] Using %s: %s\n", from, sim.WalletAddress())
}

func (p *process) announce(sim *Sim, port int) {
	fmt.Fprintf(p.out, "[ClawRouter] v%s | Proxy listening on http://127.0.0.1:%d\n", sim.version, port)
	fmt.Fprintf(p.out, "[ClawRouter] Health check: http://127.0.0.1:%d/health\n", port)
	if m, ok := sim.believed(); ok {
		fmt.Fprintf(p.out, "[ClawRouter] Wallet balance: $%.2f\n", m.USD())
	}
	fmt.Fprintln(p.out, "[ClawRouter] Ready - Ctrl+C to stop")
}
