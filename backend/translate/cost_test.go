package translate

import (
	"encoding/json"
	"testing"
	"time"
)

// What translating costs beside the least that anybody could do with the same bytes:
// let the standard library look whether they are JSON. Both are timed in turns on the
// same machine, and the best of each counts, so that it does not matter what else the
// machine does. The limits are twice what was measured, so that only a change that
// costs much fails here; bench/ shows the small ones.
func TestCostBesideValidation(t *testing.T) {
	chunk := textWire[len("data: ") : len(textWire)-2]
	feed := steady(t, declared, textWire, textWire)
	request := []byte(codexBody(77 << 10))
	translate := asBridge(t, request)
	for _, c := range []struct {
		name     string
		doc      []byte
		ours     func()
		at, most float64 // measured, and allowed
		runs     int
	}{
		{"a chunk of text", []byte(chunk), feed, 0.2, 0.5, 2000},
		{"a request", request, translate, 0.7, 1.4, 8},
	} {
		valid := func() {
			if !json.Valid(c.doc) {
				t.Fatal("not JSON")
			}
		}
		best := [2]time.Duration{time.Hour, time.Hour}
		for range 25 {
			for i, f := range []func(){c.ours, valid} {
				began := time.Now()
				for range c.runs {
					f()
				}
				best[i] = min(best[i], time.Since(began))
			}
		}
		ratio := float64(best[0]) / float64(best[1])
		t.Logf("%s: %.2f × the time of json.Valid", c.name, ratio)
		if ratio > c.most {
			t.Errorf("%s takes %.2f × the time of json.Valid; it was %.2f ×", c.name, ratio, c.at)
		}
	}
}
