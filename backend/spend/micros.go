package spend

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Micros is money in millionths of a US dollar, the unit of USDC, so that sums
// are exact. In JSON it is a number of dollars.
type Micros int64

// Dollar is one US dollar.
const Dollar Micros = 1_000_000

// mostMicros bounds every sum: a broken figure must not wrap round to a
// negative one, which would open the cap.
const mostMicros Micros = math.MaxInt64 / 4

// mostPrice bounds the price of one call.
const mostPrice = 1_000_000 * Dollar

// USD is the sum in dollars, for drawing only.
func (m Micros) USD() float64 { return float64(m) / 1e6 }

// FromUSD is the nearest amount to a figure of somebody else's, in dollars; one
// that is no figure is nothing.
func FromUSD(usd float64) Micros {
	if math.IsNaN(usd) {
		return 0
	}
	return Micros(math.Round(min(max(usd*1e6, float64(-mostMicros)), float64(mostMicros))))
}

// plus adds without leaving ±mostMicros.
func (m Micros) plus(n Micros) Micros {
	return min(max(m+n, -mostMicros), mostMicros)
}

// String writes cents, and under a cent four digits: "$4.10", "$0.0012".
func (m Micros) String() string {
	sign := ""
	if m < 0 {
		sign, m = "-", -m
	}
	if m != 0 && m < 10_000 {
		return sign + "$" + strconv.FormatFloat(m.USD(), 'f', 4, 64)
	}
	return sign + "$" + strconv.FormatFloat(m.USD(), 'f', 2, 64)
}

// exact writes every digit that is not a closing zero: "4.1", "0.001234".
func (m Micros) exact() string {
	sign := ""
	if m < 0 {
		sign, m = "-", -m
	}
	text := fmt.Sprintf("%s%d.%06d", sign, m/Dollar, m%Dollar)
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
}

// MarshalJSON writes dollars.
func (m Micros) MarshalJSON() ([]byte, error) { return []byte(m.exact()), nil }

// UnmarshalJSON reads dollars; digits after the sixth are rounded away from
// zero, for a ledger that somebody edited.
func (m *Micros) UnmarshalJSON(text []byte) error {
	usd, err := strconv.ParseFloat(string(text), 64)
	if err != nil || math.IsNaN(usd) || math.Abs(usd) > mostMicros.USD() {
		return fmt.Errorf("%q is no amount in dollars", text)
	}
	// Reading and multiplying are each off by half a unit in the last place, so a
	// large whole number of micro-dollars comes out beside itself by that much.
	micros := usd * 1e6
	if nearest := math.Round(micros); math.Abs(micros-nearest) < 1e-3+math.Abs(micros)*3e-16 {
		micros = nearest
	}
	*m = Micros(math.Copysign(math.Ceil(math.Abs(micros)), micros))
	return nil
}

// ParseUSD reads an amount as people write it: "5", "$5", "0.50".
func ParseUSD(text string) (Micros, error) {
	digits := strings.TrimPrefix(strings.TrimSpace(text), "$")
	whole, frac, _ := strings.Cut(digits, ".")
	if whole+frac == "" || len(frac) > 6 || len(whole) > 9 {
		return 0, fmt.Errorf("%q is no amount in dollars; write it like 5 or 2.50", text)
	}
	var n Micros
	for _, r := range whole + (frac + "000000")[:6] {
		if r < '0' || r > '9' {
			return 0, fmt.Errorf("%q is no amount in dollars; write it like 5 or 2.50", text)
		}
		n = n*10 + Micros(r-'0')
	}
	return n, nil
}
