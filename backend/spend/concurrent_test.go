package spend

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"
)

// gateway charges as BlockRun's does: before it answers, for four bytes a token
// and all the output allowed, at the price of the model that auto came to.
type gateway struct {
	prices  *Prices
	charged atomic.Int64
	calls   atomic.Int64
}

var autoRoutes = []string{"google/gemini-2.5-flash", "moonshot/kimi-k2.6", "anthropic/claude-opus-5", "openai/gpt-5.5", "openai/gpt-5.4"}

func (g *gateway) answer(bytes, maxTokens int) (used string) {
	used = autoRoutes[rand.IntN(len(autoRoutes))]
	// What ClawRouter adds on its way makes the request a little longer.
	g.charged.Add(int64(g.prices.Quote(used, (bytes+bytes/25+200+3)/4, maxTokens)))
	g.calls.Add(1)
	return used
}

func TestSixtyFourTurnsUnderOneDollar(t *testing.T) {
	const sessions = 64
	d := openDesk(t, nil)
	d.setCap(1 * Dollar)
	g := &gateway{prices: NewPrices(priceList(t))}
	var over, refused atomic.Int64
	for range 30 {
		// All sessions ask before the first one is answered.
		var asked, done sync.WaitGroup
		asked.Add(sessions)
		for session := range sessions {
			done.Go(func() {
				bytes := 1000 + 500*session
				r, err := d.Reserve(Request{Thread: fmt.Sprint(session), Model: "blockrun/auto", InputBytes: bytes, MaxTokens: 1000, ClawRouter: true})
				if s := d.Status(); s.Today+s.Reserved > *s.Cap {
					over.Add(1)
				}
				asked.Done()
				asked.Wait()
				switch {
				case err != nil:
					refused.Add(1)
				case session%7 == 6:
					r.Release("upstream could not be reached")
				default:
					used := g.answer(bytes, r.MaxTokens())
					r.Book(Outcome{Used: used, In: bytes / 5, Out: 30, Outcome: OutcomeOK})
				}
			})
		}
		done.Wait()
	}
	s := d.Status()
	if over.Load() != 0 || s.Today > 1*Dollar || Micros(g.charged.Load()) > 1*Dollar {
		t.Errorf("spent and reserved were over the cap %d times; booked %v, charged %v", over.Load(), s.Today, Micros(g.charged.Load()))
	}
	// The cap is used, not merely kept.
	if s.Today < 900_000 || g.calls.Load() < 20 || refused.Load() == 0 {
		t.Errorf("only %v of the cap was used, by %d calls; %d were refused", s.Today, g.calls.Load(), refused.Load())
	}
	d.sync()
	if got := sum(d.ledger("2026-11-22")); got != s.Today || s.Reserved != 0 {
		t.Errorf("ledger %v, status %v, reserved %v", got, s.Today, s.Reserved)
	}
}

func TestOneEndOfManyCounts(t *testing.T) {
	d := openDesk(t, nil)
	for range 200 {
		r, err := d.Reserve(turn("openai/gpt-5.4"))
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() { r.Book(Outcome{Used: "openai/gpt-5.4", Outcome: OutcomeOK}) })
		}
		wg.Wait()
	}
	d.sync()
	if got := d.ledger("2026-11-22"); len(got) != 200 || sum(got) != 200*41_000 || d.Status().Today != 200*41_000 {
		t.Errorf("%d entries, %v", len(got), sum(got))
	}
}

// Whatever comes in whatever order: a paid call is admitted only under the cap,
// nothing counts twice or not at all, and a restart knows what was spent.
func TestNothingOpensTheCap(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		d := openDeskAt(t, nil, noon)
		m := &model{desk: d}
		defer func() { _ = m.close() }()
		rt.Repeat(map[string]func(*rapid.T){
			// What is listed twice happens twice as often.
			"reserve": m.reserve, "reserve more": m.reserve, "reserve still more": m.reserve,
			"book": m.book, "release": m.release, "cap": m.changeCap, "pause": m.pause,
			"sync": func(*rapid.T) { m.sync() }, "restart": m.restart, "disk": m.breakDisk, "": m.check,
		})
	})
}

// model repeats the rules in a few lines.
type model struct {
	*desk
	open     []*Reservation
	booked   Micros
	reserved Micros
	cap      *Micros
	paused   bool
}

func (m *model) reserve(t *rapid.T) {
	name := rapid.SampledFrom([]string{"openai/gpt-5.4", "blockrun/auto", "premium", "free/x", "acme/new"}).Draw(t, "model")
	q := Request{Model: name, InputTokens: rapid.IntRange(1, 100_000).Draw(t, "in"), MaxTokens: rapid.IntRange(1, 9000).Draw(t, "max"), ClawRouter: true}
	price := m.Quote(name, q.InputTokens, q.MaxTokens)
	allowed := price == 0 || !m.paused && (m.cap == nil || m.booked+m.reserved+price <= *m.cap)
	r, err := m.Reserve(q)
	if (err == nil) != allowed {
		t.Fatalf("%s at %v with %v spent and %v reserved under %v: %v", name, price, m.booked, m.reserved, m.cap, err)
	}
	var no *Refusal
	if err != nil && !errors.As(err, &no) {
		t.Fatal(err)
	}
	if err == nil {
		m.open = append(m.open, r)
		m.reserved += price
	}
}

func (m *model) take(t *rapid.T) *Reservation {
	if len(m.open) == 0 {
		t.Skip("none under way")
	}
	i := rapid.IntRange(0, len(m.open)-1).Draw(t, "which")
	r := m.open[i]
	m.open = append(m.open[:i:i], m.open[i+1:]...)
	m.reserved -= r.Amount()
	return r
}

func (m *model) book(t *rapid.T) {
	r := m.take(t)
	used := rapid.SampledFrom([]string{"", "openai/gpt-5.4", "free/x", "google/gemini-2.5-flash"}).Draw(t, "used")
	if asked := canonical(r.entry.Asked); used == "openai/gpt-5.4" && isFree(asked) {
		used = ""
	}
	e := r.Book(Outcome{Used: used, Outcome: OutcomeOK})
	if e.Cost > r.Amount() && !isFree(e.Asked) {
		t.Fatalf("%s by %s costs %v, %v was reserved", e.Asked, used, e.Cost, r.Amount())
	}
	m.booked += e.Cost
	if r.Book(Outcome{Used: "premium"}) != e {
		t.Fatal("a second Book changed the entry")
	}
}

func (m *model) release(t *rapid.T) { m.take(t).Release("not sent") }

func (m *model) changeCap(t *rapid.T) {
	if rapid.Bool().Draw(t, "off") {
		m.cap = nil
		if err := m.RemoveCap(); err != nil {
			t.Fatal(err)
		}
		return
	}
	// Near what is spent and held, so that it matters.
	limit := max(0, m.booked+m.reserved+Micros(rapid.IntRange(-100_000, 1_000_000).Draw(t, "room")))
	m.cap = &limit
	m.setCap(limit)
}

func (m *model) pause(t *rapid.T) {
	m.paused = !m.paused
	if err := m.SetPaused(m.paused); err != nil {
		t.Fatal(err)
	}
}

// breakDisk fills the disk, tries to write, and makes room again.
func (m *model) breakDisk(t *rapid.T) {
	m.folder.breakWith(func(string, string) error { return errDiskFull })
	_ = m.Sync(t.Context())
	m.folder.breakWith(nil)
}

// restart ends the process in order or by a crash after everything was written.
func (m *model) restart(t *rapid.T) {
	folder := m.folder
	if rapid.Bool().Draw(t, "crash") {
		m.sync()
		folder = folder.copy()
	}
	if err := m.close(); err != nil {
		t.Fatal(err)
	}
	m.desk = openDeskAt(m.t, folder, m.clock.now())
	// What was under way may have been paid.
	m.booked, m.reserved, m.open = m.booked+m.reserved, 0, nil
}

func (m *model) check(t *rapid.T) {
	s := m.Status()
	if s.Today != m.booked || s.Reserved != m.reserved || s.UnderWay != len(m.open) || s.Paused != m.paused {
		t.Fatalf("status says %v spent, %v reserved, %d under way; want %v, %v, %d", s.Today, s.Reserved, s.UnderWay, m.booked, m.reserved, len(m.open))
	}
	var models Micros
	for _, sum := range m.Days(1)[0].Models {
		models += sum.Cost
	}
	if models != m.booked {
		t.Fatalf("the models' sums make %v, want %v", models, m.booked)
	}
	if s.Unwritten == 0 && m.Sync(t.Context()) == nil {
		if got := sum(m.ledger("2026-11-22")); got != m.booked {
			t.Fatalf("the ledger has %v, want %v", got, m.booked)
		}
	}
}
