package clawsim

import "time"

// balance is the wallet's money twice: what is there, and what ClawRouter
// believes. It reads the chain at most every 30 s and meanwhile takes its own
// (high) estimates off; a balance of zero is never remembered.
type balance struct {
	real    Micros
	fails   bool
	shown   Micros
	readAt  time.Time
	hasRead bool
}

const (
	balanceTTL   = 30 * time.Second
	lowBalance   = 1_000_000 // $1.00
	emptyBalance = 100       // $0.0001
)

func (s *Sim) setBalance(amount string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := balance{fails: amount == "fail"}
	if !b.fails {
		b.real, _ = parseMicros(amount)
	}
	s.balance = b
}

// SetBalance changes the wallet: an amount in dollars, or "fail" for a balance
// that cannot be read.
func (s *Sim) SetBalance(amount string) error {
	if err := (Options{Balance: amount}).Check(); err != nil {
		return err
	}
	s.setBalance(amount)
	return nil
}

// believed is the balance as the proxy sees it; ok is false when it cannot be read.
func (s *Sim) believed() (m Micros, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := &s.balance
	if b.fails {
		return 0, false
	}
	now := s.clock.Now()
	if s.off[SpoilBalance] || !b.hasRead || now.Sub(b.readAt) > balanceTTL {
		b.shown, b.readAt, b.hasRead = b.real, now, b.real > 0
	}
	return b.shown, true
}

// estimate is what the proxy expects a call to cost, generously.
func estimate(p price, bodyBytes, maxTokens int) Micros {
	if maxTokens == 0 || maxTokens > assumedOutput {
		maxTokens = assumedOutput
	}
	usd := p.In*float64(bodyBytes)/4 + p.Out*float64(maxTokens)
	return Micros(usd*1.2) + flatFee
}

func (s *Sim) deductEstimate(m Micros) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.balance.hasRead {
		s.balance.shown = max(0, s.balance.shown-m)
	}
}

// settle takes the money for a call; false when there is not enough of it. id is
// that of a chat request, "" for others, which the books leave out.
func (s *Sim) settle(id string, c *Call) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.Quote == 0 {
		return true
	}
	if !s.balance.fails {
		if s.balance.real < c.Quote {
			return false
		}
		s.balance.real -= c.Quote
	}
	if id != "" {
		s.writeBooks(BookedRequest{ID: id, Paid: c.Quote})
	}
	c.Paid = true
	s.book.rec.PaidCalls++
	s.book.rec.Charged += c.Quote
	return true
}

// refund gives back what settle took; only a stand-in told not to charge for
// failures does so.
func (s *Sim) refund(c *Call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !c.Paid {
		return
	}
	c.Paid = false
	s.book.rec.PaidCalls--
	s.book.rec.Charged -= c.Quote
	if !s.balance.fails {
		s.balance.real += c.Quote
	}
}
