package report

import (
	"math"
	"slices"
)

// Quantile is the q-th quantile of values, 0 ≤ q ≤ 1, between neighbours by
// proportion. It is NaN without values, and passes over NaN ones.
func Quantile(values []float64, q float64) float64 {
	sorted := slices.DeleteFunc(slices.Clone(values), math.IsNaN)
	if len(sorted) == 0 {
		return math.NaN()
	}
	slices.Sort(sorted)
	at := q * float64(len(sorted)-1)
	low := int(at)
	high := min(low+1, len(sorted)-1)
	return sorted[low] + (sorted[high]-sorted[low])*(at-float64(low))
}

// Median is the middle of values.
func Median(values []float64) float64 { return Quantile(values, 0.5) }
