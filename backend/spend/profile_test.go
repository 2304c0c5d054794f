package spend

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"
)

// pastWith writes turns on auto into earlier days.
func pastWith(days, turnsADay int, used string) *memory {
	folder := newMemory()
	for i := range days {
		at := noon.AddDate(0, 0, -1-i)
		var text strings.Builder
		for n := range turnsADay {
			fmt.Fprintf(&text, `{"id":"p%d-%d","at":%q,"asked":"blockrun/auto","used":%q,"cost_usd":0.001,"outcome":"ok"}`+"\n", i, n, at.Format("2006-01-02T15:04:05Z07:00"), used)
		}
		folder.put(at.Format(dayLayout)+ledgerSuffix, text.String())
	}
	return folder
}

// A routing profile is held at the dearest model it can route to; for a user who
// has been on it for a while, at the dearest that answered.
func TestWhatAProfileMayCost(t *testing.T) {
	const (
		dearest Micros = 5000 + 30_000 + 1000
		flash   Micros = 300 + 2500 + 1000
		kimi    Micros = 950 + 4000 + 1000
	)
	tests := []struct {
		name   string
		folder *memory
		today  []string
		want   Micros
	}{
		{"nobody knows", nil, nil, dearest},
		{"a long past", pastWith(5, 20, "google/gemini-2.5-flash"), nil, flash},
		{"today's dearer answer counts at once", pastWith(5, 20, "google/gemini-2.5-flash"), []string{"moonshot/kimi-k2.6"}, kimi},
		{"too few days", pastWith(2, 100, "google/gemini-2.5-flash"), nil, dearest},
		{"too few turns", pastWith(10, 4, "google/gemini-2.5-flash"), nil, dearest},
		{"today alone is no past", nil, manyTimes(200, "google/gemini-2.5-flash"), dearest},
		{"nor does it add its turns to one", pastWith(7, 7, "google/gemini-2.5-flash"), manyTimes(20, "google/gemini-2.5-flash"), dearest},
		{"nor itself as a day", pastWith(2, 100, "google/gemini-2.5-flash"), manyTimes(20, "google/gemini-2.5-flash"), dearest},
		{"free answers are no past", pastWith(5, 20, "free/gpt-oss-120b"), nil, dearest},
		{"models without a price are no past", pastWith(5, 20, "acme/new"), nil, dearest},
		{"a route that was not known to be that dear", nil, []string{"anthropic/claude-fable-5"}, 10_000 + 50_000 + 1000},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := openDesk(t, tt.folder)
			d.Quote("blockrun/auto", 1000, 1000) // what is remembered must be forgotten in time
			for _, used := range tt.today {
				d.spendOn("auto", used)
			}
			if got := d.Quote("blockrun/auto", 1000, 1000); got != tt.want {
				t.Errorf("%v, want %v", got, tt.want)
			}
		})
	}
}

// At midnight today becomes a part of the past.
func TestPastGrowsAtMidnight(t *testing.T) {
	d := openDesk(t, pastWith(2, 20, "google/gemini-2.5-flash"))
	for range 20 {
		d.spendOn("auto", "google/gemini-2.5-flash")
	}
	if got := d.Quote("auto", 1000, 1000); got != 36_000 {
		t.Errorf("today %v", got)
	}
	d.clock.add(24 * time.Hour)
	d.Status()
	if got := d.Quote("auto", 1000, 1000); got != 3800 {
		t.Errorf("tomorrow %v", got)
	}
}

// A quote does not wait for the past to be read; the next one knows it.
func TestPastThatIsBeingRead(t *testing.T) {
	gate := gated{pastWith(5, 20, "google/gemini-2.5-flash"), "2026-11-21.jsonl", make(chan struct{})}
	b, err := Open(Options{Folder: gate, Prices: priceList(t), Now: (&clock{t: noon}).now})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close(context.Background())
	if got := b.Quote("auto", 1000, 1000); got != 36_000 || b.Status().Complete {
		t.Errorf("before: %v", got)
	}
	close(gate.open)
	if err := b.Ready(context.Background()); err != nil {
		t.Fatal(err)
	}
	if got := b.Quote("auto", 1000, 1000); got != 3800 || !b.Status().Complete {
		t.Errorf("after: %v", got)
	}
}

func manyTimes(n int, text string) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = text
	}
	return list
}
