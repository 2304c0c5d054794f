package link

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/BlockRunAI/clawrouter-codex/backend/bridge"
	"github.com/BlockRunAI/clawrouter-codex/backend/models"
	"github.com/BlockRunAI/clawrouter-codex/backend/proxy"
	"github.com/BlockRunAI/clawrouter-codex/backend/spend"
)

// book opens the ledger of u's link.
func (u *user) book() *spend.Book {
	u.t.Helper()
	b, err := spend.Open(spend.Options{
		Folder: spend.Disk(u.settings.Paths.Spend()), Prices: models.Snapshot(), Now: func() time.Time { return noon },
	})
	if err != nil {
		u.t.Fatal(err)
	}
	u.t.Cleanup(func() { _ = b.Close(context.Background()) })
	if err := b.Ready(u.t.Context()); err != nil {
		u.t.Fatal(err)
	}
	return b
}

// turn books one turn, and returns what it cost.
func (u *user) turn(b *spend.Book, thread string) spend.Micros {
	u.t.Helper()
	r, err := b.Reserve(spend.Request{Thread: thread, Model: "openai/gpt-5.5", InputTokens: 10_000, MaxTokens: 8192, ClawRouter: true})
	if err != nil {
		u.t.Fatal(err)
	}
	return r.Book(spend.Outcome{Used: "openai/gpt-5.5", In: 9_000, Out: 300, Outcome: spend.OutcomeOK}).Cost
}

// With a process or without one, the same is shown, and a limit set in one way is
// found in the other.
func TestSpendingWithAndWithoutAProcess(t *testing.T) {
	u := newUser(t)
	ctx := t.Context()
	two := 2 * spend.Dollar
	alone := u.local(0)
	if s, err := alone.SetCap(ctx, &two); err != nil || s.Cap == nil || *s.Cap != two {
		t.Fatalf("%+v %v", s, err)
	}
	if s, err := alone.SetPaused(ctx, true); err != nil || !s.Paused {
		t.Fatalf("%+v %v", s, err)
	}

	u.withBook = u.book()
	_, remote, _ := u.remote()
	s, err := remote.State(ctx)
	if err != nil || s.Spend.Cap == nil || *s.Spend.Cap != two || !s.Spend.Paused {
		t.Fatalf("the process does not see them: %+v %v", s.Spend, err)
	}
	if s, err := remote.SetPaused(ctx, false); err != nil || s.Paused {
		t.Fatalf("%+v %v", s, err)
	}
	cost := u.turn(u.withBook, "th")
	running, err := remote.Spending(ctx, 7, 5)
	if err != nil {
		t.Fatal(err)
	}
	if len(running.Days) != 7 || running.Days[6].Cost != cost || len(running.Recent) != 1 || running.Upstream == nil {
		t.Errorf("%+v", running)
	}
	now, err := remote.State(ctx)
	if err != nil {
		t.Fatal(err)
	}

	if err := u.withBook.Close(ctx); err != nil {
		t.Fatal(err)
	}
	left, err := alone.Spending(ctx, 7, 5)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(running.Days, left.Days); diff != "" {
		t.Error(diff)
	}
	later, _ := alone.State(ctx)
	now.Spend.Complete, later.Spend.Complete, now.Spend.Unwritten = true, true, 0
	now.Spend.Balance, now.Spend.BalanceAt = nil, time.Time{} // only who runs has asked for it
	if diff := cmp.Diff(now.Spend, later.Spend); diff != "" {
		t.Error(diff)
	}
	if s, err := alone.SetCap(ctx, nil); err != nil || s.Cap != nil {
		t.Errorf("%+v %v", s, err)
	}
}

func TestLimitsThatCannotBe(t *testing.T) {
	u := newUser(t)
	u.withBook = u.book()
	five := 5 * spend.Dollar
	if err := u.withBook.SetCap(five); err != nil {
		t.Fatal(err)
	}
	local, remote, _ := u.remote()
	below := -spend.Dollar
	for name, l := range map[string]Link{"local": local, "remote": remote} {
		if _, err := l.SetCap(t.Context(), &below); err == nil {
			t.Errorf("%s: a limit below nothing", name)
		}
	}
	// A command of some other program's that names no limit removes none.
	if err := remote.call(t.Context(), "POST", "/cap", struct{}{}, nil); err == nil {
		t.Error("no limit was named, and none was missed")
	}
	if s := u.withBook.Status(); s.Cap == nil || *s.Cap != five {
		t.Errorf("%+v", s)
	}
}

// A ledger that cannot be read is told, and does not hide the rest.
func TestLedgerThatCannotBeRead(t *testing.T) {
	u := newUser(t)
	// A file in the place of the folder is on Windows as none.
	if err := os.MkdirAll(filepath.Join(u.settings.Paths.Spend(), noon.Format("2006-01-02")+".jsonl"), 0o700); err != nil {
		t.Fatal(err)
	}
	s, err := u.local(0).State(t.Context())
	if err != nil || len(s.Spend.Problems) != 1 || !strings.Contains(s.Spend.Problems[0], "cannot be read") {
		t.Errorf("%+v %v", s.Spend, err)
	}
	if ids(s.Notices) != "ledger" {
		t.Errorf("notices %q", ids(s.Notices))
	}
}

func ids(list []Notice) string {
	var names []string
	for _, n := range list {
		names = append(names, n.ID)
	}
	return strings.Join(names, " ")
}

func TestNotices(t *testing.T) {
	u := newUser(t)
	u.withBook = u.book()
	l := u.local(8403)
	shown := func(when, want string) []Notice {
		t.Helper()
		s, err := l.State(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got := ids(s.Notices); got != want {
			t.Errorf("%s: %q, want %q", when, got, want)
		}
		return s.Notices
	}
	shown("at first", "")
	limit := u.turn(u.withBook, "a") * 3
	if _, err := l.SetCap(t.Context(), &limit); err != nil {
		t.Fatal(err)
	}
	shown("a third is spent", "")
	u.turn(u.withBook, "a")
	if n := shown("two thirds are", "cap-50"); n[0].Known || n[0].Level != LevelInfo || !n[0].Since.Equal(noon) {
		t.Errorf("%+v", n[0])
	}
	u.turn(u.withBook, "a")
	shown("all is", "cap-100")
	u.withBook.Reconcile(spend.Reading{Wallet: "0x1", Balance: 400_000, At: noon})
	l.Answered(bridge.Answer{Asked: "openai/gpt-5.5", Used: "free/gpt-oss-120b", Notice: "> **⚠️ Wallet empty** — using free model. Send USDC to `0x1`."})
	n := shown("the wallet runs low and free models answer", "cap-100 free-in-use wallet-low")
	if want := "The free model free/gpt-oss-120b answered, though a paid one was asked for. ClawRouter says: Wallet empty — using free model. Send USDC to 0x1."; n[1].Text != want {
		t.Errorf("%q", n[1].Text)
	}
	l.Answered(bridge.Answer{Asked: "openai/gpt-5.5", Used: "openai/gpt-5.5"})
	shown("the paid one answers again", "cap-100 wallet-low")
	if _, err := l.SetCap(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	shown("without a limit", "wallet-low")
}

// What keeps ClawRouter from running is told in the words of the start, with what
// mends it.
func TestNoticesOfTheProxy(t *testing.T) {
	down := func(kind proxy.StartErrorKind) *proxy.StartError {
		return &proxy.StartError{Kind: kind, Message: "what happened", Mend: "what to do"}
	}
	for _, c := range []struct {
		name string
		s    State
		w    proxy.State
		want string
	}{
		{"all is well", State{}, proxy.State{Phase: proxy.PhaseHealthy}, ""},
		{"it starts", State{}, proxy.State{Phase: proxy.PhaseStarting}, ""},
		{"one crash", State{}, proxy.State{Phase: proxy.PhaseRestarting, Failures: 1, Err: down(proxy.Crashed)}, ""},
		{"crash after crash", State{}, proxy.State{Phase: proxy.PhaseRestarting, Failures: 3, Err: down(proxy.Crashed)}, "proxy-down"},
		{"no Node.js", State{}, proxy.State{Phase: proxy.PhaseFailed, Err: down(proxy.NodeMissing)}, "proxy-down"},
		{"an old one", State{}, proxy.State{Phase: proxy.PhaseFailed, Err: down(proxy.NodeTooOld)}, "proxy-down"},
		{"no npx", State{}, proxy.State{Phase: proxy.PhaseFailed, Err: down(proxy.NpxMissing)}, "proxy-down"},
		{"no network", State{}, proxy.State{Phase: proxy.PhaseFailed, Err: down(proxy.NoNetwork)}, "proxy-down"},
		{"the port is taken", State{}, proxy.State{Phase: proxy.PhaseFailed, Err: down(proxy.PortTaken)}, "port-taken"},
		{"it runs again, and says what was", State{}, proxy.State{Phase: proxy.PhaseHealthy, Failures: 3, Err: down(proxy.Crashed)}, ""},
		{"another wallet", State{Wallet: Wallet{Mismatch: "m"}}, proxy.State{Phase: proxy.PhaseHealthy}, "wallet-mismatch"},
		{"a new wallet", State{Wallet: Wallet{Created: "c", Empty: true}}, proxy.State{Phase: proxy.PhaseHealthy}, "wallet-empty wallet-created"},
		{"another port", State{Bridge: Bridge{Port: 8413, Taken: "port 8403 is in use"}}, proxy.State{}, "bridge-moved"},
	} {
		list := newUser(t).local(8403).notices(&c.s, c.w)
		if got := ids(list); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
		if c.w.Err != nil && len(list) > 0 && (list[0].Text != "what happened" || list[0].Mend != "what to do" || list[0].Level != LevelError) {
			t.Errorf("%s: %+v", c.name, list[0])
		}
	}
}

func TestFreeModelInUse(t *testing.T) {
	const notice = "> **⚠️ Wallet empty** — using free model."
	for _, c := range []struct {
		name string
		a    bridge.Answer
		want bool
	}{
		{"a paid model answered", bridge.Answer{Asked: "a/b", Used: "a/b"}, false},
		{"a free one did instead", bridge.Answer{Asked: "a/b", Used: "free/c", Notice: notice}, true},
		{"a free one did, and nobody says why", bridge.Answer{Asked: "a/b", Used: "free/c"}, true},
		{"a free one was asked", bridge.Answer{Asked: "free/c", Used: "free/d"}, false},
		{"whatever is free was asked", bridge.Answer{Asked: "free", Used: "free/d"}, false},
		{"a profile chose a free one", bridge.Answer{Asked: "blockrun/eco", Used: "free/c"}, false},
		{"a profile had to", bridge.Answer{Asked: "blockrun/auto", Used: "free/c", Notice: notice}, true},
		{"nobody says what answered", bridge.Answer{Asked: "a/b"}, false},
	} {
		if got := freeInstead(c.a); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

// loginFake is a launch at login that a test looks into.
type loginFake struct {
	mu  sync.Mutex
	on  bool
	err error
}

// refuse makes every switch fail from now on.
func (f *loginFake) refuse(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.err = err
}

func (f *loginFake) State(context.Context) Login {
	f.mu.Lock()
	defer f.mu.Unlock()
	return Login{Available: true, On: f.on, Kind: "autostart", Path: "/home/x.desktop"}
}

func (f *loginFake) Set(_ context.Context, on bool) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err == nil {
		f.on = on
	}
	return f.err
}

func TestLoginAndModelUpdate(t *testing.T) {
	u := newUser(t)
	bare := u.local(8403)
	if s, _ := bare.State(t.Context()); s.Login.Available {
		t.Errorf("%+v", s.Login)
	}
	if _, err := bare.SetLogin(t.Context(), true); err == nil {
		t.Error("nothing can be switched here")
	}
	if _, err := bare.UpdateModels(t.Context()); err == nil {
		t.Error("nothing can be written here")
	}

	fake := &loginFake{}
	u.more = func(o *Options) {
		o.Login = fake
		o.UpdateModels = func(context.Context) (ModelUpdate, error) {
			return ModelUpdate{Path: "/c.json", Models: 3, Source: "here"}, nil
		}
	}
	_, remote, _ := u.remote()
	if l, err := remote.SetLogin(t.Context(), true); err != nil || !l.On || !fake.State(t.Context()).On {
		t.Errorf("%+v %v", l, err)
	}
	fake.refuse(errors.New("the folder is read-only"))
	if _, err := remote.SetLogin(t.Context(), false); err == nil || err.Error() != "the folder is read-only" {
		t.Error(err)
	}
	if m, err := remote.UpdateModels(t.Context()); err != nil || m.Models != 3 {
		t.Errorf("%+v %v", m, err)
	}
	s, err := remote.State(t.Context())
	if err != nil || !s.Login.On || ids(s.Notices) != "models-updated" {
		t.Errorf("%+v %v", s, err)
	}
}

// A Codex that was open before the base config was switched has to be restarted;
// one that finds it as it was has not.
func TestRestartCodex(t *testing.T) {
	u := newUser(t)
	u.setUp()
	l := u.local(8403)
	restart := func() bool { s, _ := l.State(t.Context()); return s.Restart }
	if _, err := l.SetProvider(t.Context(), Subscription); err != nil || restart() {
		t.Errorf("nothing was switched: %v", err)
	}
	if _, err := l.SetProvider(t.Context(), ClawRouter); err != nil || !restart() {
		t.Errorf("switched: %v", err)
	}
}

func TestLogOfBoth(t *testing.T) {
	u := newUser(t)
	paths := u.settings.Paths
	write := func(path, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	l := u.local(8403)
	if list, err := l.Log(t.Context(), 10); err != nil || len(list) != 0 {
		t.Errorf("before there is one: %v %v", list, err)
	}
	// The second line is of an older release.
	write(paths.ProgramLog(), `{"time":"2026-11-22T12:00:00.500Z","level":"INFO","msg":"turn","thread":"a","usd":0.0021,"error":"a b","outcome":"ok"}`+"\n"+
		"time=2026-11-22T12:00:02.000+01:00 level=WARN msg=\"ClawRouter says\" notice=\"say \\\"x\\\"\"\n")
	write(paths.ProxyLog(), "2026-11-22T12:00:00Z [ClawRouter] v0.12.250\nno time\n2026-11-22T12:00:01Z Payment failed\n")
	at := func(text string) time.Time {
		v, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	want := []LogLine{
		{at("2026-11-22T12:00:02+01:00"), FromBridge, LevelWarning, `ClawRouter says notice="say \"x\""`},
		{at("2026-11-22T12:00:00Z"), FromClawRouter, LevelInfo, "[ClawRouter] v0.12.250"},
		{at("2026-11-22T12:00:00Z"), FromClawRouter, LevelInfo, "no time"},
		{at("2026-11-22T12:00:00.5Z"), FromBridge, LevelInfo, `turn thread=a usd=0.0021 error="a b" outcome=ok`},
		{at("2026-11-22T12:00:01Z"), FromClawRouter, LevelWarning, "Payment failed"},
	}
	_, remote, _ := u.remote()
	for name, from := range map[string]Link{"local": l, "remote": remote} {
		got, err := from.Log(t.Context(), 10)
		if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b time.Time) bool { return a.Equal(b) })); err != nil || diff != "" {
			t.Errorf("%s: %v %s", name, err, diff)
		}
		if got, err := from.Log(t.Context(), 2); err != nil || len(got) != 2 || got[1].Text != "Payment failed" {
			t.Errorf("%s, two lines: %v %v", name, got, err)
		}
	}
}

func TestFollowLogShowsWhatIsWritten(t *testing.T) {
	u := newUser(t)
	ours, err := proxy.OpenLog(u.settings.Paths.ProgramLog())
	if err != nil {
		t.Fatal(err)
	}
	defer ours.Close()
	write := func(text string) {
		t.Helper()
		if _, err := ours.Write([]byte(text + "\n")); err != nil {
			t.Fatal(err)
		}
	}
	write("time=2026-11-22T12:00:00Z level=INFO msg=old")
	write("time=2026-11-22T12:00:00Z level=INFO msg=before")
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var got []string
	err = FollowLog(ctx, u.settings.Paths, 1, func(l LogLine) {
		got = append(got, string(l.Source)+" "+l.Text)
		switch len(got) {
		case 1:
			write(`{"time":"2026-11-22T12:00:01Z","level":"ERROR","msg":"after"}`)
		case 2:
			// The other log begins only now.
			theirs, err := proxy.OpenLog(u.settings.Paths.ProxyLog())
			if err != nil {
				t.Error(err)
			}
			_, _ = theirs.Write([]byte("2026-11-22T12:00:02Z up\n"))
			_ = theirs.Close()
		case 3:
			cancel()
		}
	})
	if diff := cmp.Diff([]string{"bridge before", "bridge after", "clawrouter up"}, got); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
}

// Before the program starts at login, a person is told what may be spent.
func TestLoginWarning(t *testing.T) {
	limit := 5 * spend.Dollar
	tests := []struct {
		name  string
		spent Spend
		want  string
	}{
		{"no limit", Spend{}, "There is no daily cap; set one with: clawrouter-codex cap 5"},
		{"a limit", Spend{Cap: &limit}, "The daily cap is $5.00."},
		{"a limit that cannot be read", Spend{Problems: []string{"x"}}, "The daily cap cannot be read"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := loginWarning(tt.spent)
			if !strings.Contains(got, tt.want) || !strings.Contains(got, "while nobody looks") {
				t.Errorf("says %q", got)
			}
		})
	}
}

// A pause is for the wallet; where another server answers, the user is not left to
// believe that it holds there.
func TestAPauseThatHoldsNothingIsSaid(t *testing.T) {
	u := newUser(t)
	l := u.local(8403)
	l.o.Book = u.book()
	for _, c := range []struct {
		name   string
		id     proxy.Identity
		paused bool
		said   bool
	}{
		{"nobody answered yet", proxy.Identity{}, true, false},
		{"a ClawRouter", proxy.Identity{ClawRouter: true, At: noon}, true, false},
		{"another server", proxy.Identity{At: noon}, true, true},
		{"another server, not paused", proxy.Identity{At: noon}, false, false},
	} {
		l.identity = c.id
		now, err := l.SetPaused(t.Context(), c.paused)
		if err != nil {
			t.Fatal(err)
		}
		s, err := l.State(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, problems := range [][]string{now.Problems, s.Spend.Problems} {
			if said := strings.Contains(strings.Join(problems, " "), "its turns go on"); said != c.said {
				t.Errorf("%s: %q", c.name, problems)
			}
		}
	}
}
