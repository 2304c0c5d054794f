package daemon

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/BlockRunAI/clawrouter-codex/backend/clawsim"
	"github.com/BlockRunAI/clawrouter-codex/backend/settings"
	"github.com/BlockRunAI/clawrouter-codex/backend/socket"
)

// load makes settings of a user whose home is a temporary folder and whose
// environment is env alone.
func load(t *testing.T, env map[string]string) *settings.Settings {
	t.Helper()
	home := t.TempDir()
	s, err := settings.Load(settings.Machine{
		LookupEnv: func(name string) (string, bool) {
			if name == "BLOCKRUN_MODEL_CATALOG_URL" && env[name] == "" {
				return settings.NoModelList, true
			}
			v, ok := env[name]
			return v, ok
		},
		ReadFile: os.ReadFile, Home: home, Dir: home, GOOS: "linux",
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// clawRouter is a stand-in that answers until the test ends.
func clawRouter(t *testing.T) (address string) {
	t.Helper()
	sim := clawsim.New(clawsim.Options{})
	server := httptest.NewServer(sim.Handler())
	t.Cleanup(func() { server.Close(); sim.Close() })
	return server.URL
}

// running is a link that a test has started.
type running struct {
	t     *testing.T
	ready chan Link
	stop  context.CancelFunc
	done  chan error

	mu    sync.Mutex
	steps []string
}

// run starts the link and ends it with the test.
func run(t *testing.T, o Options) *running {
	t.Helper()
	r := &running{t: t, ready: make(chan Link, 1), done: make(chan error, 1)}
	ctx, stop := context.WithCancel(t.Context())
	r.stop = stop
	o.AnyPort, o.Version = true, "1.2.3"
	o.Progress = func(steps ...Step) {
		r.mu.Lock()
		defer r.mu.Unlock()
		for _, s := range steps {
			r.steps = append(r.steps, fmt.Sprintf("%v %s %s", s.Done, s.Part, s.Text))
		}
	}
	if o.Ready == nil {
		o.Ready = func(_ context.Context, l Link) error { r.ready <- l; return nil }
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		r.done <- Run(ctx, o)
	}()
	// It writes into folders that go with the test.
	t.Cleanup(func() { stop(); <-ended })
	return r
}

func (r *running) waitReady() Link {
	r.t.Helper()
	select {
	case l := <-r.ready:
		return l
	case err := <-r.done:
		r.t.Fatalf("ended before it was ready: %v", err)
	case <-time.After(20 * time.Second):
		r.t.Fatalf("not ready; steps %q", r.told())
	}
	return Link{}
}

func (r *running) wait() error {
	r.t.Helper()
	select {
	case err := <-r.done:
		return err
	case <-time.After(20 * time.Second):
		r.t.Fatal("does not end")
	}
	return nil
}

func (r *running) told() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.steps...)
}

func TestRunBringsTheLinkUpAndStopsIt(t *testing.T) {
	address := clawRouter(t)
	s := load(t, map[string]string{"CLAWROUTER_PROXY_URL": address})
	started := time.Date(2026, 11, 22, 9, 30, 0, 0, time.UTC)
	r := run(t, Options{Settings: s, Command: "start", Now: func() time.Time { return started }})
	link := r.waitReady()

	want := Running{
		PID: os.Getpid(), Command: "start", Version: "1.2.3", Bridge: link.Bridge,
		Upstream: address, CodexHome: s.CodexHome.V, Started: started,
	}
	if got, ok := Look(s.Paths); !ok || !cmp.Equal(want, got) {
		t.Errorf("another process sees %v: %s", ok, cmp.Diff(want, got))
	}
	if link.Port == 0 || want.Port() != link.Port {
		t.Errorf("port %d, of %s", link.Port, want.Bridge)
	}
	if body := get(t, link.Bridge+"/v1/models"); !strings.Contains(body, `"anthropic/claude-opus-5"`) {
		t.Errorf("the bridge does not reach the upstream: %.200s", body)
	}
	wantSteps := []string{"true bridge listens on " + link.Bridge, "true ClawRouter answers on " + address}
	if diff := cmp.Diff(wantSteps, r.told()); diff != "" {
		t.Error(diff)
	}

	r.stop()
	if err := r.wait(); err != nil {
		t.Errorf("an orderly stop is no error: %v", err)
	}
	if got, ok := Look(s.Paths); ok {
		t.Errorf("still announced: %+v", got)
	}
	if _, err := os.Stat(s.Paths.Running()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s is left behind: %v", s.Paths.Running(), err)
	}
	if _, err := net.DialTimeout("tcp", strings.TrimPrefix(link.Bridge, "http://"), time.Second); err == nil {
		t.Error("somebody still listens on the bridge's port")
	}
}

func TestTwoNeverRunOnOneStateFolder(t *testing.T) {
	s := load(t, map[string]string{"CLAWROUTER_PROXY_URL": clawRouter(t)})
	first := run(t, Options{Settings: s, Command: "up"}).waitReady()
	err := run(t, Options{Settings: s, Command: "start"}).wait()
	var taken *RunningError
	if !errors.As(err, &taken) {
		t.Fatalf("the second says %v", err)
	}
	if taken.Running.Bridge != first.Bridge || taken.Running.PID != os.Getpid() {
		t.Errorf("the second names %+v", taken.Running)
	}
	if want := (Running{PID: os.Getpid(), Command: "up"}).Stop(runtime.GOOS); !strings.Contains(taken.Mend(), want) {
		t.Errorf("mend %q, want %q in it", taken.Mend(), want)
	}
}

func TestARecordOfAKilledProcessDoesNotCount(t *testing.T) {
	s := load(t, nil)
	if err := s.Paths.Create(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.Paths.Running(), []byte(`{"pid":1,"bridge":"http://localhost:1"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, ok := Look(s.Paths); ok {
		t.Errorf("taken for running: %+v", got)
	}
}

func TestTheSecondWaitsForTheFirstsName(t *testing.T) {
	s := load(t, nil)
	inst, err := claim(t.Context(), s.Paths)
	if err != nil {
		t.Fatal(err)
	}
	second := make(chan error, 1)
	go func() {
		_, err := claim(t.Context(), s.Paths)
		second <- err
	}()
	if err := inst.announce(Running{PID: 7, Bridge: "http://localhost:8403"}); err != nil {
		t.Fatal(err)
	}
	var taken *RunningError
	if err := <-second; !errors.As(err, &taken) || taken.Running.PID != 7 {
		t.Errorf("got %v", err)
	}
	if err := inst.release(); err != nil {
		t.Error(err)
	}
}

// One address of the two is enough for a squatter: Codex is told "localhost".
func TestATakenPortIsToldWithItsOwner(t *testing.T) {
	for name, words := range map[string]string{"127.0.0.1": "port %d is in use by", "::1": "port %d of ::1, which localhost means too, is in use by"} {
		t.Run(name, func(t *testing.T) {
			other, err := net.Listen("tcp", net.JoinHostPort(name, "0"))
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = other.Close() }()
			at := other.Addr().(*net.TCPAddr).AddrPort()
			s := load(t, map[string]string{"PORT": fmt.Sprint(at.Port())})
			err = Run(t.Context(), Options{Settings: s, Version: "1", Command: "bridge", BridgeOnly: true})
			var taken *PortError
			if !errors.As(err, &taken) || taken.At != at {
				t.Fatalf("got %v", err)
			}
			if want := fmt.Sprintf(words, at.Port()); !strings.HasPrefix(err.Error(), want) || !strings.Contains(err.Error(), fmt.Sprintf("pid %d", os.Getpid())) {
				t.Errorf("%q does not name address and owner", err)
			}
			if strings.Contains(taken.Mend(), "--rotate-key") {
				t.Errorf("a program of this user's is suspected: %s", taken.Mend())
			}
			if _, ok := Look(s.Paths); ok {
				t.Error("the state folder is still taken")
			}
			if left := net.JoinHostPort(map[string]string{"127.0.0.1": "::1", "::1": "127.0.0.1"}[name], fmt.Sprint(at.Port())); !socket.Free(t.Context(), netip.MustParseAddrPort(left)) {
				t.Errorf("%s is still held", left)
			}
		})
	}
}

// refused is how this system says that nobody listens.
func refused(t *testing.T) string {
	t.Helper()
	_, err := net.Dial("tcp", "127.0.0.1:1")
	var number syscall.Errno
	if !errors.As(err, &number) {
		t.Fatalf("port 1 is served: %v", err)
	}
	return number.Error()
}

func TestRunWaitsForAnUpstreamThatIsLate(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	s := load(t, map[string]string{"CLAWROUTER_PROXY_URL": "http://" + address})
	r := run(t, Options{Settings: s, Command: "start"})
	waiting := "false upstream waiting for http://" + address + ": " + refused(t)
	eventually(t, func() bool { return len(r.told()) == 2 && r.told()[1] == waiting })

	l, err = net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	sim := clawsim.New(clawsim.Options{})
	server := &httptest.Server{Listener: l, Config: &http.Server{Handler: sim.Handler()}}
	server.Start()
	defer func() { server.Close(); sim.Close() }()
	r.waitReady()
	if told := r.told(); len(told) != 3 {
		t.Errorf("one line a change is enough: %q", told)
	}
	r.stop()
	if err := r.wait(); err != nil {
		t.Error(err)
	}
}

func TestBridgeAloneWaitsForNobody(t *testing.T) {
	s := load(t, map[string]string{"CLAWROUTER_PROXY_URL": "http://127.0.0.1:1"})
	link := run(t, Options{Settings: s, Command: "bridge", BridgeOnly: true}).waitReady()
	if body := get(t, link.Bridge+"/health"); !strings.Contains(body, `"clawrouter-codex"`) {
		t.Errorf("health %s", body)
	}
}

func TestAnErrorOfReadyEndsRun(t *testing.T) {
	s := load(t, map[string]string{"CLAWROUTER_PROXY_URL": clawRouter(t)})
	broken := errors.New("setup does not work")
	r := run(t, Options{Settings: s, Command: "up", Ready: func(context.Context, Link) error { return broken }})
	if err := r.wait(); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	if _, ok := Look(s.Paths); ok {
		t.Error("the state folder is still taken")
	}
}

func TestDemoAnswersATurn(t *testing.T) {
	s := load(t, nil)
	ready, done := make(chan Link, 1), make(chan error, 1)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	go func() {
		done <- RunDemo(ctx, Options{
			Settings: s, Version: "1", Command: "demo",
			Ready: func(_ context.Context, l Link) error { ready <- l; return nil },
		})
	}()
	select {
	case link := <-ready:
		if link.Port == s.Port.V {
			t.Errorf("the demo takes port %d, which is the user's own link's", link.Port)
		}
		body := post(t, link.Bridge+"/v1/responses", `{"model":"blockrun/auto","stream":false,"input":"hello"}`)
		var answer struct{ Status string }
		if err := json.Unmarshal([]byte(body), &answer); err != nil || answer.Status != "completed" {
			t.Errorf("%v: %.300s", err, body)
		}
	case err := <-done:
		t.Fatal(err)
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestTheBridgeServesTheCatalogOfTheMoment(t *testing.T) {
	s := load(t, map[string]string{"CLAWROUTER_PROXY_URL": clawRouter(t)})
	link := run(t, Options{Settings: s, Command: "start"}).waitReady()
	if err := os.MkdirAll(s.CodexHome.V, 0o700); err != nil {
		t.Fatal(err)
	}
	catalog := `{"models":[{"slug":"made/just-now"}]}`
	if err := os.WriteFile(filepath.Join(s.CodexHome.V, "clawrouter-models.json"), []byte(catalog), 0o600); err != nil {
		t.Fatal(err)
	}
	if body := get(t, link.Bridge+"/v1/models"); !strings.Contains(body, "made/just-now") {
		t.Errorf("%.300s", body)
	}
}

// eventually waits for something that only polling shows.
func eventually(t *testing.T, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatal("did not happen")
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// client keeps no connection, so that goleak sees only what the daemon leaves.
var client = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

func get(t *testing.T, address string) string {
	t.Helper()
	resp, err := client.Get(address)
	return body(t, resp, err)
}

func post(t *testing.T, address, content string) string {
	t.Helper()
	resp, err := client.Post(address, "application/json", bytes.NewBufferString(content))
	return body(t, resp, err)
}

func body(t *testing.T, resp *http.Response, err error) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
