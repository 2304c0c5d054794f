package spend

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const wallet = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"

// rest lets the wallet rest and reads it.
func (d *desk) rest(balance Micros) Reconciliation {
	d.clock.add(RestBefore)
	return d.Reconcile(Reading{Wallet: wallet, Balance: balance, At: d.clock.now()})
}

func TestReconcile(t *testing.T) {
	d := openDesk(t, nil)
	steps := []struct {
		name    string
		spend   int // turns of $0.041
		balance Micros
		want    Reconciliation
		today   Micros // unexplained
	}{
		{"the first reading has nothing to compare with", 2, 10_000_000, Reconciliation{AtRest: true, First: true}, 0},
		{"nothing happened", 0, 10_000_000, Reconciliation{AtRest: true}, 0},
		{"the ledger is right", 2, 9_918_000, Reconciliation{AtRest: true, Moved: 82_000, Booked: 82_000}, 0},
		{"ClawRouter spent on its own", 1, 9_577_000, Reconciliation{AtRest: true, Moved: 341_000, Booked: 41_000, Unexplained: 300_000}, 300_000},
		{"somebody spent while nobody asked", 0, 9_477_000, Reconciliation{AtRest: true, Moved: 100_000, Unexplained: 100_000}, 400_000},
		{"estimates were too high", 2, 9_455_000, Reconciliation{AtRest: true, Moved: 22_000, Booked: 82_000, Unexplained: -60_000}, 340_000},
		{"money came", 1, 19_000_000, Reconciliation{AtRest: true, Funded: true, Moved: -9_545_000, Booked: 41_000}, 340_000},
		{"and counts from there", 1, 18_959_000, Reconciliation{AtRest: true, Moved: 41_000, Booked: 41_000}, 340_000},
	}
	for _, s := range steps {
		t.Run(s.name, func(t *testing.T) {
			for range s.spend {
				d.spendOn("openai/gpt-5.4", "openai/gpt-5.4")
			}
			if diff := cmp.Diff(s.want, d.rest(s.balance)); diff != "" {
				t.Error(diff)
			}
			// What is known outlives the program.
			d = d.reopen()
			if got := d.Status(); got.Unexplained != s.today {
				t.Errorf("unexplained today %v, want %v", got.Unexplained, s.today)
			}
		})
	}
	// It is shown, and does not count as spent by turns.
	if got := d.Days(1)[0]; got.Cost != 9*41_000 || got.Unexplained != 340_000 || got.Turns != 9 {
		t.Errorf("%+v", got)
	}
}

func TestOnlyAReadingAtRestCounts(t *testing.T) {
	tests := []struct {
		name   string
		before func(*desk)
		asked  time.Duration
		want   bool
	}{
		{"at rest", func(*desk) {}, RestBefore, true},
		{"a moment too early", func(*desk) {}, RestBefore - time.Millisecond, false},
		{"a turn is under way", func(d *desk) { _, _ = d.Reserve(turn("openai/gpt-5.4")) }, RestBefore, false},
		{"a free turn is under way", func(d *desk) { _, _ = d.Reserve(turn("free/x")) }, RestBefore, false},
		{"a call to another upstream is", func(d *desk) { _, _ = d.Reserve(Request{Model: "m"}) }, RestBefore, true},
		{"a turn ended after the question was sent", func(d *desk) {
			d.clock.add(2 * RestBefore)
			d.spendOn("openai/gpt-5.4", "openai/gpt-5.4")
			d.clock.add(-2 * RestBefore)
		}, RestBefore, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := openDesk(t, nil)
			d.spendOn("openai/gpt-5.4", "openai/gpt-5.4")
			ended := d.clock.now()
			tt.before(d)
			d.clock.add(3 * RestBefore)
			if got := d.Reconcile(Reading{Wallet: wallet, Balance: 5 * Dollar, At: ended.Add(tt.asked)}); got.AtRest != tt.want {
				t.Errorf("at rest: %v", got.AtRest)
			}
			if s := d.Status(); s.Balance == nil || *s.Balance != 5*Dollar {
				t.Error("the balance is not shown")
			}
		})
	}
}

// A clock that was ahead must not make the wallet restless for days.
func TestRestAfterAClockThatGoesBack(t *testing.T) {
	d := openDesk(t, nil)
	d.spendOn("openai/gpt-5.4", "openai/gpt-5.4")
	d.clock.add(-72 * time.Hour)
	d.Status()
	if got := d.rest(10 * Dollar); !got.AtRest {
		t.Error("not at rest")
	}
}

// What was spent since yesterday's reading is known today.
func TestReadingOfAnEarlierDay(t *testing.T) {
	d := openDesk(t, nil)
	d.rest(10 * Dollar)
	d.spendOn("openai/gpt-5.4", "openai/gpt-5.4")
	d.clock.add(24 * time.Hour)
	d = d.reopen()
	d.spendOn("openai/gpt-5.4", "openai/gpt-5.4")
	want := Reconciliation{AtRest: true, Moved: 100_000, Booked: 82_000, Unexplained: 18_000}
	if diff := cmp.Diff(want, d.rest(9_900_000)); diff != "" {
		t.Error(diff)
	}
	d.sync()
	lines := d.ledger("2026-11-23")
	last := lines[len(lines)-1]
	if last.Kind != KindBalance || last.Wallet != wallet || *last.Balance != 9_900_000 || last.Unexplained != 18_000 || !last.Estimate {
		t.Errorf("the ledger says %+v", last)
	}
}

func TestAnotherWallet(t *testing.T) {
	d := openDesk(t, nil)
	d.rest(10 * Dollar)
	d.clock.add(RestBefore)
	got := d.Reconcile(Reading{Wallet: "0xother", Balance: 2 * Dollar, At: d.clock.now()})
	if diff := cmp.Diff(Reconciliation{AtRest: true, First: true}, got); diff != "" {
		t.Error(diff)
	}
}

func TestIdleWalletWritesNothing(t *testing.T) {
	d := openDesk(t, nil)
	for range 100 {
		d.rest(10 * Dollar)
	}
	d.sync()
	if got := d.ledger("2026-11-22"); len(got) != 1 {
		t.Errorf("%d lines", len(got))
	}
}

func TestLowBalanceIsSaidOnce(t *testing.T) {
	d := openDesk(t, nil)
	sub := d.Subscribe()
	said := func(what string, want int) {
		t.Helper()
		if got := len(sub.Warnings()); got != want {
			t.Errorf("%s: %d warnings, want %d", what, got, want)
		}
	}
	d.rest(1 * Dollar)
	said("a dollar", 0)
	d.rest(990_000)
	said("under a dollar", 1)
	d.rest(500_000)
	said("less and less", 0)
	d.spendOn("openai/gpt-5.4", "openai/gpt-5.4")
	// ClawRouter's own estimates make the balance jump until it rests.
	d.Reconcile(Reading{Wallet: wallet, Balance: 2 * Dollar, At: d.clock.now()})
	d.Reconcile(Reading{Wallet: wallet, Balance: 500_000, At: d.clock.now()})
	said("a reading in the middle of turns", 0)
	d = d.reopen()
	sub = d.Subscribe()
	d.rest(400_000)
	said("after a restart", 0)
	d.rest(5 * Dollar)
	d.rest(900_000)
	said("low again after it was filled", 1)
}

// A wallet that has been at rest since before the start is read at once, so that the
// first turns are compared, too; one that may not have been is waited for.
func TestRestReachesBackBeforeTheStart(t *testing.T) {
	d := openDesk(t, nil)
	read := func(when string, counts bool) {
		t.Helper()
		if got := d.Reconcile(Reading{Wallet: "0x1", Balance: 5_000_000, At: d.clock.now()}); got.AtRest != counts {
			t.Errorf("%s: %+v", when, got)
		}
	}
	read("before the first call ever", true)
	d.spendOn("openai/gpt-5.4", "openai/gpt-5.4")
	d = d.reopen()
	read("right after a call and a restart", false)
	d.clock.add(RestBefore)
	read("after a rest", true)
	d.clock.add(time.Hour)
	d = d.reopen()
	read("an hour later, after a restart", true)

	if _, err := d.Reserve(turn("openai/gpt-5.4")); err != nil {
		t.Fatal(err)
	}
	d.sync()
	left := d.folder.copy()
	d.clock.add(time.Hour)
	d = openDeskAt(t, left, d.clock.now())
	read("a call that nobody saw the end of", false)

	d.clock.set(time.Date(2026, 11, 24, 0, 0, 10, 0, berlin))
	d = d.reopen()
	read("ten seconds after midnight", false)
}
