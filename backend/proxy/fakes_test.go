package proxy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// roles are the programs that this test binary can be, by its first argument.
var roles = map[string]func(args []string){
	"role-npx":       fakeNpx,
	"role-claw":      fakeClaw,
	"role-supervise": superviseUntilKilled,
}

// fakeNpx starts its arguments the way npx does, sh between, and like npx
// leaves them alone when it is killed.
func fakeNpx(args []string) {
	self, err := os.Executable()
	if err != nil {
		panic(err)
	}
	fmt.Println("npm http fetch GET 200 https://packages.example/clawrouter 106ms (cache miss)")
	shell := `"$0" "$@"; exit $?`
	if slices.Contains(args, "hermit") { // leaves group, session and every trace in its environment
		shell = `setsid env -u CLAWROUTER_CODEX_RUN -u PROXYTEST "$0" "$@"; exit $?`
	}
	cmd := exec.Command("sh", append([]string{"-c", shell, self, "role-claw"}, args...)...)
	if runtime.GOOS == "windows" { // where cmd.exe stands between, which waits as this does
		cmd = exec.Command(self, append([]string{"role-claw"}, args...)...)
	}
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		var ended *exec.ExitError
		if errors.As(err, &ended) {
			os.Exit(ended.ExitCode())
		}
		os.Exit(1)
	}
}

// claw is a ClawRouter reduced to what a supervisor sees of one. Its arguments
// before --port say how it misbehaves; requests to /do/… make it do so later.
type claw struct {
	args   []string
	port   string
	wallet string
}

func (c *claw) told(behaviour string) bool { return slices.Contains(c.args, behaviour) }

func fakeClaw(args []string) {
	c := &claw{args: args}
	if i := slices.Index(args, "--port"); i >= 0 && i+1 < len(args) {
		c.port = args[i+1]
	}
	if c.told("deaf") {
		signal.Ignore(syscall.SIGTERM)
	}
	c.chooseWallet()
	switch {
	case c.told("leak"):
		fmt.Println("debug: key is", os.Getenv("BLOCKRUN_WALLET_KEY"))
		fmt.Fprintln(os.Stderr, "Authorization: Bearer "+brkKey)
	case c.told("crash"):
		fmt.Println("[ClawRouter] Fatal error: told to crash")
		os.Exit(3)
	case c.told("exit0"):
		fmt.Println("Ready - Ctrl+C to stop")
		os.Exit(0)
	case c.told("offline"):
		fmt.Println("npm error code ENOTFOUND")
		os.Exit(1)
	case c.told("mute"):
		select {}
	}
	c.serve()
}

// chooseWallet finds a key as ClawRouter 0.12.246 does: the file wins, and
// without a key a wallet is made.
func (c *claw) chooseWallet() {
	file := filepath.Join(os.Getenv("HOME"), legacyKeyFile)
	if c.told("new-place") {
		file = filepath.Join(os.Getenv("HOME"), ".new-place")
	}
	text, err := os.ReadFile(file)
	if err != nil {
		text = []byte(os.Getenv("BLOCKRUN_WALLET_KEY"))
	}
	w, err := parseKey(string(text))
	if err != nil {
		os.MkdirAll(filepath.Dir(file), 0o700)
		os.WriteFile(file, []byte(bobKey+"\n"), 0o600)
		w, _ = parseKey(bobKey)
	}
	c.wallet = w.Address()
}

func (c *claw) serve() {
	l, err := net.Listen("tcp", "127.0.0.1:"+c.port)
	if err != nil {
		fmt.Fprintln(os.Stderr, "Error: listen EADDRINUSE: address already in use 127.0.0.1:"+c.port)
		os.Exit(1)
	}
	fmt.Printf("[ClawRouter] v0.12.246 | Proxy listening on http://127.0.0.1:%s\n", c.port)
	hang := make(chan struct{})
	mux := http.NewServeMux()
	mux.HandleFunc("/health", func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-hang:
			<-r.Context().Done()
		default:
			fmt.Fprintf(w, `{"status":"ok","wallet":%q,"paymentChain":"base"}`, c.wallet)
		}
	})
	mux.HandleFunc("/do/hang", func(http.ResponseWriter, *http.Request) { close(hang) })
	mux.HandleFunc("/do/exit", func(_ http.ResponseWriter, r *http.Request) {
		code, _ := strconv.Atoi(r.FormValue("code"))
		os.Exit(code)
	})
	mux.HandleFunc("/do/say", func(_ http.ResponseWriter, r *http.Request) { fmt.Println(r.FormValue("text")) })
	mux.HandleFunc("/env", func(w http.ResponseWriter, _ *http.Request) {
		json.NewEncoder(w).Encode(map[string]any{"env": os.Environ(), "args": os.Args, "pid": os.Getpid()})
	})
	if err := http.Serve(l, mux); err != nil {
		os.Exit(1)
	}
}

// superviseUntilKilled is a program of ours that a test can kill: it supervises
// with the options that its first argument names, and prints "ready".
func superviseUntilKilled(args []string) {
	var o SupervisorOptions
	b, err := os.ReadFile(args[0])
	if err == nil {
		err = json.Unmarshal(b, &o)
	}
	if err != nil {
		panic(err)
	}
	o.Env = os.Environ()
	s := Supervise(o)
	go func() {
		for {
			changed := s.Changed()
			if st := s.State(); st.Ready() {
				fmt.Println("ready")
				return
			} else if st.Phase == PhaseFailed {
				fmt.Println("failed:", st.Err)
			}
			<-changed
		}
	}()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	if err := s.Run(ctx); err != nil {
		fmt.Println(err)
	}
}

// commandOf quotes a role of this binary as CLAWROUTER_CMD.
func commandOf(role string, args ...string) string {
	self, err := os.Executable()
	if err != nil {
		panic(err)
	}
	return quoteWord(self, runtime.GOOS) + " " + role + " " + strings.Join(args, " ")
}

// briefly is a Timing for tests: everything as by default, but sooner.
func briefly() Timing {
	return Timing{
		HealthEvery: 50 * time.Millisecond, HealthTimeout: 500 * time.Millisecond, HealthFailures: 2,
		StartSilence: 3 * time.Second, Grace: 500 * time.Millisecond,
		BackoffMin: 10 * time.Millisecond, BackoffMax: 50 * time.Millisecond, StableAfter: time.Hour,
		ShortLife: time.Nanosecond, CrashLimit: 4, RetryFailed: 50 * time.Millisecond,
	}
}
