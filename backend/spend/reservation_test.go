package spend

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// What a call costs, by what is known of its end. The turn is on 10,000 tokens
// in and up to 1000 out.
func TestCost(t *testing.T) {
	const (
		gpt   Micros = 25_000 + 15_000 + 1000
		flash Micros = 3000 + 2500 + 1000
		auto  Micros = 50_000 + 30_000 + 1000
	)
	tests := []struct {
		name    string
		asked   string
		change  func(*Request)
		outcome Outcome
		cost    Micros
		basis   Basis
	}{
		{"the quote of what answered", "openai/gpt-5.4", nil, Outcome{Used: "openai/gpt-5.4", In: 3, Out: 4}, gpt, BasisQuote},
		{"a failure after the call was sent may have been paid", "openai/gpt-5.4", nil, Outcome{Outcome: "server"}, gpt, BasisQuote},
		{"a 402 was not paid", "openai/gpt-5.4", nil, Outcome{Unpaid: true}, 0, BasisUnpaid},
		{"a profile costs what it routed to", "blockrun/auto", nil, Outcome{Used: "google/gemini-2.5-flash"}, flash, BasisQuote},
		{"a profile that nobody answered for costs what was held", "blockrun/auto", nil, Outcome{Outcome: "hang-up"}, auto, BasisReservation},
		{"a profile that routed to a new model: its family's dearest", "blockrun/auto", nil, Outcome{Used: "google/gemini-9-nano"}, flash, BasisUnlisted},
		{"but not more than was held", "blockrun/auto", nil, Outcome{Used: "openai/gpt-9-pro"}, auto, BasisUnlisted},
		{"a free model in place of a paid one", "openai/gpt-5.4", nil, Outcome{Used: "free/gpt-oss-120b"}, 0, BasisFree},
		{"a free model", "free/gpt-oss-120b", nil, Outcome{Used: "free/gpt-oss-120b"}, 0, BasisFree},
		{"a free model under its host's name", "free/gpt-oss-120b", nil, Outcome{Used: "nvidia/gpt-oss-120b"}, 0, BasisFree},
		{"a free model that failed", "free/gpt-oss-120b", nil, Outcome{Outcome: "server"}, 0, BasisFree},
		{"a paid model in place of a free one", "free/gpt-oss-120b", nil, Outcome{Used: "google/gemini-2.5-flash"}, flash, BasisQuote},
		{"an explicit model under another name costs what was asked for", "openai/gpt-5.4", nil, Outcome{Used: "gpt-5.4-2026-01-01"}, gpt, BasisQuote},
		{"a model that is on no list", "openai/gpt-7", nil, Outcome{Used: "openai/gpt-7"}, 50_000 + 30_000 + 1000, BasisUnlisted},
		{"a price that upstream named", "openai/gpt-5.4", nil, Outcome{Used: "openai/gpt-5.4", Upstream: 77}, 77, BasisUpstream},
		{"a search", "blockrun-exa", func(q *Request) { q.Kind, q.Price = KindSearch, SearchPrice }, Outcome{}, SearchPrice, BasisFlat},
		{"another upstream is not paid from here", "openai/gpt-5.4", func(q *Request) { q.ClawRouter = false }, Outcome{Used: "openai/gpt-5.4"}, 0, BasisElsewhere},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := openDesk(t, nil)
			q := turn(tt.asked)
			if tt.change != nil {
				tt.change(&q)
			}
			r, err := d.Reserve(q)
			if err != nil {
				t.Fatal(err)
			}
			e := r.Book(tt.outcome)
			if e.Cost != tt.cost || e.Basis != tt.basis {
				t.Errorf("%v by %s, want %v by %s", e.Cost, e.Basis, tt.cost, tt.basis)
			}
			if e.Estimate != (tt.cost > 0 && tt.basis != BasisUpstream) {
				t.Errorf("marked as an estimate: %v", e.Estimate)
			}
			if s := d.Status(); s.Today != tt.cost || s.Reserved != 0 || s.UnderWay != 0 {
				t.Errorf("today %v, reserved %v, %d under way", s.Today, s.Reserved, s.UnderWay)
			}
		})
	}
}

func TestRefusalSaysWhatToDo(t *testing.T) {
	d := openDesk(t, nil)
	d.setCap(100_000)
	d.spendOn("openai/gpt-5.4", "openai/gpt-5.4")
	under, err := d.Reserve(turn("openai/gpt-5.4"))
	if err != nil {
		t.Fatal(err)
	}
	no := d.refused(turn("blockrun/auto"))
	want := &Refusal{Model: "blockrun/auto", Cap: 100_000, Spent: 41_000, Reserved: 41_000, Needed: 81_000}
	if diff := cmp.Diff(want, no); diff != "" {
		t.Error(diff)
	}
	words := "The daily cap of $0.10 stops this turn: $0.04 is spent today and $0.04 is held for turns under way, " +
		"and a turn on blockrun/auto may cost up to $0.08. To raise the cap, run: clawrouter-codex cap 1. Free models (free/…) still work."
	if no.Error() != words {
		t.Errorf("says\n%s\nwant\n%s", no, words)
	}
	under.Release("not sent")
	if err := d.SetPaused(true); err != nil {
		t.Fatal(err)
	}
	words = "Paid turns are paused. To go on, run: clawrouter-codex resume. Free models (free/…) still work."
	if no := d.refused(turn("openai/gpt-5.4")); no.Error() != words {
		t.Errorf("says\n%s\nwant\n%s", no, words)
	}
}

// The limit that a refusal names lets the refused turn pass.
func TestSuggestedLimitIsEnough(t *testing.T) {
	d := openDesk(t, nil)
	d.setCap(10_000)
	for range 5 {
		no := d.refused(turn("premium"))
		d.setCap(Micros(no.enough()) * Dollar)
		d.spendOn("premium", "anthropic/claude-fable-5")
		d.setCap(d.Status().Today)
	}
}

func TestWhatIsNeverRefused(t *testing.T) {
	tests := map[string]func(*desk){
		"over the cap": func(d *desk) { d.setCap(0) },
		"paused":       func(d *desk) { _ = d.SetPaused(true) },
	}
	for name, stop := range tests {
		t.Run(name, func(t *testing.T) {
			d := openDesk(t, nil)
			stop(d)
			d.refused(turn("openai/gpt-5.4"))
			d.refused(turn("blockrun/auto"))
			d.refused(Request{Kind: KindSearch, Model: "blockrun-exa", Price: SearchPrice, ClawRouter: true})
			d.spendOn("free/gpt-oss-120b", "free/gpt-oss-120b")
			elsewhere := turn("openai/gpt-5.4")
			elsewhere.ClawRouter = false
			if _, err := d.Reserve(elsewhere); err != nil {
				t.Errorf("another upstream: %v", err)
			}
		})
	}
}

func TestCapIsExact(t *testing.T) {
	d := openDesk(t, nil)
	d.setCap(2 * 41_000)
	d.spendOn("openai/gpt-5.4", "openai/gpt-5.4")
	d.spendOn("openai/gpt-5.4", "openai/gpt-5.4")
	d.refused(turn("openai/gpt-5.4"))
	if err := d.RemoveCap(); err != nil {
		t.Fatal(err)
	}
	d.spendOn("openai/gpt-5.4", "openai/gpt-5.4")
}

func TestOnlyTheFirstEndCounts(t *testing.T) {
	d := openDesk(t, nil)
	r, err := d.Reserve(turn("openai/gpt-5.4"))
	if err != nil {
		t.Fatal(err)
	}
	first := r.Book(Outcome{Used: "openai/gpt-5.4", Outcome: OutcomeOK})
	again := r.Book(Outcome{Used: "anthropic/claude-fable-5", Outcome: "other"})
	r.Release("late")
	if diff := cmp.Diff(first, again); diff != "" {
		t.Errorf("the second Book says something else:\n%s", diff)
	}
	released, err := d.Reserve(turn("openai/gpt-5.4"))
	if err != nil {
		t.Fatal(err)
	}
	released.Release("upstream could not be reached")
	released.Book(Outcome{Used: "openai/gpt-5.4"})
	d.sync()
	if got := d.ledger("2026-11-22"); len(got) != 1 || got[0].Cost != 41_000 {
		t.Errorf("the ledger has %v", got)
	}
	if s := d.Status(); s.Today != 41_000 || s.Reserved != 0 || s.Turns != 1 {
		t.Errorf("status %+v", s)
	}
}

func TestPricesOfAnOpenReservationStay(t *testing.T) {
	d := openDesk(t, nil)
	r, err := d.Reserve(turn("openai/gpt-5.4"))
	if err != nil {
		t.Fatal(err)
	}
	d.Quote("auto", 10_000, 1000)
	dearer, err := priceList(t).Update([]byte(`{"data":[{"id":"openai/gpt-5.4","pricing":{"input":100,"output":100}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	d.SetPrices(dearer)
	if e := r.Book(Outcome{Used: "openai/gpt-5.4"}); e.Cost != 41_000 {
		t.Errorf("booked %v, reserved 41000", e.Cost)
	}
	if got, want := d.Quote("openai/gpt-5.4", 10_000, 1000), Micros(1_101_000); got != want {
		t.Errorf("a new turn is quoted at %v, want %v", got, want)
	}
	if got, want := d.Quote("auto", 10_000, 1000), Micros(1_101_000); got != want {
		t.Errorf("a new turn on auto is quoted at %v, want %v", got, want)
	}
}

func TestCloseBooksWhatIsUnderWay(t *testing.T) {
	d := openDesk(t, nil)
	paid, err := d.Reserve(turn("openai/gpt-5.4"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Reserve(turn("free/gpt-oss-120b")); err != nil {
		t.Fatal(err)
	}
	if err := d.close(); err != nil {
		t.Fatal(err)
	}
	paid.Book(Outcome{Used: "openai/gpt-5.4"})
	if _, err := d.Reserve(turn("openai/gpt-5.4")); !errors.Is(err, ErrClosed) {
		t.Errorf("Reserve after Close: %v", err)
	}
	got := d.ledger("2026-11-22")
	if len(got) != 2 || sum(got) != 41_000 || got[0].Outcome != OutcomeInterrupted {
		t.Errorf("the ledger has %+v", got)
	}
	if s := d.reopen().Status(); s.Today != 41_000 {
		t.Errorf("today %v after a restart", s.Today)
	}
}

// A figure that is out of its mind must not become a small one.
func TestAbsurdFiguresAreDear(t *testing.T) {
	d := openDesk(t, nil)
	d.setCap(10 * Dollar)
	d.spendOn("openai/gpt-5.4", "openai/gpt-5.4")
	for name, change := range map[string]func(*Request){
		"price":      func(q *Request) { q.Price = math.MaxInt64 },
		"input":      func(q *Request) { q.InputTokens = math.MaxInt },
		"bytes":      func(q *Request) { q.InputTokens, q.InputBytes = 0, math.MaxInt },
		"max_tokens": func(q *Request) { q.MaxTokens = math.MaxInt },
	} {
		q := turn("openai/gpt-5.4")
		change(&q)
		if no := d.refused(q); no.Needed < 10*Dollar || no.enough() <= 10 {
			t.Errorf("%s: refused for %v, enough would be %d", name, no.Needed, no.enough())
		}
	}
	if err := d.RemoveCap(); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		r, err := d.Reserve(turn("openai/gpt-5.4"))
		if err != nil {
			t.Fatal(err)
		}
		r.Book(Outcome{Used: "openai/gpt-5.4", Upstream: math.MaxInt64, In: math.MaxInt, Out: -5, Total: -1})
	}
	if s := d.Status(); s.Today != 3*mostPrice+41_000 || d.Days(1)[0].Models[0].In < 0 {
		t.Errorf("today %v, %+v", s.Today, d.Days(1))
	}
	if s := d.reopen().Status(); s.Today != 3*mostPrice+41_000 || s.Problems != nil {
		t.Errorf("after a restart %+v", s)
	}
}

func TestLongTextsAreCut(t *testing.T) {
	d := openDesk(t, nil)
	long := strings.Repeat("\x00", 1<<20)
	q := Request{Thread: long, TurnID: long, Model: long, ClawRouter: true, InputTokens: 1, MaxTokens: 1}
	r, err := d.Reserve(q)
	if err != nil {
		t.Fatal(err)
	}
	r.Book(Outcome{Used: long, Outcome: long, Finish: long, Total: time.Second})
	d.sync()
	if n := len(d.folder.text("2026-11-22.jsonl")); n > 6000 {
		t.Errorf("a line of %d bytes", n)
	}
	if len(d.ledger("2026-11-22")) != 1 {
		t.Error("it cannot be read back")
	}
}
