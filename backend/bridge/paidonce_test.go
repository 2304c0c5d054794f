package bridge_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/BlockRunAI/clawrouter-codex/backend/bridge"
	"github.com/BlockRunAI/clawrouter-codex/backend/proxy"
)

// A user who goes back and asks the same once more has begun another turn.
func TestAnotherTurnOfTheUserIsAskedAnew(t *testing.T) {
	p := newPaid(t, saidHello)
	url := bridgeFor(t, p)
	close(p.released)
	for _, turn := range []string{"one", "one", "two"} {
		headers := append([]string{"X-Codex-Turn-Metadata", `{"turn_id":"` + turn + `"}`}, codexHeaders...)
		io.Copy(io.Discard, post(t, t.Context(), url, threadTurn, headers...).Body)
	}
	if n := p.calls.Load(); n != 2 {
		t.Errorf("paid %d times for two turns, one of which came twice", n)
	}
}

// However many answers are kept already, a turn that is under way is joined, and
// the latest answers are the ones that are there.
func TestManyTurnsBeforeItMakeNoTurnPayTwice(t *testing.T) {
	p := newPaid(t, saidHello)
	url := bridgeFor(t, p)
	close(p.released)
	turn := func(n int) {
		io.Copy(io.Discard, post(t, t.Context(), url, strings.Replace(threadTurn, "hi", fmt.Sprint("question ", n), 1), codexHeaders...).Body)
		select {
		case <-p.arrived:
		default:
		}
	}
	const many = 140
	for n := range many {
		turn(n)
	}
	before := p.calls.Load()
	for n := many - 10; n < many; n++ {
		turn(n)
	}
	if n := p.calls.Load() - before; n != 0 {
		t.Errorf("%d of the latest ten were paid twice", n)
	}
}

// gate is an upstream whose answers a test gives.
type gate struct {
	claw atomic.Bool
	chat func(n int, body string) (*http.Response, error)

	mu     sync.Mutex // protects bodies
	bodies []string
}

func (g *gate) Chat(_ context.Context, body []byte, _ http.Header) (*http.Response, error) {
	g.mu.Lock()
	g.bodies = append(g.bodies, string(body))
	n := len(g.bodies)
	g.mu.Unlock()
	return g.chat(n, string(body))
}
func (g *gate) Models(context.Context) ([]byte, error) { return nil, io.EOF }
func (g *gate) ClawRouter(context.Context) bool        { return g.claw.Load() }

func (g *gate) sent() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]string(nil), g.bodies...)
}

func answer(status int, body string) (*http.Response, error) {
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}, nil
}

// A turn that began when nobody answered was made for a server that costs nothing.
// It is not sent on to a ClawRouter that came up meanwhile: nothing would have been
// reserved for it.
func TestATurnOfAnotherServerIsNotSentToAClawRouter(t *testing.T) {
	book := ledger(t)
	if err := book.SetCap(1); err != nil {
		t.Fatal(err)
	}
	g := &gate{}
	g.chat = func(n int, _ string) (*http.Response, error) {
		if n == 1 {
			g.claw.Store(true)
			return nil, &proxy.SendError{Op: "POST", Err: errors.New("connection refused")}
		}
		return answer(http.StatusOK, saidHello)
	}
	url := bridgeFor(t, g, func(c *bridge.Config) { c.Book = book })
	resp := post(t, t.Context(), url, paidTurn, codexHeaders...)
	if code, message := errorOf(t, resp); code != "rate_limit_exceeded" || !strings.Contains(message, "ClawRouter") {
		t.Errorf("%s %q", code, message)
	}
	if n := len(g.sent()); n != 1 {
		t.Errorf("sent %d times", n)
	}
	resp = post(t, t.Context(), url, paidTurn, codexHeaders...)
	if body, _ := io.ReadAll(resp.Body); !strings.Contains(string(body), "clawrouter-codex cap") {
		t.Errorf("the turn that came again: %s", body)
	}
	if n := len(g.sent()); n != 1 {
		t.Errorf("over the cap, sent %d times", n)
	}
}

// After a lost connection every further request is the same to the byte, also where
// an attempt between them reached nobody: the first may have been paid.
func TestNothingVariesAfterALostAnswer(t *testing.T) {
	g := &gate{}
	g.claw.Store(true)
	g.chat = func(n int, _ string) (*http.Response, error) {
		switch n {
		case 1:
			return nil, &proxy.SendError{Op: "POST", Sent: true, Err: io.ErrUnexpectedEOF}
		case 2:
			return nil, &proxy.SendError{Op: "POST", Err: errors.New("connection refused")}
		}
		return answer(http.StatusOK, saidHello)
	}
	url := bridgeFor(t, g)
	if got := deltas(events(t, post(t, t.Context(), url, threadTurn, codexHeaders...))); got != "Hello" {
		t.Errorf("text %q", got)
	}
	sent := g.sent()
	if len(sent) != 3 || sent[1] != sent[0] || sent[2] != sent[0] {
		t.Errorf("sent %q", sent)
	}
}

// A client that went away and came again waits for the call of its first attempt.
// When that is lost, what may have been paid is asked for with the same bytes, and
// nothing is asked for on behalf of the attempt that nobody waits for.
func TestALostAnswerIsAskedForByWhoWaitsOnly(t *testing.T) {
	for name, failed := range map[string]func() (*http.Response, error){
		"lost": func() (*http.Response, error) {
			return nil, &proxy.SendError{Op: "POST", Sent: true, Err: io.ErrUnexpectedEOF}
		},
		"refused": func() (*http.Response, error) { return answer(http.StatusInternalServerError, `{"error":"no"}`) },
	} {
		t.Run(name, func(t *testing.T) {
			arrived, release := make(chan struct{}), make(chan struct{})
			g := &gate{}
			g.claw.Store(true)
			g.chat = func(n int, _ string) (*http.Response, error) {
				if n > 1 {
					return answer(http.StatusOK, saidHello)
				}
				close(arrived)
				<-release
				return failed()
			}
			gone := make(chan struct{})
			url := bridgeFor(t, g, func(c *bridge.Config) { c.KeepAlive = 1 }) // the stream begins at once
			ctx, leave := context.WithCancel(t.Context())
			first := post(t, ctx, url, threadTurn, codexHeaders...)
			go func() { io.Copy(io.Discard, first.Body); close(gone) }()
			<-arrived
			leave()
			<-gone
			again := post(t, t.Context(), url, threadTurn, codexHeaders...) // its answer has begun
			close(release)
			if got := deltas(events(t, again)); got != "Hello" {
				t.Errorf("text %q", got)
			}
			sent := g.sent()
			if len(sent) != 2 {
				t.Errorf("sent %d times", len(sent))
			}
			if name == "lost" && sent[len(sent)-1] != sent[0] {
				t.Errorf("what may have been paid is asked for with other bytes: %q", sent)
			}
		})
	}
}
