package clawsim

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// buffer is what a child writes, safe to read while it does.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// child is Run in this process.
type child struct {
	out, err buffer
	signals  chan os.Signal
	ready    chan int
	exit     chan int
	url      string
}

func startChild(t *testing.T, env map[string]string, args ...string) *child {
	t.Helper()
	c := &child{signals: make(chan os.Signal, 1), ready: make(chan int, 1), exit: make(chan int, 1)}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		c.exit <- Run(ctx, RunOptions{Args: args, Getenv: func(k string) string { return env[k] },
			Stdout: &c.out, Stderr: &c.err, Signals: c.signals, Ready: func(p int) { c.ready <- p }})
	})
	t.Cleanup(func() {
		cancel()
		running.Wait()
	})
	return c
}

func (c *child) up(t *testing.T) {
	t.Helper()
	select {
	case port := <-c.ready:
		c.url = fmt.Sprintf("http://127.0.0.1:%d", port)
	case code := <-c.exit:
		t.Fatalf("exit %d before it was ready: %s", code, c.err.String())
	case <-time.After(10 * time.Second):
		t.Fatal("not ready")
	}
}

func (c *child) wantExit(t *testing.T, want int) {
	t.Helper()
	select {
	case code := <-c.exit:
		if code != want {
			t.Errorf("exit %d, want %d\n%s", code, want, c.err.String())
		}
	case <-time.After(10 * time.Second):
		t.Fatal("does not end")
	}
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

const otherKey = "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d"

func TestRunServes(t *testing.T) {
	c := startChild(t, map[string]string{"BLOCKRUN_WALLET_KEY": otherKey}, "--port", "0", "--no-reuse", "--whatever", "x")
	c.up(t)
	if _, body := get(t, c.url+"/health"); body != `{"status":"ok","wallet":"0x70997970C51812dc3A010C7d01b50e0d17dc79C8","paymentChain":"base"}` {
		t.Errorf("health %s", body)
	}
	c.signals <- syscall.SIGTERM
	c.wantExit(t, 0)
	port := c.url[len("http://127.0.0.1:"):]
	want := "[ClawRouter] Using wallet from BLOCKRUN_WALLET_KEY: 0x70997970C51812dc3A010C7d01b50e0d17dc79C8\n" +
		"[ClawRouter] v0.12.246 | Proxy listening on http://127.0.0.1:" + port + "\n" +
		"[ClawRouter] Health check: http://127.0.0.1:" + port + "/health\n" +
		"[ClawRouter] Wallet balance: $12.34\n[ClawRouter] Ready - Ctrl+C to stop\n"
	if c.out.String() != want {
		t.Errorf("stdout:\n%s\nwant:\n%s", c.out.String(), want)
	}
}

func TestRunIgnoresMalformedKey(t *testing.T) {
	for name, key := range map[string]string{
		"no 0x": otherKey[2:], "quoted": `"` + otherKey + `"`, "newline": otherKey + "\n", "short": otherKey[:60],
	} {
		t.Run(name, func(t *testing.T) {
			c := startChild(t, map[string]string{"BLOCKRUN_WALLET_KEY": key}, "--port", "0")
			c.up(t)
			_, body := get(t, c.url+"/health")
			if strings.Contains(body, "0x70997970") || !strings.Contains(body, `"paymentChain":"solana"`) {
				t.Errorf("health %s", body)
			}
			if !strings.Contains(c.out.String(), "newly generated wallet") {
				t.Errorf("stdout %s", c.out.String())
			}
		})
	}
}

func TestRunBesideAnother(t *testing.T) {
	first := startChild(t, nil, "--port", "0")
	first.up(t)
	port := first.url[len("http://127.0.0.1:"):]
	t.Run("another ClawRouter: ready, and exit 0", func(t *testing.T) {
		c := startChild(t, map[string]string{"BLOCKRUN_WALLET_KEY": otherKey}, "--port", port, "--no-reuse")
		c.wantExit(t, 0)
		for _, want := range []string{"Ready - Ctrl+C to stop", "Reusing"} {
			if !strings.Contains(c.out.String(), want) {
				t.Errorf("stdout has no %q:\n%s", want, c.out.String())
			}
		}
	})
	t.Run("later releases mind --no-reuse", func(t *testing.T) {
		startChild(t, nil, "--port", port, "--no-reuse", "--as", NewestVersion).wantExit(t, 1)
	})
	t.Run("another payment chain: exit 1", func(t *testing.T) {
		startChild(t, map[string]string{"CLAWROUTER_PAYMENT_CHAIN": "solana"}, "--port", port).wantExit(t, 1)
	})
}

func TestRunBesideForeigner(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: http.NotFoundHandler()}
	done := make(chan struct{})
	go func() { defer close(done); srv.Serve(l) }()
	defer func() { srv.Close(); <-done }()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	var out, errs buffer
	code := Run(context.Background(), RunOptions{Args: []string{"--port", port}, Getenv: func(string) string { return "" },
		Stdout: &out, Stderr: &errs, Signals: make(chan os.Signal), Options: Options{Clock: hurriedClock{}}})
	if code != 1 || strings.Count(out.String(), "TIME_WAIT") != 4 || !strings.Contains(errs.String(), "EADDRINUSE") {
		t.Errorf("exit %d\n%s%s", code, out.String(), errs.String())
	}
}

// hurriedClock waits for nothing.
type hurriedClock struct{}

func (hurriedClock) Now() time.Time { return time.Now() }
func (hurriedClock) After(time.Duration) <-chan time.Time {
	c := make(chan time.Time, 1)
	c <- time.Now()
	return c
}

func TestRunRefuses(t *testing.T) {
	for _, args := range [][]string{
		{"--port", "abc"}, {"--off", "everything"}, {"--balance", "lots"}, {"--misbehave", "politely"},
		{"--script", filepath.Join(t.TempDir(), "none.json")},
	} {
		c := startChild(t, nil, args...)
		c.wantExit(t, 1)
		if !strings.Contains(c.err.String(), "Fatal error") {
			t.Errorf("%v: %s", args, c.err.String())
		}
	}
}

func TestRunScriptFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "script.json")
	if err := os.WriteFile(file, []byte(`{"name":"bug","steps":[{"text":"from the file"}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	c := startChild(t, nil, "--port", "0", "--script", file)
	c.up(t)
	if got := converse(t, c.url, "[[script bug]]", nil); got[0] != "from the file" {
		t.Error(got)
	}
}
