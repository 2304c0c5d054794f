package clawsim

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"time"
)

// Record is what happened so far, read by tests in place of a gateway's books.
type Record struct {
	// Requests counts chat requests that came in; Answered says from where each
	// was answered: gateway, replay, joined, cache, command, refused.
	Requests int            `json:"requests"`
	Answered map[string]int `json:"answered"`
	// Abandoned counts clients that went away before their answer was complete.
	Abandoned int `json:"abandoned"`
	// CallCount counts what reached the gateway, PaidCalls what was paid for
	// there, Charged the sum; searches and images are among them.
	CallCount  int     `json:"call_count"`
	PaidCalls  int     `json:"paid_calls"`
	Charged    Micros  `json:"charged_micros"`
	ChargedUSD float64 `json:"charged_usd"`
	// Balance is what is really left, not what /health says.
	Balance Micros `json:"balance_micros"`
	// Calls are in the order in which they reached the gateway.
	Calls []Call `json:"calls"`
}

// Last is the latest call of the gateway, and the zero Call before the first.
func (r Record) Last() Call {
	if len(r.Calls) == 0 {
		return Call{}
	}
	return r.Calls[len(r.Calls)-1]
}

// Call is one request as it reached the gateway behind the proxy.
type Call struct {
	ID   int       `json:"id"`
	At   time.Time `json:"at"`
	Path string    `json:"path"`
	// Header is what the proxy forwards; Body what it sends, spoiled as it is
	// (nil when KeepBytes had no more room).
	Header http.Header     `json:"header"`
	Body   json.RawMessage `json:"body"`
	// Asked is the model in the client's request, Model the one that was paid.
	Asked   string `json:"asked"`
	Model   string `json:"model"`
	Session string `json:"session,omitempty"`
	// Stream tells what the client asked for; the gateway never streams.
	Stream bool `json:"stream"`
	// The quote is for all of MaxOutput, whatever was used of it.
	InputTokens int    `json:"input_tokens"`
	MaxOutput   int    `json:"max_output"`
	Quote       Micros `json:"quote_micros"`
	Paid        bool   `json:"paid"`
	// Outcome is pending, answered, failed, dropped, refused (402) or cancelled.
	Outcome string `json:"outcome"`
	Status  int    `json:"status"`
	// ClientGone is set when the client did not wait for the answer.
	ClientGone bool `json:"client_gone"`
	// Spoiled lists what was done to the request on its way.
	Spoiled []Spoiling `json:"spoiled,omitempty"`
}

const keepBytes = 256 << 20

// book is the record under way. Its methods want Sim.mu.
type book struct {
	rec   Record
	calls []*Call
	held  int
}

func newBook() book { return book{rec: Record{Answered: map[string]int{}}} }

func (b *book) add(c *Call, limit int) {
	b.rec.CallCount++
	c.ID = b.rec.CallCount
	b.calls = append(b.calls, c)
	b.held += len(c.Body)
	for _, old := range b.calls {
		if b.held <= limit || old == c {
			break
		}
		b.held -= len(old.Body)
		old.Body = nil
	}
	// Without a bound a soak of hours would fill the memory with empty calls.
	if len(b.calls) > 20000 {
		b.calls = slices.Delete(b.calls, 0, 10000)
	}
}

// Record is a copy; what happens later does not change it.
func (s *Sim) Record() Record {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.book.rec
	r.Answered = maps.Clone(r.Answered)
	r.ChargedUSD = r.Charged.USD()
	r.Balance = s.balance.real
	r.Calls = make([]Call, len(s.book.calls))
	for i, c := range s.book.calls {
		r.Calls[i] = *c
	}
	return r
}

// ResetRecord empties the record. Balance, sessions and caches stay.
func (s *Sim) ResetRecord() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.book = newBook()
}

func (s *Sim) countAnswer(id, from string, status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.writeBooks(BookedRequest{ID: id, From: from, Status: status})
	s.book.rec.Answered[from]++
}
