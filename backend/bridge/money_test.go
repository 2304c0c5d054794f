package bridge_test

import (
	"context"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/backend/bridge"
	"github.com/BlockRunAI/clawrouter-codex/backend/models"
	"github.com/BlockRunAI/clawrouter-codex/backend/spend"
)

func ledger(t *testing.T) *spend.Book {
	t.Helper()
	book, err := spend.Open(spend.Options{Folder: spend.Disk(t.TempDir()), Prices: models.Snapshot()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := book.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return book
}

const paidTurn = `{"model":"anthropic/claude-opus-5","stream":true,"input":[{"role":"user","content":"hi"}]}`

func TestTurnsAreBooked(t *testing.T) {
	book := ledger(t)
	p := newPaid(t, `{"model":"anthropic/claude-opus-5","choices":[{"message":{"content":"Hello"},"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":3}}`)
	close(p.released)
	url := bridgeFor(t, p, func(c *bridge.Config) { c.Book = book })
	io.Copy(io.Discard, post(t, t.Context(), url, paidTurn, "Originator", "codex_exec", "Thread-Id", "t1", "X-Codex-Turn-Metadata", `{"turn_id":"u1"}`).Body)
	recent := book.Recent(1)
	if len(recent) != 1 {
		t.Fatal("nothing was booked")
	}
	e := recent[0]
	if e.Thread != "t1" || e.Turn != "u1" || e.Asked != "anthropic/claude-opus-5" || e.In != 9 || e.Out != 3 || e.Outcome != spend.OutcomeOK || e.Finish != "stop" {
		t.Errorf("%+v", e)
	}
	if s := book.Status(); s.Today == 0 || s.Reserved != 0 {
		t.Errorf("today %v, reserved %v", s.Today, s.Reserved)
	}
}

func TestOverTheCapNothingIsSent(t *testing.T) {
	book := ledger(t)
	if err := book.SetCap(1); err != nil {
		t.Fatal(err)
	}
	p := newPaid(t, saidHello)
	close(p.released)
	url := bridgeFor(t, p, func(c *bridge.Config) { c.Book = book })
	resp := post(t, t.Context(), url, paidTurn)
	code, message := errorOf(t, resp)
	if resp.StatusCode != 400 || code != "invalid_prompt" || !strings.Contains(message, "clawrouter-codex cap") {
		t.Errorf("%d %s %q", resp.StatusCode, code, message)
	}
	if n := p.calls.Load(); n != 0 {
		t.Errorf("paid %d times", n)
	}
	free := strings.Replace(paidTurn, "anthropic/claude-opus-5", "free/gpt-oss-120b", 1)
	if got := deltas(events(t, post(t, t.Context(), url, free))); got != "Hello" {
		t.Errorf("a free model does not work: %q", got)
	}
}

// What may have been paid is booked, and nothing stays reserved for ever.
func TestEveryEndSettlesItsReservation(t *testing.T) {
	for name, answer := range map[string]string{
		"an answer": saidHello, "a refusal": "!no", "garbage": "<html>", "nothing": `{"choices":[{"message":{"content":""},"finish_reason":"stop"}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			book := ledger(t)
			p := newPaid(t, answer)
			close(p.released)
			url := bridgeFor(t, p, func(c *bridge.Config) { c.Book = book })
			io.Copy(io.Discard, post(t, t.Context(), url, paidTurn, codexHeaders...).Body)
			if s := book.Status(); s.Reserved != 0 || len(book.Recent(10)) != int(p.calls.Load()) {
				t.Errorf("reserved %v, %d calls, %d booked", s.Reserved, p.calls.Load(), len(book.Recent(10)))
			}
		})
	}
}

// However many ask at once, what is reserved and spent stays under the cap.
func TestCapHoldsAcrossConcurrentTurns(t *testing.T) {
	book := ledger(t)
	if err := book.SetCap(spend.Dollar); err != nil {
		t.Fatal(err)
	}
	p := newPaid(t, saidHello)
	p.arrived = make(chan struct{}, 64)
	url := bridgeFor(t, p, func(c *bridge.Config) { c.Book, c.KeepAlive = book, time.Hour })
	var all sync.WaitGroup
	for range 64 {
		all.Go(func() {
			resp := post(t, t.Context(), url, strings.Replace(paidTurn, "anthropic/claude-opus-5", "blockrun/auto", 1))
			io.Copy(io.Discard, resp.Body)
		})
	}
	close(p.released)
	all.Wait()
	if s := book.Status(); s.Today > spend.Dollar || s.Today == 0 {
		t.Errorf("spent %v with a cap of $1", s.Today)
	}
}
