package spend

import (
	"errors"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestLimitsSurviveARestart(t *testing.T) {
	d := openDesk(t, nil)
	d.setCap(5 * Dollar)
	if err := d.SetPaused(true); err != nil {
		t.Fatal(err)
	}
	if got, want := d.folder.text(LimitsFile), `{"cap_usd":5,"paused":true}`+"\n"; got != want {
		t.Errorf("limits.json: %s", got)
	}
	d = d.reopen()
	if s := d.Status(); s.Cap == nil || *s.Cap != 5*Dollar || !s.Paused {
		t.Errorf("%+v", s)
	}
	if err := errors.Join(d.RemoveCap(), d.SetPaused(false)); err != nil {
		t.Fatal(err)
	}
	if s := d.reopen().Status(); s.Cap != nil || s.Paused {
		t.Errorf("%+v", s)
	}
}

func TestDefaultIsNoCap(t *testing.T) {
	d := openDesk(t, nil)
	if s := d.Status(); s.Cap != nil || s.Paused || s.Fraction != 0 || s.Problems != nil {
		t.Errorf("%+v", s)
	}
	for range 100 {
		d.spendOn("premium", "anthropic/claude-fable-5")
	}
}

// A limit that cannot be read may have been a small one.
func TestUnreadableCapStopsPaidTurns(t *testing.T) {
	for _, text := range []string{"", "{\"cap_usd\":5", "[]", `{"cap_usd":"five"}`, `{"cap_usd":-1}`} {
		t.Run(text, func(t *testing.T) {
			folder := newMemory()
			folder.put(LimitsFile, text)
			d := openDesk(t, folder)
			words := "Paid turns wait, because the daily cap in limits.json cannot be read. Set it again (clawrouter-codex cap 5, or clawrouter-codex cap off), " +
				"then run: clawrouter-codex resume. Free models (free/…) still work."
			if no := d.refused(turn("openai/gpt-5.4")); no.Error() != words {
				t.Errorf("says %s", no)
			}
			if diff := cmp.Diff([]string{words}, d.Status().Problems); diff != "" {
				t.Error(diff)
			}
			d.spendOn("free/gpt-oss-120b", "free/gpt-oss-120b")
			// They may have been paused as well.
			folder = d.folder.copy()
			twin := openDesk(t, folder)
			twin.setCap(5 * Dollar)
			if no := twin.refused(turn("openai/gpt-5.4")); !no.Paused || no.Unread {
				t.Errorf("with the limit set again: %+v", no)
			}
			// A resume alone must not make "no limit" of it.
			if err := d.SetPaused(false); err != nil {
				t.Fatal(err)
			}
			d.refused(turn("openai/gpt-5.4"))
			if d.folder.text(LimitsFile) != text {
				t.Error("the file was overwritten")
			}
			d.setCap(5 * Dollar)
			d.spendOn("openai/gpt-5.4", "openai/gpt-5.4")
			if s := d.reopen().Status(); s.Cap == nil || *s.Cap != 5*Dollar || s.Problems != nil {
				t.Errorf("%+v", s)
			}
		})
	}
}

func TestLimitThatCannotBeStoredHoldsUntilTheEnd(t *testing.T) {
	d := openDesk(t, nil)
	d.folder.breakWith(func(string, string) error { return errDiskFull })
	err := d.SetCap(0)
	if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "holds until clawrouter-codex ends") {
		t.Errorf("SetCap: %v", err)
	}
	d.refused(turn("openai/gpt-5.4"))
	d.folder.breakWith(nil)
}

func TestImpossibleLimits(t *testing.T) {
	d := openDesk(t, nil)
	for _, limit := range []Micros{-1, mostPrice + 1} {
		if err := d.SetCap(limit); err == nil {
			t.Errorf("%v was taken", limit)
		}
	}
	if d.Status().Cap != nil {
		t.Error("a limit is set")
	}
}

func kinds(list []Warning) []WarningKind {
	var k []WarningKind
	for _, w := range list {
		k = append(k, w.Kind)
	}
	return k
}

// Every warning comes once, until there is room again.
func TestWarnings(t *testing.T) {
	d := openDesk(t, nil)
	sub := d.Subscribe()
	defer sub.Close()
	expect := func(what string, want ...WarningKind) {
		t.Helper()
		if diff := cmp.Diff(want, kinds(sub.Warnings())); diff != "" {
			t.Errorf("%s:\n%s", what, diff)
		}
	}
	spend := func(n int) {
		for range n {
			d.spendOn("openai/gpt-5.4", "openai/gpt-5.4")
		}
	}
	d.setCap(410_000) // ten turns
	spend(4)
	expect("at 40 %")
	spend(1)
	expect("at 50 %", WarnCap50)
	spend(2)
	expect("at 70 %")
	spend(1)
	expect("at 80 %", WarnCap80)
	d.refused(turn("premium"))
	expect("a dear turn no longer fits", WarnCap100)
	spend(2)
	d.refused(turn("openai/gpt-5.4"))
	expect("at 100 %, and said before")
	d = restartKeeping(d, sub)
	sub = d.Subscribe()
	d.clock.add(24 * time.Hour)
	spend(9)
	expect("on a new day", WarnCap50, WarnCap80)
	d.setCap(1_640_000) // forty turns
	spend(11)
	expect("under a higher limit", WarnCap50)
	d.clock.add(24 * time.Hour)
	d.setCap(50_000)
	spend(1)
	expect("over two thresholds at once, the higher one alone", WarnCap80)
	d.setCap(500_000)
	expect("a limit below what is spent, set by the user, who knows")
}

// restartKeeping restarts and checks that nothing is said again because of it.
func restartKeeping(d *desk, old *Subscription) *desk {
	old.Close()
	d = d.reopen()
	sub := d.Subscribe()
	defer sub.Close()
	d.spendOn("free/gpt-oss-120b", "free/gpt-oss-120b")
	if w := sub.Warnings(); w != nil {
		d.t.Errorf("after a restart: %v", w)
	}
	return d
}

func TestWarningWords(t *testing.T) {
	d := openDesk(t, nil)
	sub := d.Subscribe()
	defer sub.Close()
	d.setCap(82_000)
	d.spendOn("openai/gpt-5.4", "openai/gpt-5.4")
	d.refused(turn("premium"))
	d.Reconcile(Reading{Wallet: "0x1", Balance: 930_000, At: noon})
	got := sub.Warnings()
	want := []Warning{
		{Kind: WarnCap50, Text: "50 % of today's limit is spent: $0.04 of $0.08.", At: noon},
		{Kind: WarnCap100, Text: "The daily cap of $0.08 stops this turn: $0.04 is spent today, and a turn on premium may cost up to $0.15. " +
			"To raise the cap, run: clawrouter-codex cap 1. Free models (free/…) still work.", At: noon},
		{Kind: WarnLowBalance, Text: "The wallet is low: about $0.93 is left. Without money, ClawRouter answers with free models.", At: noon},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(want[1:], d.Status().Warnings); diff != "" {
		t.Errorf("the status shows the higher one of the cap: %s", diff)
	}
}

func TestTheStatusShowsWhatHoldsNow(t *testing.T) {
	d := openDesk(t, nil)
	d.setCap(82_000)
	d.spendOn("openai/gpt-5.4", "openai/gpt-5.4")
	shown := func(when string, want ...WarningKind) {
		t.Helper()
		var got []WarningKind
		for _, w := range d.Status().Warnings {
			got = append(got, w.Kind)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", when, diff)
		}
	}
	shown("half is spent", WarnCap50)
	if d.Status().Warnings[0].Known {
		t.Error("what just came is taken for known")
	}
	d = d.reopen()
	shown("after a restart", WarnCap50)
	if !d.Status().Warnings[0].Known {
		t.Error("a restart makes an old warning new")
	}
	d.setCap(10 * Dollar)
	shown("under a higher cap")
	d.setCap(82_000)
	d.clock.add(24 * time.Hour)
	shown("the next day")
	d.Reconcile(Reading{Wallet: "0x1", Balance: 930_000, At: d.clock.now()})
	shown("the wallet is low", WarnLowBalance)
	d.clock.add(time.Hour)
	d.Reconcile(Reading{Wallet: "0x1", Balance: 9_000_000, At: d.clock.now()})
	shown("the wallet was filled")
}

func TestSubscriberWhoNeverAsksDelaysNobody(t *testing.T) {
	d := openDesk(t, nil)
	sub := d.Subscribe()
	for i := range 3 * mostWarnings {
		d.setCap(Micros(i) * 1000)
		d.spendOn("free/x", "free/x")
		d.refused(Request{Model: "premium", InputTokens: 1e6, MaxTokens: 1e6, ClawRouter: true})
	}
	select {
	case <-sub.C:
	default:
		t.Error("no signal")
	}
	if n := len(sub.Warnings()); n != mostWarnings {
		t.Errorf("%d warnings are kept", n)
	}
	sub.Close()
	d.spendOn("free/x", "free/x")
	select {
	case <-sub.C:
		t.Error("a signal after Close")
	default:
	}
}
