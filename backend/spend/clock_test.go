package spend

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// Each case spends once, moves the clock, and says what is spent "today" then;
// with a restart in between and without.
func TestDayOfTheUser(t *testing.T) {
	at := func(text string) time.Time {
		when, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		return when.In(berlin)
	}
	tests := []struct {
		name     string
		from, to time.Time
		today    Micros
		date     string
	}{
		{"a minute later", at("2026-11-22T12:00:00+01:00"), at("2026-11-22T12:01:00+01:00"), 41_000, "2026-11-22"},
		{"a second before midnight", at("2026-11-22T12:00:00+01:00"), at("2026-11-22T23:59:59+01:00"), 41_000, "2026-11-22"},
		{"the user's midnight, not Greenwich's", at("2026-11-22T23:59:59+01:00"), at("2026-11-23T00:00:00+01:00"), 0, "2026-11-23"},
		{"Greenwich's midnight", at("2026-11-23T00:30:00+01:00"), at("2026-11-23T01:00:01+01:00"), 41_000, "2026-11-23"},
		{"a minute back over midnight", at("2026-11-23T00:00:30+01:00"), at("2026-11-22T23:59:30+01:00"), 41_000, "2026-11-22"},
		{"an hour back", at("2026-11-22T12:00:00+01:00"), at("2026-11-22T11:00:00+01:00"), 41_000, "2026-11-22"},
		{"a year back", at("2026-11-22T12:00:00+01:00"), at("2025-11-22T12:00:00+01:00"), 41_000, "2025-11-22"},
		{"back from a year far ahead", at("2099-01-01T12:00:00+01:00"), at("2026-11-22T12:00:00+01:00"), 41_000, "2026-11-22"},
		{"the night that summer time ends, an hour twice", at("2026-10-25T02:30:00+02:00"), at("2026-10-25T02:30:00+01:00"), 41_000, "2026-10-25"},
		{"the 25th hour of that day", at("2026-10-25T00:00:00+02:00"), at("2026-10-25T23:59:59+01:00"), 41_000, "2026-10-25"},
		{"the night that summer time begins", at("2026-03-29T01:59:59+01:00"), at("2026-03-29T03:00:00+02:00"), 41_000, "2026-03-29"},
		{"a flight west, back into yesterday", at("2026-11-22T01:00:00+01:00"), at("2026-11-22T01:00:00+01:00").In(zone("America/New_York")), 41_000, "2026-11-21"},
		{"a flight east, into tomorrow", at("2026-11-22T23:00:00+01:00"), at("2026-11-22T23:00:00+01:00").In(zone("Asia/Tokyo")), 0, "2026-11-23"},
		{"where a day begins at one o'clock", time.Date(2018, 11, 4, 1, 0, 0, 0, zone("America/Sao_Paulo")), time.Date(2018, 11, 4, 2, 0, 0, 0, zone("America/Sao_Paulo")), 41_000, "2018-11-04"},
	}
	for _, tt := range tests {
		for _, restart := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, restart %v", tt.name, restart), func(t *testing.T) {
				d := openDeskAt(t, nil, tt.from)
				d.spendOn("openai/gpt-5.4", "openai/gpt-5.4")
				d.clock.set(tt.to)
				if restart {
					d = d.reopen()
				}
				if s := d.Status(); s.Today != tt.today || s.Date != tt.date {
					t.Errorf("%v on %s, want %v on %s", s.Today, s.Date, tt.today, tt.date)
				}
			})
		}
	}
}

// A clock that goes to and fro gives the cap no second time.
func TestClockIsNoWayAroundTheCap(t *testing.T) {
	d := openDesk(t, nil)
	d.setCap(100_000)
	d.spendOn("openai/gpt-5.4", "openai/gpt-5.4")
	d.spendOn("openai/gpt-5.4", "openai/gpt-5.4")
	for _, away := range []time.Duration{-time.Hour, -24 * time.Hour, -24 * time.Hour, -1000 * time.Hour} {
		d.clock.add(away)
		d.refused(turn("openai/gpt-5.4"))
		d = d.reopen()
		d.refused(turn("openai/gpt-5.4"))
	}
	if names, _ := d.folder.Names(); strings.Contains(strings.Join(names, " "), "2026-11-22.jsonl") {
		t.Errorf("a file is dated after today: %v", names)
	}
	// The next midnight is a midnight.
	d.clock.add(24 * time.Hour)
	d.spendOn("openai/gpt-5.4", "openai/gpt-5.4")
}

func TestTurnOverMidnight(t *testing.T) {
	d := openDeskAt(t, nil, time.Date(2026, 11, 22, 23, 59, 59, 0, berlin))
	d.setCap(41_000)
	r, err := d.Reserve(turn("openai/gpt-5.4"))
	if err != nil {
		t.Fatal(err)
	}
	d.clock.add(time.Minute)
	// It was paid yesterday and takes nothing of today's cap.
	d.spendOn("openai/gpt-5.4", "openai/gpt-5.4")
	r.Book(Outcome{Used: "openai/gpt-5.4", Outcome: OutcomeOK})
	check := func(d *desk) {
		t.Helper()
		days := d.Days(2)
		if days[0].Cost != 41_000 || days[1].Cost != 41_000 || d.Status().Reserved != 0 {
			t.Errorf("yesterday %v, today %v", days[0].Cost, days[1].Cost)
		}
	}
	check(d)
	check(d.reopen())
}

func TestReservationOverAClockThatGoesBack(t *testing.T) {
	d := openDesk(t, nil)
	r, err := d.Reserve(turn("openai/gpt-5.4"))
	if err != nil {
		t.Fatal(err)
	}
	d.clock.add(-24 * time.Hour)
	if s := d.Status(); s.Reserved != 41_000 {
		t.Errorf("reserved %v after the jump", s.Reserved)
	}
	r.Book(Outcome{Used: "openai/gpt-5.4", Outcome: OutcomeOK})
	if s := d.Status(); s.Reserved != 0 || s.Today != 41_000 {
		t.Errorf("reserved %v, today %v", s.Reserved, s.Today)
	}
	if s := d.reopen().Status(); s.Today != 41_000 {
		t.Errorf("after a restart %v", s.Today)
	}
}

// A file that could not be removed after it was made part of another counts once.
func TestFoldedFileThatStays(t *testing.T) {
	d := openDesk(t, nil)
	d.spendOn("openai/gpt-5.4", "openai/gpt-5.4")
	d.sync()
	d.folder.breakWith(func(operation, _ string) error {
		if operation == "remove" {
			return errDiskFull
		}
		return nil
	})
	d.clock.add(-24 * time.Hour)
	d.Status()
	d.sync()
	if d.folder.text("2026-11-22.jsonl") == "" || d.folder.text("2026-11-21.jsonl") == "" {
		t.Fatal("the test is about nothing")
	}
	if s := d.reopen().Status(); s.Today != 41_000 {
		t.Errorf("today %v, want 41000 once", s.Today)
	}
}

// gated lets nobody open a file until the test says so.
type gated struct {
	*memory
	name string
	open chan struct{}
}

func (g gated) Open(name string) (io.ReadCloser, error) {
	if name == g.name {
		<-g.open
	}
	return g.memory.Open(name)
}

// The clock goes back to days that are still to be read: what is booked for
// them meanwhile counts once, and nothing of them is lost.
func TestBackToDaysThatAreNotReadYet(t *testing.T) {
	for steps := 2; steps <= 4; steps++ {
		for range 20 {
			folder := pastWith(4, 1, "google/gemini-2.5-flash") // $0.001 a day
			gate := gated{folder, "2026-11-21.jsonl", make(chan struct{})}
			d := &desk{clock: &clock{t: noon}, folder: folder, t: t}
			b, err := Open(Options{Folder: gate, Prices: priceList(t), Now: d.clock.now})
			if err != nil {
				t.Fatal(err)
			}
			d.Book = b
			d.clock.add(-24 * time.Hour)
			for range steps - 1 {
				d.clock.add(-24 * time.Hour)
				d.spendOn("openai/gpt-5.4", "openai/gpt-5.4")
			}
			close(gate.open)
			d.sync()
			if err := b.Ready(context.Background()); err != nil {
				t.Fatal(err)
			}
			want := Micros(steps)*1000 + Micros(steps-1)*41_000
			if s := d.Status(); s.Today != want {
				t.Fatalf("%d days back: %v, want %v: all of these days and all turns once", steps, s.Today, want)
			}
			if s := d.reopen().Status(); s.Today != want {
				t.Fatalf("%d days back, after a restart: %v", steps, s.Today)
			}
		}
	}
}

// Wherever the clock goes, nothing is lost and nothing counts twice; and what is
// spent today never shrinks but at a midnight.
func TestAnyClock(t *testing.T) {
	zones := []*time.Location{berlin, zone("Pacific/Kiritimati"), zone("Pacific/Niue"), time.UTC}
	rapid.Check(t, func(rt *rapid.T) {
		d := openDeskAt(t, nil, noon)
		defer func() { _ = d.close() }()
		var total Micros
		for range rapid.IntRange(1, 12).Draw(rt, "steps") {
			before := d.Status()
			switch rapid.IntRange(0, 3).Draw(rt, "step") {
			case 0:
				total += d.spendOn("openai/gpt-5.4", "openai/gpt-5.4").Cost
				continue
			case 1:
				d.clock.add(time.Duration(rapid.IntRange(-100, 100).Draw(rt, "hours")) * time.Hour)
			case 2:
				d.clock.set(d.clock.now().In(rapid.SampledFrom(zones).Draw(rt, "zone")))
			case 3:
				d = d.reopen()
			}
			after := d.Status()
			if after.Date <= before.Date && after.Today < before.Today {
				rt.Fatalf("%s %v became %s %v", before.Date, before.Today, after.Date, after.Today)
			}
		}
		d = d.reopen()
		var kept Micros
		for label, day := range d.days {
			if label > d.Status().Date {
				rt.Fatalf("a day after today: %s", label)
			}
			kept += day.spent
		}
		if kept != total {
			rt.Fatalf("%v of %v is in the ledger", kept, total)
		}
	})
}

func TestDays(t *testing.T) {
	d := openDeskAt(t, nil, noon.AddDate(0, 0, -2))
	d.spendOn("openai/gpt-5.4", "openai/gpt-5.4")
	d.spendOn("blockrun/auto", "google/gemini-2.5-flash")
	d.spendOn("blockrun/auto", "openai/gpt-5.4")
	again := turn("openai/gpt-5.4")
	again.Repeat = true
	r, err := d.Reserve(again)
	if err != nil {
		t.Fatal(err)
	}
	r.Book(Outcome{Used: "openai/gpt-5.4", In: 1, Out: 1, Outcome: OutcomeOK})
	d.clock.set(noon)
	d.spendOn("free/gpt-oss-120b", "free/gpt-oss-120b")
	want := []Day{
		{Date: "2026-11-20", Cost: 3*41_000 + 6500, Turns: 3, Models: []ModelSum{
			{Model: "openai/gpt-5.4", Turns: 2, Cost: 3 * 41_000, In: 18_001, Out: 401},
			{Model: "google/gemini-2.5-flash", Turns: 1, Cost: 6500, In: 9000, Out: 200},
		}},
		{Date: "2026-11-21", Models: []ModelSum{}},
		{Date: "2026-11-22", Turns: 1, Models: []ModelSum{{Model: "free/gpt-oss-120b", Turns: 1, In: 9000, Out: 200}}},
	}
	if diff := cmp.Diff(want, d.Days(3)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(want, d.reopen().Days(3)); diff != "" {
		t.Errorf("after a restart:\n%s", diff)
	}
}

func TestRecent(t *testing.T) {
	d := openDesk(t, nil)
	d.spendOn("openai/gpt-5.4", "openai/gpt-5.4")
	d.clock.add(24 * time.Hour)
	d.spendOn("free/gpt-oss-120b", "free/gpt-oss-120b")
	d.rest(10 * Dollar) // a reading of the wallet is no call
	d = d.reopen()
	d.setCap(0)
	d.refused(turn("premium"))
	var got []string
	for _, e := range d.Recent(10) {
		got = append(got, e.Asked+" "+e.Outcome)
	}
	want := []string{"premium refused", "free/gpt-oss-120b ok", "openai/gpt-5.4 ok"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if len(d.Recent(1)) != 1 || d.Recent(0) != nil || d.Recent(-1) != nil {
		t.Error("not as many as asked for")
	}
	for range 3 * keptRecent {
		d.spendOn("free/gpt-oss-120b", "free/gpt-oss-120b")
	}
	if n := len(d.Recent(1 << 20)); n != keptRecent {
		t.Errorf("%d in memory", n)
	}
}

// Files are bounded by number, since a date can be wrong: a clock years ahead
// must not make all of them old.
func TestRetention(t *testing.T) {
	folder := newMemory()
	for i := range 100 {
		label := noon.AddDate(0, 0, -i).Format(dayLayout)
		folder.put(label+ledgerSuffix, fmt.Sprintf(`{"id":"old-%d","at":"%sT12:00:00Z","asked":"m","cost_usd":0.01}`+"\n", i, label))
	}
	folder.put("notes.jsonl", "mine\n")
	d := openDeskAt(t, folder, noon.AddDate(50, 0, 0))
	d.spendOn("openai/gpt-5.4", "openai/gpt-5.4")
	d.sync()
	names, _ := folder.Names()
	if len(names) != KeptDays+2 { // open.json and the user's own file
		t.Errorf("%d files are kept: %v", len(names), names)
	}
	if folder.text("2026-11-22.jsonl") == "" || folder.text("2026-09-01.jsonl") != "" || folder.text("notes.jsonl") == "" {
		t.Error("not the oldest ledgers were removed")
	}
	d = openDeskAt(t, folder, noon)
	if s := d.Status(); s.Today != 51_000 {
		t.Errorf("with the clock set right %v, want what was spent ahead and today", s.Today)
	}
}

func TestDaysInMemoryAreBounded(t *testing.T) {
	d := openDesk(t, nil)
	for range 3 * KeptDays {
		d.clock.add(24 * time.Hour)
		d.spendOn("openai/gpt-5.4", "openai/gpt-5.4")
	}
	if len(d.days) > KeptDays {
		t.Errorf("%d days", len(d.days))
	}
	if days := d.Days(30); days[0].Cost != 41_000 || days[29].Cost != 41_000 {
		t.Errorf("the last 30 days are not there: %+v", days)
	}
}

// What the disk does not give is an error only where the cap depends on it.
func TestLedgerThatCannotBeRead(t *testing.T) {
	folder := newMemory()
	folder.put("2026-11-22.jsonl", "{}\n")
	for _, bad := range []string{"2026-11-22.jsonl", LimitsFile} {
		_, err := Open(Options{Folder: unreadable{folder, bad}, Prices: priceList(t), Now: (&clock{t: noon}).now})
		if err == nil || !strings.Contains(err.Error(), "permission denied") {
			t.Errorf("%s: %v", bad, err)
		}
	}
	folder.put("2026-11-20.jsonl", "{}\n")
	b, err := Open(Options{Folder: unreadable{folder, "2026-11-20.jsonl"}, Prices: priceList(t), Now: (&clock{t: noon}).now})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close(context.Background())
	if err := b.Ready(context.Background()); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(b.Status().Problems, "\n"); !strings.Contains(got, "A part of the ledger could not be read") {
		t.Errorf("problems: %s", got)
	}
}
