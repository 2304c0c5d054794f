package app

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/BlockRunAI/clawrouter-codex/backend/codex"
	"github.com/BlockRunAI/clawrouter-codex/backend/link"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fakeLink publishes what a test says, and writes down what it is asked.
type fakeLink struct {
	link.Link // what is not below is never called
	states    chan link.State

	mu    sync.Mutex // guards the rest
	asked []string
	fails error
	block chan struct{} // a call waits for it
}

func (l *fakeLink) Subscribe(context.Context) (<-chan link.State, error) { return l.states, nil }

func (l *fakeLink) Models(context.Context) ([]codex.PickerModel, error) { return well().models, nil }

func (l *fakeLink) ask(format string, args ...any) error {
	if l.block != nil {
		<-l.block
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked = append(l.asked, fmt.Sprintf(format, args...))
	return l.fails
}

func (l *fakeLink) SetProvider(_ context.Context, p link.Provider) (codex.Change, error) {
	return codex.Change{}, l.ask("provider %s", p)
}

func (l *fakeLink) SetWebSearch(_ context.Context, on bool) (link.WebSearch, error) {
	return link.WebSearch{}, l.ask("search %v", on)
}

func (l *fakeLink) SetPaused(_ context.Context, on bool) (link.Spend, error) {
	return link.Spend{}, l.ask("paused %v", on)
}

func (l *fakeLink) SetLogin(_ context.Context, on bool) (link.Login, error) {
	return link.Login{}, l.ask("login %v", on)
}

func (l *fakeLink) RestartCodex(context.Context) error { return l.ask("restart Codex") }

func (l *fakeLink) UseModel(_ context.Context, name string, pin bool) (link.ModelUse, error) {
	return link.ModelUse{}, l.ask("model %s %v", name, pin)
}

// fakeDesk writes down what happens on the desktop.
type fakeDesk struct {
	mu  sync.Mutex // guards did
	did []string
}

func (d *fakeDesk) note(format string, args ...any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.did = append(d.did, fmt.Sprintf(format, args...))
}

func (d *fakeDesk) tell(n note)        { d.note("tell %s: %s", n.id, n.text) }
func (d *fakeDesk) withdraw(id string) { d.note("withdraw %s", id) }
func (d *fakeDesk) copyText(_ context.Context, text string) error {
	d.note("copy %s", text)
	return nil
}
func (d *fakeDesk) showPanel(_ context.Context, _ link.Link, part string) error {
	d.note("panel %s", part)
	return nil
}
func (d *fakeDesk) showBrowser(context.Context, link.Link) error { d.note("browser"); return nil }

// rig is a loop that runs in a test.
type rig struct {
	t      *testing.T
	bar    *fakeBar
	menu   *menu
	link   *fakeLink
	desk   *fakeDesk
	clicks chan click
	links  chan link.Link
	stop   context.CancelFunc
	ended  chan struct{}
}

func newRig(t *testing.T) *rig {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	r := &rig{t: t, bar: &fakeBar{}, link: &fakeLink{states: make(chan link.State)}, desk: &fakeDesk{},
		clicks: make(chan click, queued), links: make(chan link.Link), stop: stop, ended: make(chan struct{})}
	r.menu = newMenu(r.bar)
	l := &loop{menu: r.menu, desk: r.desk, links: r.links, clicks: r.clicks, quit: stop}
	go func() { defer close(r.ended); l.run(ctx) }()
	t.Cleanup(func() { stop(); <-r.ended })
	return r
}

// await waits until ok holds of the bar and the desk, which it sees at rest.
func (r *rig) await(what string, ok func() bool) {
	r.t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for {
		r.menu.mu.Lock()
		r.desk.mu.Lock()
		r.link.mu.Lock()
		done := ok()
		state := fmt.Sprintf("%s\ndesk %q\nlink %q", r.bar.looks(), r.desk.did, r.link.asked)
		r.link.mu.Unlock()
		r.desk.mu.Unlock()
		r.menu.mu.Unlock()
		if done {
			return
		}
		if time.Now().After(deadline) {
			r.t.Fatalf("%s did not come:\n%s", what, state)
		}
		time.Sleep(time.Millisecond)
	}
}

func (r *rig) shows(line string) func() bool {
	return func() bool { return strings.Contains(r.bar.looks(), line) }
}

func TestStatesAreDrawnAndClicksCarriedOut(t *testing.T) {
	r := newRig(t)
	r.await("the first face", r.shows("Starting…"))
	r.links <- r.link
	r.link.states <- well().state
	r.await("the state", r.shows("- ClawRouter · Claude Opus 5 · $12.34 (grey)"))

	for _, c := range []click{
		{do: useProvider, what: "subscription"}, {do: useModel, what: "zai/glm-5.2"}, {do: setSearch, on: true},
		{do: setPaused, on: true}, {do: setLogin, on: true}, {do: copyWallet, what: "0xabc"}, {do: openPanel, what: "logs"},
		{do: openBrowser}, {do: restartCodex}, {},
	} {
		r.clicks <- c
	}
	r.await("all of them", func() bool { return len(r.desk.did) == 3 && len(r.link.asked) == 6 })
	wantLink := []string{"provider subscription", "model zai/glm-5.2 false", "search true", "paused true", "login true", "restart Codex"}
	wantDesk := []string{"copy 0xabc", "panel logs", "browser"}
	if diff := cmp.Diff(wantLink, r.link.asked) + cmp.Diff(wantDesk, r.desk.did); diff != "" {
		t.Error(diff)
	}

	close(r.link.states)
	r.await("the end of the link", r.shows("Starting…"))
	r.clicks <- click{do: quit}
	<-r.ended
	if !strings.Contains(r.bar.looks(), "Stopping…") {
		t.Errorf("at the end\n%s", r.bar.looks())
	}
}

// No click is lost while one takes its time, and states go on being drawn.
func TestClicksWhileOneIsWorkedOn(t *testing.T) {
	r := newRig(t)
	r.link.block = make(chan struct{})
	r.links <- r.link
	r.link.states <- well().state
	for i := range 10 {
		r.clicks <- click{do: setSearch, on: i%2 == 0}
	}
	s := well().state
	s.Spend.Paused = true
	r.link.states <- s
	r.await("a state meanwhile", r.shows("x Pause spending"))
	close(r.link.block)
	r.await("all ten", func() bool { return len(r.link.asked) == 10 })
}

func TestAClickThatDoesNotWorkSaysSo(t *testing.T) {
	r := newRig(t)
	r.link.fails = &link.Error{Kind: link.Failed, Message: "config.toml cannot be read", Fix: "clawrouter-codex doctor"}
	r.links <- r.link
	r.link.states <- well().state
	r.clicks <- click{do: useProvider, what: "clawrouter"}
	r.await("the reason, in the menu", r.shows("- config.toml cannot be read"))
	r.await("the same on the desktop", func() bool {
		return len(r.desk.did) == 1 && r.desk.did[0] == "tell click-failed: config.toml cannot be read. Run: clawrouter-codex doctor"
	})
	r.link.mu.Lock()
	r.link.fails = nil
	r.link.mu.Unlock()
	r.clicks <- click{do: setSearch, on: true}
	r.await("its end", func() bool { return !strings.Contains(r.bar.looks(), "cannot be read") })
}

// Who asks for the panel before there is a link gets it as soon as there is one.
func TestThePanelIsOpenedLater(t *testing.T) {
	r := newRig(t)
	r.clicks <- click{do: openPanel}
	r.clicks <- click{do: openBrowser} // not by a person: the row is grey
	r.await("a quiet loop", func() bool { return len(r.clicks) == 0 })
	r.links <- r.link
	r.link.states <- well().state
	r.await("the panel", func() bool { return len(r.desk.did) == 1 && r.desk.did[0] == "panel " })
}

func TestNoticesAreToldOnce(t *testing.T) {
	empty := link.Notice{ID: "wallet-empty", Level: link.LevelError, Text: "The wallet is empty."}
	known := link.Notice{ID: "cap-80", Level: link.LevelWarning, Text: "80 % of the cap.", Known: true}
	half := link.Notice{ID: "cap-50", Level: link.LevelInfo, Text: "Half of the cap."}
	fresh := link.Notice{ID: "models-updated", Level: link.LevelInfo, Text: "New models."}
	var loud, quiet link.State
	loud.MenuBar.Notifications = true
	with := func(s link.State, list ...link.Notice) link.State { s.Notices = list; return s }
	d := &fakeDesk{}
	l := &loop{desk: d, told: map[string]bool{}}
	for _, s := range []link.State{
		with(loud, empty, known, half), with(loud, empty, fresh), with(loud), with(loud, empty),
		with(loud), with(quiet, empty), with(quiet),
	} {
		l.tell(s)
	}
	want := []string{
		"tell wallet-empty: The wallet is empty.", "tell models-updated: New models.",
		"withdraw models-updated", "withdraw wallet-empty",
		"tell wallet-empty: The wallet is empty.", "withdraw wallet-empty",
	}
	if diff := cmp.Diff(want, d.did); diff != "" {
		t.Error(diff)
	}
}

func TestWords(t *testing.T) {
	err := fmt.Errorf("more: %w", &link.Error{Message: "it is so", Fix: "one\ntwo"})
	if got := words(err); got != "more: it is so. Run: one, or: two" {
		t.Errorf("got %q", got)
	}
	if got := words(errors.New("plain")); got != "plain" {
		t.Errorf("got %q", got)
	}
	if got := words(nil); got != "" {
		t.Errorf("got %q", got)
	}
}
