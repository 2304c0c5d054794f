package link

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/backend/clawsim"
	"github.com/BlockRunAI/clawrouter-codex/backend/models"
	"github.com/BlockRunAI/clawrouter-codex/backend/proxy"
	"github.com/BlockRunAI/clawrouter-codex/backend/spend"
)

// purse is a ClawRouter in memory, so that time can be made to pass, and what is
// asked of it.
type purse struct {
	sim  *clawsim.Sim
	asks atomic.Int32 // for the balance
	gone atomic.Bool  // it does not answer
}

func (p *purse) RoundTrip(r *http.Request) (*http.Response, error) {
	if p.gone.Load() {
		return nil, context.DeadlineExceeded
	}
	if r.URL.Path == "/health" && r.URL.Query().Get("full") != "" {
		p.asks.Add(1)
	}
	w := httptest.NewRecorder()
	p.sim.Handler().ServeHTTP(w, r)
	return w.Result(), nil
}

// rest is a link whose balance is kept, with a wallet and a ledger.
type rest struct {
	*purse
	t      *testing.T
	client *proxy.Client
	book   *spend.Book
	local  *Local
	turns  int
}

func newRest(t *testing.T) *rest {
	t.Helper()
	u := &user{t: t, home: t.TempDir()}
	u.load()
	r := &rest{t: t, purse: &purse{sim: clawsim.New(clawsim.Options{Balance: "10"})}}
	t.Cleanup(r.sim.Close)
	var err error
	if r.client, err = proxy.NewClient("http://127.0.0.1:8404", proxy.ClientOptions{Transport: r.purse}); err != nil {
		t.Fatal(err)
	}
	if r.book, err = spend.Open(spend.Options{Folder: spend.Disk(u.settings.Paths.Spend()), Prices: models.Snapshot()}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.book.Close(context.Background()) })
	r.local = NewLocal(Options{Settings: u.settings, Client: r.client, Book: r.book, Bridge: Bridge{Port: 8403}})
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); r.local.keepBalance(ctx) }()
	sub := r.book.Subscribe()
	go func() { // as Run does
		for {
			select {
			case <-sub.C:
				signal(r.local.booked)
			case <-ctx.Done():
				return
			}
		}
	}()
	t.Cleanup(func() { stop(); <-done; sub.Close() })
	return r
}

// turn pays for one call, as the bridge would.
func (r *rest) turn() {
	r.t.Helper()
	// Each is another one: ClawRouter answers the same question twice with one call.
	r.turns++
	body := fmt.Appendf(nil, `{"model":"openai/gpt-5.5","max_tokens":8192,"messages":[{"role":"user","content":"turn %d"}]}`, r.turns)
	hold, err := r.book.Reserve(spend.Request{Model: "openai/gpt-5.5", InputBytes: len(body), MaxTokens: 8192, ClawRouter: true})
	if err != nil {
		r.t.Fatal(err)
	}
	resp, err := r.client.Chat(r.t.Context(), body, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	_ = resp.Body.Close()
	hold.Book(spend.Outcome{Used: "openai/gpt-5.5", In: 10, Out: 10, Outcome: spend.OutcomeOK})
	signal(r.local.turns)
}

// pass lets time go by.
func (r *rest) pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// The wallet is read when it is at rest, and what it lost beside the ledger shows.
func TestWalletIsComparedAtRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRest(t)
		r.pass(time.Minute) // the first reading, to compare with
		for range 3 {
			r.turn()
			r.pass(10 * time.Second)
		}
		if s := r.book.Status(); s.Unexplained != 0 {
			t.Errorf("while turns run, %s is unexplained", s.Unexplained)
		}
		r.pass(time.Minute)
		s := r.book.Status()
		if s.Today == 0 || s.Balance == nil || s.Unexplained > cent || s.Unexplained < -cent {
			t.Errorf("all of it is explained: %+v", s)
		}

		// Somebody else pays from the same wallet, or ClawRouter does by itself.
		left := *s.Balance - 3*spend.Dollar
		if err := r.sim.SetBalance(left.String()[1:]); err != nil {
			t.Fatal(err)
		}
		r.turn()
		r.pass(time.Minute)
		if s := r.book.Status(); s.Unexplained < 3*spend.Dollar-2*cent || s.Unexplained > 3*spend.Dollar+2*cent {
			t.Errorf("%s is unexplained", s.Unexplained)
		}
	})
}

const cent = spend.Dollar / 100

// An idle machine is not woken; who looks after hours sees the balance of now.
func TestBalanceIsNotAskedBecauseTimeGoesBy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRest(t)
		r.turn()
		r.pass(2 * time.Minute)
		asks := r.asks.Load()
		if asks == 0 || asks > 3 {
			t.Errorf("one turn made us ask %d times", asks)
		}
		r.pass(72 * time.Hour)
		if n := r.asks.Load() - asks; n != 0 {
			t.Errorf("asked %d times in three idle days", n)
		}
		if err := r.sim.SetBalance("25"); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		if _, err := r.local.Subscribe(ctx); err != nil {
			t.Fatal(err)
		}
		r.pass(time.Second)
		if s := r.book.Status(); s.Balance == nil || *s.Balance != 25*spend.Dollar {
			t.Errorf("%+v", s)
		}
	})
}

// A ClawRouter that does not answer is asked again when there is a reason to.
func TestReadingThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRest(t)
		r.pass(time.Minute)
		r.turn()
		r.gone.Store(true)
		r.pass(24 * time.Hour)
		if s := r.book.Status(); s.Unexplained != 0 {
			t.Errorf("%+v", s)
		}
		r.gone.Store(false)
		asks := r.asks.Load()
		signal(r.local.turns) // it is ready again
		r.pass(time.Second)
		if r.asks.Load() == asks {
			t.Error("nobody asked")
		}
		if _, due := r.book.ReadingDue(); due {
			t.Error("that reading did not count")
		}
	})
}
