package daemon

import (
	"context"
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/backend/link"
	"github.com/BlockRunAI/clawrouter-codex/backend/proxy"
	"github.com/BlockRunAI/clawrouter-codex/backend/socket/testport"
)

// A program with an icon in the menu bar must not vanish because ClawRouter
// cannot be started: there the user reads why, and tries again.
func TestAResidentStaysWithoutClawRouter(t *testing.T) {
	s := load(t, map[string]string{"CLAWROUTER_CMD": "no-such-clawrouter", "PROXY_PORT": fmt.Sprint(testport.Free(t))})
	started := make(chan Link, 1)
	r := run(t, Options{Settings: s, Command: "app", Environ: os.Environ(), Resident: true, Started: func(l Link) { started <- l }})
	var l Link
	select {
	case l = <-started:
	case err := <-r.done:
		t.Fatalf("ended with %v", err)
	}
	failed := awaitState(t, l.Local, func(st link.State) bool { return st.Proxy.Phase == proxy.PhaseFailed })
	if p := failed.Proxy.Error; p == nil || !strings.Contains(p.Message, "no-such-clawrouter") || p.Mend == "" {
		t.Errorf("the state says %+v", failed.Proxy)
	}
	if err := l.Local.RestartProxy(t.Context()); err != nil {
		t.Errorf("try again: %v", err)
	}
	r.stop()
	if err := r.wait(); err != nil {
		t.Errorf("an orderly stop is no error: %v", err)
	}
	if told := strings.Join(r.told(), "\n"); !strings.Contains(told, "cannot be started") {
		t.Errorf("told:\n%s", told)
	}
}

// awaitState returns the first state of l that ok accepts.
func awaitState(t *testing.T, l link.Link, ok func(link.State) bool) link.State {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	states, err := l.Subscribe(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for s := range states {
		if ok(s) {
			return s
		}
	}
	t.Fatal("the state that was waited for did not come")
	return link.State{}
}

// The panel opens also where somebody else has the port, and says who.
func TestATakenPortIsStoodInFor(t *testing.T) {
	other, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Close() }()
	port := other.Addr().(*net.TCPAddr).Port
	s := load(t, map[string]string{"PORT": fmt.Sprint(port), "CLAWROUTER_PROXY_URL": clawRouter(t)})
	ready := make(chan Link, 1)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	done := make(chan error, 1)
	go func() {
		done <- Run(ctx, Options{Settings: s, Version: "1", Command: "app", OrAnyPort: true,
			Ready: func(_ context.Context, l Link) error { ready <- l; return nil }})
	}()
	select {
	case l := <-ready:
		state, err := l.Local.State(t.Context())
		if want := fmt.Sprintf("port %d is in use by ", port); err != nil || l.Port == port || l.Taken == nil ||
			state.Bridge.Port != l.Port || !strings.HasPrefix(state.Bridge.Taken, want) {
			t.Errorf("link %+v, bridge %+v, %v", l, state.Bridge, err)
		}
		address, err := l.Local.Panel(t.Context())
		if err != nil || !strings.Contains(address.URL, fmt.Sprint(l.Port)) {
			t.Errorf("panel %+v %v", address, err)
		}
	case err := <-done:
		t.Fatalf("ended with %v", err)
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
