package app

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/backend/codex"
	"github.com/BlockRunAI/clawrouter-codex/backend/link"
)

// desk is what the program does on the user's desktop besides its icon.
type desk interface {
	// tell shows a notification, or takes the place of the one with the same id. It
	// waits for nobody.
	tell(n note)
	// withdraw takes back a notification whose cause is gone.
	withdraw(id string)
	// copyText puts text into the clipboard.
	copyText(ctx context.Context, text string) error
	// showPanel opens the window at a part of the panel, or where there is no window
	// the browser.
	showPanel(ctx context.Context, l link.Link, part string) error
	showBrowser(ctx context.Context, l link.Link) error
}

// note is a notification on the desktop.
type note struct {
	id          string
	title, text string
	urgent      bool
}

// loop is where states, clicks and what became of them meet. All of its fields
// belong to the goroutine of run, so none needs a lock.
type loop struct {
	menu   *menu
	desk   desk
	links  <-chan link.Link // the link to show
	clicks <-chan click
	quit   func()
	// repaint is sent to when the menu bar has another colour.
	repaint <-chan struct{}

	facts facts
	link  link.Link
	later bool            // the panel was asked for before there was a link
	told  map[string]bool // notices that hold, by id, and whether they were told
	jobs  chan func(context.Context) error
	news  chan func(*facts)
}

// queued is how many clicks wait while one is worked on: more than a person makes.
const queued = 32

// quietTime is how long nothing happens before the program is at rest.
const quietTime = 5 * time.Second

// run draws until ctx ends, and owns every goroutine that it starts.
func (l *loop) run(ctx context.Context) {
	l.told = map[string]bool{}
	l.jobs, l.news = make(chan func(context.Context) error, queued), make(chan func(*facts))
	ctx, stop := context.WithCancel(ctx)
	var others sync.WaitGroup
	defer others.Wait()
	defer stop()
	others.Go(func() { l.work(ctx) })

	var states <-chan link.State
	quiet := time.NewTimer(quietTime)
	defer quiet.Stop()
	l.menu.draw(draw(l.facts))
	for {
		select {
		case next := <-l.links:
			states = l.attach(ctx, next)
		case s, ok := <-states:
			if !ok {
				states, l.facts.known = nil, false
				break
			}
			l.take(ctx, s, &others)
		case c := <-l.clicks:
			l.answer(c)
		case change := <-l.news:
			change(&l.facts)
		case <-l.repaint:
			l.menu.repaint()
			continue
		case <-quiet.C:
			rest()
			continue
		case <-ctx.Done():
			l.facts = facts{stopping: true}
			l.menu.draw(draw(l.facts))
			return
		}
		l.menu.draw(draw(l.facts))
		quiet.Reset(quietTime)
	}
}

// attach follows another link. The states of the one before end by themselves:
// it is gone.
func (l *loop) attach(ctx context.Context, next link.Link) <-chan link.State {
	l.link, l.facts.known = next, false
	states, err := next.Subscribe(ctx)
	if err != nil {
		l.facts.trouble = words(err)
		return nil
	}
	return states
}

// take notes a new state, finds out what it does not tell, and tells what is news.
func (l *loop) take(ctx context.Context, s link.State, others *sync.WaitGroup) {
	before, first := l.facts.state, !l.facts.known
	l.facts.state, l.facts.known = s, true
	from := l.link
	if first || before.Codex != s.Codex || before.Proxy.Phase != s.Proxy.Phase ||
		before.Model.InForce != s.Model.InForce && !l.lists(s.Model.InForce) {
		others.Go(func() {
			if list, err := from.Models(ctx); err == nil { // else the state says what is wrong
				l.learn(ctx, func(f *facts) { f.models = list })
			}
		})
	}
	l.tell(s)
	if l.later {
		l.later = false
		l.answer(click{do: openPanel})
	}
}

func (l *loop) lists(id string) bool {
	return slices.ContainsFunc(l.facts.models, func(m codex.PickerModel) bool { return m.ID == id })
}

// learn hands a change of the facts to run.
func (l *loop) learn(ctx context.Context, change func(*facts)) {
	select {
	case l.news <- change:
	case <-ctx.Done():
	}
}

// tell makes a notification of each notice that is news: one that holds already
// is not told again, and one that came back is.
func (l *loop) tell(s link.State) {
	holds := map[string]bool{}
	for _, n := range s.Notices {
		shown, held := l.told[n.ID]
		if !held && !n.Known && worthTelling(n) && s.MenuBar.Notifications {
			shown = true
			l.desk.tell(note{id: n.ID, title: title(n), text: n.Text, urgent: n.Level == link.LevelError})
		}
		holds[n.ID] = shown
	}
	for _, id := range slices.Sorted(maps.Keys(l.told)) {
		if _, still := holds[id]; !still && l.told[id] {
			l.desk.withdraw(id)
		}
	}
	l.told = holds
}

// worthTelling: what is only worth knowing stands in the panel, but for new models.
func worthTelling(n link.Notice) bool {
	return n.Level != link.LevelInfo || n.ID == "models-updated"
}

func title(n link.Notice) string {
	if n.Level == link.LevelError {
		return "ClawRouter needs you"
	}
	return "ClawRouter"
}

// clickFailed is the id of the notification about a click that did nothing.
const clickFailed = "click-failed"

// work does what clicks ask for, one after the other, until ctx ends.
func (l *loop) work(ctx context.Context) {
	for {
		select {
		case do := <-l.jobs:
			err := do(ctx)
			if ctx.Err() != nil {
				return
			}
			if err != nil {
				l.desk.tell(note{id: clickFailed, title: "That did not work", text: words(err), urgent: true})
			}
			l.learn(ctx, func(f *facts) { f.trouble = words(err) })
		case <-ctx.Done():
			return
		}
	}
}

// words are an error for a person, with the command that mends it.
func words(err error) string {
	if err == nil {
		return ""
	}
	text := err.Error()
	var mends interface{ Mend() string }
	if errors.As(err, &mends) && mends.Mend() != "" {
		text += ". Run: " + strings.ReplaceAll(mends.Mend(), "\n", ", or: ")
	}
	return text
}

// answer queues what a click asks for.
func (l *loop) answer(c click) {
	if c.do == quit {
		l.quit()
		return
	}
	to := l.link
	if to == nil || c.do == nothing {
		l.later = l.later || c.do == openPanel
		return
	}
	select {
	case l.jobs <- func(ctx context.Context) error { return carryOut(ctx, c, to, l.desk) }:
	default: // so many wait already that this one is no person's
	}
}

// carryOut does what a click asks for.
func carryOut(ctx context.Context, c click, to link.Link, d desk) (err error) {
	switch c.do {
	case useProvider:
		_, err = to.SetProvider(ctx, link.Provider(c.what))
	case useModel:
		_, err = to.UseModel(ctx, c.what, false)
	case setSearch:
		_, err = to.SetWebSearch(ctx, c.on)
	case setPaused:
		_, err = to.SetPaused(ctx, c.on)
	case setLogin:
		_, err = to.SetLogin(ctx, c.on)
	case openPanel:
		err = d.showPanel(ctx, to, c.what)
	case openBrowser:
		err = d.showBrowser(ctx, to)
	case copyWallet:
		err = d.copyText(ctx, c.what)
	case restartCodex:
		err = to.RestartCodex(ctx)
	}
	return err
}
