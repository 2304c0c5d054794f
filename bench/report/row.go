package report

import (
	"fmt"
	"math"
)

// Values is one figure for each target; NaN where it has none.
type Values struct{ Direct, Hop, Bridge float64 }

// Absent are values of nothing.
func Absent() Values { return Values{math.NaN(), math.NaN(), math.NaN()} }

// Target is what a row is to reach. The zero Target asks nothing.
type Target struct {
	kind  kind
	limit float64
}

type kind int

const (
	noTarget kind = iota
	ratioAtMost
	ratioAtLeast
	overAtMost
	atMost
)

// RatioAtMost wants bridge / hop ≤ limit.
func RatioAtMost(limit float64) Target { return Target{ratioAtMost, limit} }

// RatioAtLeast wants bridge / hop ≥ limit.
func RatioAtLeast(limit float64) Target { return Target{ratioAtLeast, limit} }

// OverAtMost wants bridge − hop ≤ limit, in the row's unit.
func OverAtMost(limit float64) Target { return Target{overAtMost, limit} }

// AtMost wants bridge ≤ limit, in the row's unit.
func AtMost(limit float64) Target { return Target{atMost, limit} }

// compare is the figure that the limit applies to.
func (t Target) compare(v Values) float64 {
	switch t.kind {
	case overAtMost:
		return v.Bridge - v.Hop
	case atMost:
		return v.Bridge
	}
	if v.Hop <= 0 {
		// A hop that adds nothing, or less, was lost in noise.
		return math.NaN()
	}
	return v.Bridge / v.Hop
}

func (t Target) met(compared float64) bool {
	if t.kind == ratioAtLeast {
		return compared >= t.limit
	}
	return compared <= t.limit
}

func (t Target) text(unit string) string {
	switch t.kind {
	case ratioAtMost:
		return fmt.Sprintf("≤ %s × hop", number(t.limit))
	case ratioAtLeast:
		return fmt.Sprintf("≥ %s × hop", number(t.limit))
	case overAtMost:
		return fmt.Sprintf("≤ hop + %s %s", number(t.limit), unit)
	case atMost:
		return fmt.Sprintf("≤ %s %s", number(t.limit), unit)
	}
	return ""
}

// Verdict says whether a row reaches its target.
type Verdict string

const (
	None   Verdict = ""       // nothing was asked, or nothing could be measured
	Met    Verdict = "yes"    // by the figure of the whole run
	Unsure Verdict = "unsure" // missed, but a quarter of the run's parts reach it
	Missed Verdict = "no"
)

// Row is one line of the table.
type Row struct {
	Name   string   `json:"name"`
	Unit   string   `json:"unit"`
	Direct *float64 `json:"direct,omitempty"`
	Hop    *float64 `json:"hop,omitempty"`
	Bridge *float64 `json:"bridge,omitempty"`
	// Compared is bridge / hop, or bridge − hop where the target is a difference,
	// and absent where the target is for the bridge alone; Low and High are the
	// quartiles, over parts of the run, of what the target is for.
	Compared *float64 `json:"compared,omitempty"`
	Low      *float64 `json:"low,omitempty"`
	High     *float64 `json:"high,omitempty"`
	Target   string   `json:"target,omitempty"`
	Verdict  Verdict  `json:"verdict,omitempty"`

	target Target
}

// NewRow compares the figures of a whole run; parts are the same figures of each
// part of it alone and tell how far they can be trusted.
func NewRow(name, unit string, all Values, parts []Values, target Target) Row {
	r := Row{Name: name, Unit: unit, Direct: known(all.Direct), Hop: known(all.Hop), Bridge: known(all.Bridge),
		Target: target.text(unit), target: target}
	compared := target.compare(all)
	each := make([]float64, len(parts))
	for i, v := range parts {
		each[i] = target.compare(v)
	}
	low, high := Quantile(each, 0.25), Quantile(each, 0.75)
	if target.kind != atMost {
		r.Compared = known(compared)
	}
	r.Low, r.High = known(low), known(high)
	r.Verdict = target.verdict(compared, low, high)
	return r
}

func (t Target) verdict(compared, low, high float64) Verdict {
	switch {
	case t.kind == noTarget || math.IsNaN(compared):
		return None
	case t.met(compared):
		return Met
	case t.met(low) || t.met(high):
		return Unsure
	}
	return Missed
}

func known(f float64) *float64 {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return nil
	}
	return &f
}
