package spend

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"
)

// Basis says where the cost of an Entry comes from.
type Basis string

// All but the last four are estimates.
const (
	BasisQuote       Basis = "quote"       // list price of the input and of all output allowed, plus the fee
	BasisUnlisted    Basis = "unlisted"    // as quote, for a model that is on no list
	BasisReservation Basis = "reservation" // what it may have cost at most: nobody said what answered
	BasisFlat        Basis = "flat"        // a fixed price, for a search
	BasisUpstream    Basis = "upstream"    // the price that upstream named for this call
	BasisFree        Basis = "free"        // a free model answered
	BasisUnpaid      Basis = "unpaid"      // upstream said that it was not paid
	BasisElsewhere   Basis = "elsewhere"   // not a ClawRouter; its price is not known here
)

// Estimate reports whether the cost is an estimate; upstream's word is not.
func (b Basis) Estimate() bool {
	switch b {
	case BasisUpstream, BasisFree, BasisUnpaid, BasisElsewhere, "":
		return false
	}
	return true
}

// Outcomes that the ledger itself knows; callers add words of their own.
const (
	OutcomeOK          = "ok"
	OutcomeInterrupted = "interrupted" // the program ended before the answer
	OutcomeRefused     = "refused"     // by the cap or the pause; never sent
)

// The kinds of lines in the ledger; a turn has none.
const (
	KindSearch  = "search"  // a web search within a turn
	KindBalance = "balance" // a reading of the wallet
)

// Entry is one call, as a line of the ledger. Tokens are what upstream reported
// unless TokensEstimated; Cost is for MaxTokens of output, whatever was used.
type Entry struct {
	ID        string    `json:"id,omitempty"`
	At        time.Time `json:"at"` // when the call was reserved, by the user's clock
	Kind      string    `json:"kind,omitempty"`
	Thread    string    `json:"thread,omitempty"`
	Turn      string    `json:"turn,omitempty"`
	Asked     string    `json:"asked,omitempty"`
	Used      string    `json:"used,omitempty"` // "" when no answer said so
	Repeat    bool      `json:"repeat,omitempty"`
	In        int       `json:"in,omitempty"`
	Cached    int       `json:"cached,omitempty"`
	Written   int       `json:"cache_write,omitempty"`
	Out       int       `json:"out,omitempty"`
	Reasoning int       `json:"reasoning,omitempty"`
	// TokensEstimated: upstream reported no usage.
	TokensEstimated bool   `json:"tokens_estimated,omitempty"`
	MaxTokens       int    `json:"max_tokens,omitempty"`
	Cost            Micros `json:"cost_usd"`
	Basis           Basis  `json:"basis,omitempty"`
	// Estimate repeats what Basis implies, for people who read the file.
	Estimate bool   `json:"estimate,omitempty"`
	FirstMS  int64  `json:"first_ms,omitempty"` // until upstream's first byte
	TotalMS  int64  `json:"ms,omitempty"`       // until the end of the answer
	Outcome  string `json:"outcome,omitempty"`
	Finish   string `json:"finish,omitempty"` // upstream's finish_reason

	// Only lines of KindBalance have these.
	Wallet      string  `json:"wallet,omitempty"`
	Balance     *Micros `json:"balance_usd,omitempty"`
	Unexplained Micros  `json:"unexplained_usd,omitzero"`
}

// Model is what answered or, when nobody said, what was asked.
func (e *Entry) Model() string {
	if e.Used != "" {
		return e.Used
	}
	return e.Asked
}

// mostText bounds the texts that come from outside, in bytes, and with them the
// line.
const mostText = 128

func clip(s string) string { return s[:min(len(s), mostText)] }

// appendLine writes e as one line.
func appendLine(b *bytes.Buffer, e *Entry) {
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	before := b.Len()
	if err := enc.Encode(e); err != nil {
		// Only a year beyond 9999 does this; the money must not be lost with it.
		b.Truncate(before)
		fixed := *e
		fixed.At = time.Unix(0, 0).UTC()
		_ = enc.Encode(&fixed)
	}
}

// parseLine reads a line of the ledger. What it does not know it ignores; what
// cannot be is an error.
func parseLine(line []byte) (Entry, error) {
	var e Entry
	if err := json.Unmarshal(line, &e); err != nil {
		return Entry{}, fmt.Errorf("ledger line: %w", err)
	}
	if min(e.In, e.Cached, e.Written, e.Out, e.Reasoning, e.MaxTokens) < 0 || e.Cost < 0 {
		return Entry{}, fmt.Errorf("ledger line: a negative figure")
	}
	if max(e.In, e.Cached, e.Written, e.Out, e.Reasoning, e.MaxTokens) > mostTokens {
		return Entry{}, fmt.Errorf("ledger line: more tokens than there are")
	}
	if e.Kind == KindBalance && e.Balance == nil {
		return Entry{}, fmt.Errorf("ledger line: a balance without its amount")
	}
	return e, nil
}
