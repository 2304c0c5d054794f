package spend

import (
	"math"
	"strings"

	"github.com/BlockRunAI/clawrouter-codex/backend/models"
)

// FlatFee is what the gateway adds to every call that is paid for.
const FlatFee Micros = 1000

// SearchPrice is booked for one web search. The measured ClawRouter logs $0.008;
// the rest is room for its price to rise.
const SearchPrice Micros = 10_000

// EstimateTokens is the size of a request in tokens, from the bytes of its JSON
// body. ClawRouter and the gateway count four bytes as one; a twentieth and 64
// tokens are added for what ClawRouter puts into a request on its way, so that
// the gateway's quote does not come out above ours.
func EstimateTokens(bytes int) int {
	bytes = max(bytes, 0)
	return bytes/4 + bytes/80 + 64
}

// rate is a price in millionths of a micro-dollar per token, which is the list
// price in dollars per million tokens times 1e6: whole numbers, exact sums.
type rate struct{ in, out int64 }

const (
	mostRate   = 10_000 * 1e6 // $10,000 per million tokens
	mostTokens = 100_000_000
)

// tokens brings a count that came from outside between 0 and mostTokens.
func tokens(n int) int { return min(max(n, 0), mostTokens) }

func newRate(in, out float64) rate {
	whole := func(usd float64) int64 {
		// Written so that NaN ends up at the dear side.
		if !(usd*1e6 < mostRate) {
			return mostRate
		}
		return int64(math.Round(max(usd, 0) * 1e6))
	}
	return rate{whole(in), whole(out)}
}

// cost rounds up: a quote is never under what the list says.
func (r rate) cost(input, output int) Micros {
	return Micros((r.in*int64(tokens(input))+r.out*int64(tokens(output))+999_999)/1_000_000) + FlatFee
}

// upper is at least as dear as both, for any mix of input and output.
func (r rate) upper(s rate) rate { return rate{max(r.in, s.in), max(r.out, s.out)} }

// Prices answers what a call may cost, from one list of models. It does not
// change; a new list makes a new Prices.
type Prices struct {
	table *models.Table
	// unlisted is the price of a model that no list names, by family and, after
	// a "+", whether its name says "pro"; "" is any family.
	unlisted map[string]rate
	profiles map[string]rate
}

// NewPrices prepares a list.
func NewPrices(t *models.Table) *Prices {
	p := &Prices{table: t, unlisted: map[string]rate{}, profiles: map[string]rate{}}
	for _, m := range t.Models {
		if m.In == 0 && m.Out == 0 || isFree(m.ID) || models.RoutingProfile(m.ID) != "" {
			continue
		}
		r := newRate(m.In, m.Out)
		for _, key := range []string{m.Family() + pro(m.ID), pro(m.ID)} {
			p.unlisted[key] = p.unlisted[key].upper(r)
		}
	}
	for profile, ids := range routes {
		for _, id := range ids {
			if r, ok := p.listed(id); ok {
				p.profiles[profile] = p.profiles[profile].upper(r)
			}
		}
		if p.profiles[profile] == (rate{}) {
			p.profiles[profile] = p.conservative("")
		}
	}
	return p
}

func pro(id string) string {
	if strings.HasSuffix(id, "-pro") || strings.Contains(id, "-pro-") {
		return "+pro"
	}
	return "+"
}

// Quote is the gateway's price of one call: list price of the input and of all
// the output that the request allows, plus FlatFee. Only free/* costs nothing. A
// routing profile is quoted at the dearest model it can route to.
//
// A model that the list does not name, or names at 0, is quoted at the dearest
// of its family, or of all where the family is new. Models named "pro" cost a
// multiple of their families and count only for names that say so too.
func (p *Prices) Quote(model string, inputTokens, maxTokens int) Micros {
	name := canonical(model)
	if isFree(name) {
		return 0
	}
	return p.rate(name).cost(inputTokens, maxTokens)
}

// rate is what a name may cost at most; the name is canonical and not free.
func (p *Prices) rate(name string) rate {
	if profile := models.RoutingProfile(name); profile != "" {
		return p.profiles[profile]
	}
	if r, ok := p.listed(name); ok {
		return r
	}
	return p.conservative(name)
}

// listed is the price of a model on the list. A name can mean two models: one of
// the list and, by an alias or as its successor, the one that answers in its
// place. The dearer counts.
func (p *Prices) listed(name string) (rate, bool) {
	var r rate
	known := false
	for _, id := range [2]string{name, p.table.Aliases[name]} {
		if id == "" {
			continue
		}
		m, ok := p.table.Lookup(id)
		// An alias that means a free model today may mean another tomorrow: a price
		// of 0 is none.
		if !ok || m.In == 0 && m.Out == 0 {
			continue
		}
		r, known = r.upper(newRate(m.In, m.Out)), true
		if next, ok := p.table.Lookup(m.Successor); m.Successor != "" && ok {
			r = r.upper(newRate(next.In, next.Out))
		}
	}
	return r, known
}

func (p *Prices) conservative(name string) rate {
	family, kind := models.Family(name), pro(name)
	if r := p.family(family, kind); r != (rate{}) {
		return r
	}
	if r := p.family("", kind); r != (rate{}) {
		return r
	}
	// The list has no prices at all.
	return rate{15e6, 60e6}
}

func (p *Prices) family(family, kind string) rate {
	ordinary, top := p.unlisted[family+"+"], p.unlisted[family+"+pro"]
	if kind == "+pro" || ordinary == (rate{}) {
		return ordinary.upper(top)
	}
	return ordinary
}

// canonical writes a model's name as ClawRouter reads it.
func canonical(name string) string {
	return strings.TrimPrefix(strings.ToLower(strings.TrimSpace(name)), "blockrun/")
}

// isFree takes a canonical name. "free" is ClawRouter's own name for whatever
// free model is its default.
func isFree(name string) bool { return name == "free" || models.Free(name) }
