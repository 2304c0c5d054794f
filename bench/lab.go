package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/bench/load"
	"github.com/BlockRunAI/clawrouter-codex/bench/machine"
)

// upstream is a kind of stub.
type upstream string

const (
	plain      upstream = "plain"      // streams, and does not look at what it does not need
	clawRouter upstream = "clawrouter" // looks like a ClawRouter, so that the bridge asks for buffered answers
	parsing    upstream = "parsing"    // decodes the request before it answers, as a real one does
)

// lab holds what all scenarios share: the built bridge, the stubs, and the
// source of ids. Hop and bridge are started afresh for each scenario, so that
// none inherits another's heap.
type lab struct {
	dir     string // temporary
	self    string // this program
	bridge  string // the bridge's program
	stubs   map[upstream]*server
	load    load.Generator
	closers []func()
}

// server is a started process under load.
type server struct {
	*machine.Process
	load.Target
	up time.Duration // from its start to its first good answer
}

func newLab(ctx context.Context, bridge string) (*lab, error) {
	l := &lab{bridge: bridge}
	if err := l.open(ctx); err != nil {
		l.close()
		return nil, err
	}
	return l, nil
}

func (l *lab) open(ctx context.Context) (err error) {
	if l.dir, err = os.MkdirTemp("", "bench-"); err != nil {
		return err
	}
	l.closers = append(l.closers, func() { os.RemoveAll(l.dir) })
	if l.self, err = os.Executable(); err != nil {
		return err
	}
	if l.bridge == "" {
		if l.bridge, err = build(ctx, l.dir); err != nil {
			return err
		}
	}
	l.stubs = map[upstream]*server{}
	for _, kind := range []upstream{plain, clawRouter, parsing} {
		s, err := l.helper(ctx, load.Target{Name: "stub"}, nil, nil, "stub", "-kind", string(kind))
		if err != nil {
			return err
		}
		l.stubs[kind] = s
		l.closers = append(l.closers, s.Stop)
	}
	return nil
}

// close ends what is left, the last first. It may be called twice.
func (l *lab) close() {
	for i := len(l.closers) - 1; i >= 0; i-- {
		l.closers[i]()
	}
	l.closers = nil
}

// build makes the bridge with the flags of a release.
func build(ctx context.Context, dir string) (string, error) {
	root, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		return "", fmt.Errorf("find the module: %w", err)
	}
	program := filepath.Join(dir, "clawrouter-codex")
	if runtime.GOOS == "windows" {
		program += ".exe"
	}
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", program, ".")
	cmd.Dir = strings.TrimSpace(string(root))
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the bridge: %w\n%s", err, out)
	}
	return program, nil
}

// helper starts this program as one of its parts.
func (l *lab) helper(ctx context.Context, t load.Target, output io.Writer, env []string, args ...string) (*server, error) {
	began := time.Now()
	said := &firstLine{line: make(chan string, 1), rest: output}
	p, err := machine.Start(ctx, machine.Command{Path: l.self, Args: args, Env: append(environment(l.dir), env...), Dir: l.dir, Output: said})
	if err != nil {
		return nil, err
	}
	s := &server{Process: p, Target: t}
	select {
	case s.Addr = <-said.line:
	case <-p.Exited():
		return nil, fmt.Errorf("%s ended at once: %s", t.Name, p.Output())
	}
	s.up = time.Since(began)
	return s, nil
}

// startHop puts a hop in front of upstream.
func (l *lab) startHop(ctx context.Context, upstream *server, output io.Writer, env ...string) (*server, error) {
	return l.helper(ctx, load.Target{Name: "hop"}, output, env, "hop", "-upstream", "http://"+upstream.Addr)
}

// startBridge starts the bridge as users do, in a state folder of its own.
func (l *lab) startBridge(ctx context.Context, upstream *server, output io.Writer, env ...string) (*server, error) {
	home, err := os.MkdirTemp(l.dir, "home-")
	if err != nil {
		return nil, err
	}
	codex := filepath.Join(home, "codex")
	if err := os.Mkdir(codex, 0o700); err != nil {
		return nil, err
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	state := filepath.Join(home, "state")
	env = append(environment(home), append(env, "PORT="+strconv.Itoa(port), "CLAWROUTER_PROXY_URL=http://"+upstream.Addr,
		"CLAWROUTER_CODEX_HOME="+state, "CODEX_HOME="+codex)...)
	began := time.Now()
	p, err := machine.Start(ctx, machine.Command{Path: l.bridge, Args: []string{"bridge"}, Env: env, Dir: home, Output: output})
	if err != nil {
		return nil, err
	}
	s := &server{Process: p, Target: load.Target{Name: "bridge", Addr: net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), Protocol: load.Responses}}
	if err := s.ready(ctx); err != nil {
		p.Stop()
		return nil, err
	}
	s.up = time.Since(began)
	s.Header, err = installKey(state)
	return s, err
}

// installKey is the header that setup puts into Codex's files, where the bridge
// has a key.
func installKey(state string) ([]string, error) {
	key, err := os.ReadFile(filepath.Join(state, "key"))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	return []string{"X-Clawrouter-Key: " + strings.TrimSpace(string(key))}, err
}

// startTimeout is far beyond what a start may take; a program that needs it hangs.
const startTimeout = 20 * time.Second

// ready waits for /health to answer 200.
func (s *server) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.Addr+"/health", nil)
		if err != nil {
			return err
		}
		if resp, err := client.Do(req); err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		// There is no event to wait for: the port opens in another process. A
		// refused connection on loopback costs some 50 µs.
		case <-time.After(500 * time.Microsecond):
		case <-s.Exited():
			return fmt.Errorf("the bridge ended at its start: %s", s.Output())
		case <-ctx.Done():
			return fmt.Errorf("the bridge does not answer on %s/health: %s", s.Addr, s.Output())
		}
	}
}

// environment is all that a measured process gets from ours: what Windows and
// Go programs cannot do without, and nothing of the user's settings.
func environment(home string) []string {
	env := []string{"HOME=" + home, "USERPROFILE=" + home}
	for _, name := range []string{"PATH", "TMPDIR", "TEMP", "TMP", "SystemRoot"} {
		if v, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+v)
		}
	}
	return env
}

// freePort finds a port that is free on both families of loopback, since the
// bridge takes both or neither.
func freePort() (int, error) {
	for range 20 {
		four, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			return 0, err
		}
		port := four.Addr().(*net.TCPAddr).Port
		six, err := net.Listen("tcp6", net.JoinHostPort("::1", strconv.Itoa(port)))
		four.Close()
		if err == nil {
			six.Close()
			return port, nil
		}
		if probe, err := net.Listen("tcp6", "[::1]:0"); err != nil {
			return port, nil // a system without IPv6
		} else {
			probe.Close()
		}
	}
	return 0, errors.New("no port is free on both 127.0.0.1 and ::1")
}

// firstLine is an Output that hands on the line that begins with listening, and
// the rest to another. The runtime may report something before that line.
type firstLine struct {
	line chan string
	got  []byte
	done bool
	rest io.Writer
}

func (f *firstLine) Write(b []byte) (int, error) {
	if !f.done {
		f.got = append(f.got, b...)
		if _, line, ok := bytes.Cut(f.got, []byte(listening)); ok {
			if line, _, ok := bytes.Cut(line, []byte("\n")); ok {
				f.done = true
				f.line <- string(line)
			}
		}
	}
	if f.rest != nil {
		return f.rest.Write(b)
	}
	return len(b), nil
}
