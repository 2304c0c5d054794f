package link

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/BlockRunAI/clawrouter-codex/backend/bridge"
)

var key = []byte("0123456789abcdef0123456789abcdef")

// remote serves the user's link and returns another process's view of it.
func (u *user) remote() (*Local, *Remote, string) {
	u.t.Helper()
	server := httptest.NewUnstartedServer(nil)
	port := portOf(u.t, server.Listener.Addr().String())
	local := u.local(port)
	server.Config.Handler = Handler(local, key)
	server.Start()
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); local.Run(ctx) }()
	remote := NewRemote(port, key)
	u.t.Cleanup(func() { stop(); <-done; remote.Close(); server.Close() })
	return local, remote, server.URL
}

func TestRemoteSeesAndDoesWhatLocalDoes(t *testing.T) {
	u := newUser(t)
	u.setUp()
	local, remote, _ := u.remote()
	ctx := t.Context()

	use, err := remote.UseModel(ctx, "glm 5.2", false)
	if want := (ModelUse{Model: "zai/glm-5.2", Name: "GLM 5.2", Live: true}); err != nil || !cmp.Equal(want, use) {
		t.Errorf("%v: %s", err, cmp.Diff(want, use))
	}
	if got := local.Selected(); got != "zai/glm-5.2" {
		t.Errorf("the bridge resolves to %q", got)
	}
	if w, err := remote.SetWebSearch(ctx, true); err != nil || !w.On || !local.Searches() {
		t.Errorf("web search: %+v %v", w, err)
	}
	if c, err := remote.SetProvider(ctx, ClawRouter); err != nil || !c.On {
		t.Errorf("provider: %+v %v", c, err)
	}
	list, err := remote.Models(ctx)
	if err != nil || len(list) != 3 || list[0].ID != "blockrun/auto" {
		t.Errorf("models: %+v %v", list, err)
	}
	if w, err := remote.Wallet(ctx); err != nil || w.Balance == nil {
		t.Errorf("wallet: %+v %v", w, err)
	}
	if err := remote.ShowPanel(ctx, "logs"); kindOf(err) != NoWindow {
		t.Errorf("a window that is not there: %v", err)
	}
	local.o.ShowPanel = func(_ context.Context, part string) error { return &Error{Kind: Failed, Message: "shown: " + part} }
	if err := remote.ShowPanel(ctx, "logs"); err == nil || err.Error() != "shown: logs" {
		t.Errorf("the window: %v", err)
	}
	if p, err := remote.Panel(ctx); err != nil || p.URL != local.o.Bridge.URL+"/dashboard" {
		t.Errorf("panel: %+v %v", p, err)
	}
	want, _ := local.State(ctx)
	got, err := remote.State(ctx)
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("state: %v %s", err, diff)
	}
}

func TestErrorsCrossWithWhatMendsThem(t *testing.T) {
	u := newUser(t)
	u.setUp()
	local, remote, _ := u.remote()
	for name, ask := range map[string]func(Link) error{
		"unknown model": func(l Link) error { _, err := l.UseModel(t.Context(), "zai/glm-52", false); return err },
		"not ours":      func(l Link) error { return l.RestartProxy(t.Context()) },
		"provider":      func(l Link) error { _, err := l.SetProvider(t.Context(), "tea"); return err },
	} {
		t.Run(name, func(t *testing.T) {
			want, got := ask(local), ask(remote)
			if want == nil || got == nil {
				t.Fatalf("here %v, there %v", want, got)
			}
			if diff := cmp.Diff(asError(want), asError(got)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSubscribersSeeEveryChange(t *testing.T) {
	u := newUser(t)
	u.setUp()
	local, remote, _ := u.remote()
	for name, l := range map[string]Link{"local": local, "remote": remote} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			states, err := l.Subscribe(ctx)
			if err != nil {
				t.Fatal(err)
			}
			await(t, states, func(s State) bool { return s.Running })
			for _, model := range []string{"zai/glm-5.2", "anthropic/claude-opus-5"} {
				if _, err := local.UseModel(ctx, model, false); err != nil {
					t.Fatal(err)
				}
				await(t, states, func(s State) bool { return s.Model.InForce == model })
			}
			local.Answered(bridge.Answer{Used: "zai/" + name})
			await(t, states, func(s State) bool { return s.Model.Last == "zai/"+name })
			cancel()
			for range states { // ends, else the test does
			}
		})
	}
}

// await reads states until one is right.
func await(t *testing.T, states <-chan State, right func(State) bool) State {
	t.Helper()
	var last State
	for s := range states {
		if last = s; right(s) {
			return s
		}
	}
	t.Fatalf("it never came; the last was %+v", last)
	return last
}

// A burst of turns is few states: each reads files, and goes to every subscriber.
func TestABurstIsFewStates(t *testing.T) {
	u := newUser(t)
	u.setUp()
	u.withBook = u.book()
	_, states := u.watched()
	const burst = 200
	for range burst {
		u.turn(u.withBook, "th")
	}
	seen := 0
	await(t, states, func(s State) bool { seen++; return s.Spend.Turns == burst })
	if seen > burst/2 {
		t.Errorf("%d turns were %d states", burst, seen)
	}
}

func TestSubscriptionsEndWithTheLink(t *testing.T) {
	u := newUser(t)
	l := u.local(8403)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); l.Run(ctx) }()
	states, err := l.Subscribe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	stop()
	<-done
	for range states {
	}
	late, err := l.Subscribe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if s, ok := <-late; !ok || s.Version != "1.2.3" {
		t.Errorf("a late one is told %+v", s)
	}
	for range late {
	}
}

func TestASlowReaderGetsTheNewest(t *testing.T) {
	u := newUser(t)
	u.setUp()
	l := u.local(8403)
	states, err := l.Subscribe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, model := range []string{"zai/glm-5.2", "anthropic/claude-opus-5", "blockrun/auto"} {
		if _, err := l.UseModel(t.Context(), model, false); err != nil {
			t.Fatal(err)
		}
	}
	if s := <-states; s.Model.Chosen != "blockrun/auto" {
		t.Errorf("got %+v", s.Model)
	}
}

func TestNobodyPassesWithoutTheKey(t *testing.T) {
	u := newUser(t)
	_, remote, url := u.remote()
	host := strings.TrimPrefix(url, "http://")
	port := host[strings.LastIndex(host, ":"):]
	tests := []struct {
		name, key, host, header string
		status                  int
	}{
		{"the key", remote.key, host, "", 200},
		{"another name of this machine", remote.key, "localhost" + port, "", 200},
		{"IPv6", remote.key, "[::1]" + port, "", 200},
		{"no key", "", host, "", 403},
		{"another key", strings.Repeat("0", 64), host, "", 403},
		{"a part of the key", remote.key[:32], host, "", 403},
		{"a name that was made to point here", remote.key, "evil.example" + port, "", 403},
		{"the name without the port", remote.key, "localhost", "", 403},
		{"another port", remote.key, "localhost:1", "", 403},
		{"a page of another site", remote.key, host, "Origin", 403},
		{"a page of ours", remote.key, host, "Sec-Fetch-Site", 403},
	}
	for _, tt := range tests {
		for _, path := range []string{"/link/state", "/link/nothing"} {
			t.Run(tt.name+path, func(t *testing.T) {
				req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+path, nil)
				if err != nil {
					t.Fatal(err)
				}
				req.Host = tt.host
				req.Header.Set(KeyHeader, tt.key)
				if tt.header != "" {
					req.Header.Set(tt.header, "same-origin")
				}
				resp, err := remote.http.Do(req)
				if err != nil {
					t.Fatal(err)
				}
				body, _ := io.ReadAll(resp.Body)
				_ = resp.Body.Close()
				want := tt.status
				if want == 200 && path == "/link/nothing" {
					want = 404
				}
				if resp.StatusCode != want {
					t.Errorf("answered %d, want %d: %s", resp.StatusCode, want, body)
				}
				if allow := resp.Header.Get("Access-Control-Allow-Origin"); allow != "" {
					t.Errorf("a page may read it: %s", allow)
				}
				if want == 403 && strings.Contains(string(body), "1.2.3") {
					t.Errorf("a stranger is told %s", body)
				}
			})
		}
	}
}

func TestARunningLinkThatIsGone(t *testing.T) {
	server := httptest.NewServer(nil)
	port := portOf(t, server.URL)
	server.Close()
	remote := NewRemote(port, key)
	_, err := remote.State(t.Context())
	if kindOf(err) != NotRunning || strings.Contains(err.Error(), remote.key) {
		t.Errorf("error %v", err)
	}
	if _, err := remote.Subscribe(t.Context()); kindOf(err) != NotRunning {
		t.Errorf("error %v", err)
	}
}

// The key is not sent to whoever took the port of a program that is stopping.
func TestTheKeyIsNotSentToAStranger(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { t.Errorf("it was sent %s %v", r.URL, r.Header) }))
	defer server.Close()
	for name, served := range map[string]func(context.Context) (bool, error){
		"another user's":     func(context.Context) (bool, error) { return false, nil },
		"nobody knows whose": func(context.Context) (bool, error) { return true, errors.New("hidden") },
	} {
		remote := NewRemote(portOf(t, server.URL), key)
		defer remote.Close()
		remote.served = served
		_, err := remote.State(t.Context())
		_, subscribed := remote.Subscribe(t.Context())
		for _, err := range []error{err, subscribed} {
			if kindOf(err) != NotRunning || !strings.Contains(err.Error(), "not this user's") {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}
