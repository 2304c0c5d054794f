package proxy

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// neighbour is a server whose kind can change, as when another program is
// started on the port.
type neighbour struct {
	claw  atomic.Bool
	looks atomic.Int32
	first chan struct{} // when set, closed at the first look
	slow  chan struct{} // when set, /health waits for it
}

func (n *neighbour) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/health" {
		io.WriteString(w, "{}")
		return
	}
	if n.looks.Add(1) == 1 && n.first != nil {
		close(n.first)
	}
	if n.slow != nil {
		select {
		case <-n.slow:
		case <-r.Context().Done():
		}
	}
	if !n.claw.Load() {
		http.NotFound(w, r)
		return
	}
	io.WriteString(w, `{"status":"ok","wallet":"`+aliceAddress+`","paymentChain":"base"}`)
}

func listenAt(t *testing.T, addr string, h http.Handler) *httptest.Server {
	t.Helper()
	l, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	s := &httptest.Server{Listener: l, Config: &http.Server{Handler: h}}
	s.Start()
	return s
}

func TestIdentityIsRememberedWhileConnected(t *testing.T) {
	eachCarrier(t, testIdentityIsRememberedWhileConnected)
}

func testIdentityIsRememberedWhileConnected(t *testing.T, newClient clientMaker) {
	n := &neighbour{}
	n.claw.Store(true)
	s := serve(t, n.ServeHTTP)
	c := newClient(t, s.URL, ClientOptions{})
	for range 5 {
		if !c.ClawRouter(t.Context()) {
			t.Fatal("a ClawRouter was not recognised")
		}
	}
	if got := n.looks.Load(); got != 1 {
		t.Errorf("asked %d times, want once", got)
	}
	c.Close() // the last connection: nothing proves any more who is there
	n.claw.Store(false)
	if c.ClawRouter(t.Context()) {
		t.Error("after a reconnect the old answer stands")
	}
}

func TestIdentityFollowsAnotherServerOnThePort(t *testing.T) {
	eachCarrier(t, testIdentityFollowsAnotherServerOnThePort)
}

func testIdentityFollowsAnotherServerOnThePort(t *testing.T, newClient clientMaker) {
	n := &neighbour{}
	s := listenAt(t, "127.0.0.1:0", n)
	addr := s.Listener.Addr().String()
	c := newClient(t, "http://"+addr+"/v1", ClientOptions{})
	if c.ClawRouter(t.Context()) {
		t.Fatal("taken for a ClawRouter")
	}
	s.CloseClientConnections()
	s.Close()
	if _, err := c.Chat(t.Context(), []byte("{}"), nil); err == nil {
		t.Fatal("chat with a dead server went well")
	}
	if c.ClawRouter(t.Context()) {
		t.Error("with nobody there, the last answer should stand")
	}
	claw := &neighbour{}
	claw.claw.Store(true)
	s = listenAt(t, addr, claw)
	defer s.Close()
	if !c.ClawRouter(t.Context()) {
		t.Error("the ClawRouter that came was not recognised")
	}
}

// A restart between two turns makes no call fail; the broken connection tells.
func TestIdentityFollowsAQuietRestart(t *testing.T) { eachCarrier(t, testIdentityFollowsAQuietRestart) }

func testIdentityFollowsAQuietRestart(t *testing.T, newClient clientMaker) {
	n := &neighbour{}
	s := listenAt(t, "127.0.0.1:0", n)
	addr := s.Listener.Addr().String()
	c := newClient(t, "http://"+addr, ClientOptions{})
	if c.ClawRouter(t.Context()) {
		t.Fatal("taken for a ClawRouter")
	}
	s.CloseClientConnections()
	s.Close()
	for c.conns.open.Load() > 0 {
		c.carry.look()
		time.Sleep(time.Millisecond) // net/http's transport notices in its own time
	}
	claw := &neighbour{}
	claw.claw.Store(true)
	s = listenAt(t, addr, claw)
	defer s.Close()
	if !c.ClawRouter(t.Context()) {
		t.Error("the ClawRouter that came was not recognised")
	}
}

// Of a server that goes, the connections go one after the other: the one that is left
// says nothing of who answers on the next.
func TestIdentityIsDoubtedByOneBrokenConnection(t *testing.T) {
	eachCarrier(t, testIdentityIsDoubtedByOneBrokenConnection)
}

func testIdentityIsDoubtedByOneBrokenConnection(t *testing.T, newClient clientMaker) {
	type key struct{}
	n, slow, conns := &neighbour{}, make(chan struct{}), make(chan net.Conn, 2)
	n.claw.Store(true)
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			conns <- r.Context().Value(key{}).(net.Conn)
		}
		if r.Header.Get("X-Session-Id") == "slow" {
			<-slow
		}
		n.ServeHTTP(w, r)
	}))
	s.Config.ConnContext = func(ctx context.Context, c net.Conn) context.Context { return context.WithValue(ctx, key{}, c) }
	s.Start()
	defer s.Close()
	c := newClient(t, s.URL, ClientOptions{})
	chat := func(session string) {
		resp, err := c.Chat(t.Context(), []byte("{}"), http.Header{"X-Session-Id": {session}})
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
	}
	var wg sync.WaitGroup
	wg.Go(func() { chat("slow") }) // so that its connection is the one used last
	<-conns
	chat("quick")
	quick := <-conns
	close(slow)
	wg.Wait()
	if !c.ClawRouter(t.Context()) || n.looks.Load() != 1 || c.conns.open.Load() != 2 {
		t.Fatalf("asked %d times, with %d connections", n.looks.Load(), c.conns.open.Load())
	}
	_ = quick.Close()
	for c.conns.broken.Load() == 0 {
		c.carry.look()
		time.Sleep(time.Millisecond) // net/http's transport notices in its own time
	}
	if !c.ClawRouter(t.Context()) || n.looks.Load() != 2 {
		t.Errorf("asked %d times, want twice", n.looks.Load())
	}
}

// LiteLLM's /health costs money: a server that is not ClawRouter is not asked
// at each turn only because its idle connections are closed in between.
func TestStrangerIsLeftAlone(t *testing.T) {
	n := &neighbour{}
	s := serve(t, n.ServeHTTP)
	now := time.Now()
	c := newClient(t, s.URL, ClientOptions{Now: func() time.Time { return now }})
	for range 5 {
		c.ClawRouter(t.Context())
		c.Close()
	}
	if got := n.looks.Load(); got != 1 {
		t.Errorf("asked %d times, want once", got)
	}
	now = now.Add(strangerAge)
	c.ClawRouter(t.Context())
	if got := n.looks.Load(); got != 2 {
		t.Errorf("asked %d times after %v, want twice", got, strangerAge)
	}
}

func TestCallersShareOneLook(t *testing.T) {
	n := &neighbour{first: make(chan struct{}), slow: make(chan struct{})}
	n.claw.Store(true)
	s := serve(t, n.ServeHTTP)
	c := newClient(t, s.URL, ClientOptions{})
	var wg sync.WaitGroup
	for range 32 {
		wg.Go(func() {
			if !c.ClawRouter(t.Context()) {
				t.Error("not recognised")
			}
		})
	}
	<-n.first
	close(n.slow)
	wg.Wait()
	// A caller that arrives after the answer finds it remembered.
	if got := n.looks.Load(); got != 1 {
		t.Errorf("asked %d times, want once", got)
	}
}

func TestBusyClawRouterIsNotMistaken(t *testing.T) {
	n := &neighbour{}
	n.claw.Store(true)
	s := serve(t, n.ServeHTTP)
	c := newClient(t, s.URL, ClientOptions{})
	if !c.ClawRouter(t.Context()) {
		t.Fatal("not recognised")
	}
	c.Close()
	n.slow = make(chan struct{})
	defer close(n.slow)
	if !c.ClawRouter(t.Context()) {
		t.Error("a ClawRouter that is busy was taken for another server")
	}
}

func TestIdentifyWithNobodyThere(t *testing.T) {
	s := serve(t, func(http.ResponseWriter, *http.Request) {})
	s.Close()
	_, err := newClient(t, s.URL, ClientOptions{}).Identify(t.Context())
	var se *SendError
	if !errors.As(err, &se) || se.Sent {
		t.Errorf("error = %v, want a SendError", err)
	}
}

// Where the ClawRouter is the one that is started here, nobody is taken for another
// server that costs nothing: not before it first answers, not while it is too busy
// to say who it is, and not because a stranger had the port a moment ago.
func TestPresumedClawRouter(t *testing.T) {
	n := &neighbour{}
	s := listenAt(t, "127.0.0.1:0", n)
	defer s.Close()
	c := newClient(t, s.URL, ClientOptions{Presumed: true})
	if c.ClawRouter(t.Context()) {
		t.Error("a stranger that says so was taken for a ClawRouter")
	}
	c.Close()
	n.claw.Store(true)
	if !c.ClawRouter(t.Context()) {
		t.Error("the ClawRouter after the stranger was not recognised")
	}

	nobody := serve(t, func(http.ResponseWriter, *http.Request) {})
	nobody.Close()
	for presumed := range map[bool]bool{true: true, false: false} {
		if c := newClient(t, nobody.URL, ClientOptions{Presumed: presumed}); c.ClawRouter(t.Context()) != presumed {
			t.Errorf("presumed %v, with nobody there: %v", presumed, !presumed)
		}
	}

	busy := &neighbour{slow: make(chan struct{})}
	defer close(busy.slow)
	if c := newClient(t, serve(t, busy.ServeHTTP).URL, ClientOptions{Presumed: true}); !c.ClawRouter(t.Context()) {
		t.Error("a ClawRouter that is busy at its first look was taken for another server")
	}
}
