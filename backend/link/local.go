package link

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/backend/bridge"
	"github.com/BlockRunAI/clawrouter-codex/backend/codex"
	"github.com/BlockRunAI/clawrouter-codex/backend/models"
	"github.com/BlockRunAI/clawrouter-codex/backend/proxy"
	"github.com/BlockRunAI/clawrouter-codex/backend/settings"
	"github.com/BlockRunAI/clawrouter-codex/backend/spend"
)

// Options is what a Local needs. Settings, Version, Client and Edit must be set.
type Options struct {
	Settings *settings.Settings
	Version  string
	Client   *proxy.Client
	// Supervisor is nil where no ClawRouter is supervised.
	Supervisor *proxy.Supervisor
	// Bridge is the one of this process; zero where none runs.
	Bridge Bridge
	// Edit calls change while nobody else writes settings or Codex's files.
	Edit func(ctx context.Context, change func() error) error
	// Key is the bridge's key for Codex's files; it is asked inside Edit. nil writes
	// none.
	Key func() (string, error)
	// FindWallet tells what a ClawRouter would pay from; it is asked while none
	// runs. It may be nil.
	FindWallet func() (proxy.Wallet, error)
	// PanelURL makes an address for Panel. It may be nil: then it is the page's own.
	PanelURL func() (string, error)
	// ShowPanel opens the window at a part of the panel; nil where there is none.
	ShowPanel func(ctx context.Context, part string) error
	// Book is the ledger of this process; nil where none keeps the link up, and
	// the ledger is looked at on disk.
	Book *spend.Book
	// Prices reads the list that the ledger counts with; nil where it never changes.
	Prices func() *models.Table
	// WriteLog writes the lines of the log that wait in memory; nil where none do.
	WriteLog func() error
	// Login is the launch at login; nil where there is none.
	Login LoginSwitch
	// DesktopApp is nil where no Desktop app of Codex can be asked to quit.
	DesktopApp DesktopApp
	// CodexCommand is the line that starts Codex with the profile.
	CodexCommand string
	// UpdateModels writes Codex's list anew; it may be nil.
	UpdateModels func(context.Context) (ModelUpdate, error)
	Now          func() time.Time
}

// Local is the Link of the process that keeps it up, and with a zero Bridge that
// of a command while no process does.
type Local struct {
	o       Options
	home    codex.Home
	catalog catalogMemory
	kick    chan struct{} // something changed that Run should publish
	turns   chan struct{} // a turn ended, or somebody looks: the balance may be another one
	booked  chan struct{} // the ledger has something new
	askApp  chan struct{} // it matters whether the Desktop app runs
	updated atomic.Bool   // this process wrote Codex's list of models

	restarting sync.Mutex // held while the Desktop app is asked to quit

	// order is held from the look at the state until it is sent, so that the
	// newest is sent last; it is taken before mu.
	order sync.Mutex

	mu        sync.Mutex // guards the rest
	chosen    string
	search    WebSearch
	last      bridge.Answer        // of the last turn
	switched  bool                 // the base config, since this process runs
	asks      bool                 // the Desktop app runs, and can be asked to quit
	disk      onDisk               // as it was seen last
	blind     string               // why the files are not watched
	since     map[string]time.Time // of notices, by id
	balance   *proxy.Health        // the last full answer
	asked     time.Time
	identity  proxy.Identity
	published []byte
	subs      map[*subscriber]struct{}
	closed    bool
}

// NewLocal returns a Local; it starts nothing.
func NewLocal(o Options) *Local {
	if o.Now == nil {
		o.Now = time.Now
	}
	s := o.Settings
	l := &Local{
		o: o, home: codex.Home{Dir: s.CodexHome.V},
		kick: make(chan struct{}, 1), turns: make(chan struct{}, 1), booked: make(chan struct{}, 1),
		askApp: make(chan struct{}, 1),
		chosen: s.Model.V,
		search: WebSearch{On: s.WebSearch.V, Origin: s.WebSearch.Origin},
		subs:   map[*subscriber]struct{}{},
	}
	l.disk = onDisk{model: s.Model.V, search: s.WebSearch.V, menuBar: menuBarOf(s)}
	if stored, err := s.Stored(); err == nil {
		l.disk.search = stored.WebSearch.V // the environment may have decided otherwise
	}
	return l
}

var _ Link = (*Local)(nil)

// Selected is the model behind "Menu bar choice", for the bridge: the user's
// choice, else the first of Codex's list. "" means that there is neither.
func (l *Local) Selected() string {
	if chosen := l.choice(); chosen != "" {
		return chosen
	}
	if list, _ := l.catalog.read(l.home); len(list) > 0 {
		return list[0].ID
	}
	return ""
}

func (l *Local) choice() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.chosen
}

// Searches reports whether the user wants models to search the web.
func (l *Local) Searches() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.search.On
}

// RefusePaid says why turns on paid models must not be sent; "" when they may.
func (l *Local) RefusePaid() string {
	if l.o.Supervisor == nil {
		return ""
	}
	return l.o.Supervisor.RefusePaid(context.Background())
}

// Answered notes which model answered a turn.
func (l *Local) Answered(a bridge.Answer) {
	l.mu.Lock()
	l.last = a
	l.mu.Unlock()
	signal(l.kick)
	signal(l.turns)
}

func signal(ch chan struct{}) {
	select {
	case ch <- struct{}{}:
	default:
	}
}

// State implements Link.
func (l *Local) State(ctx context.Context) (State, error) { return l.state(ctx), nil }

// Models implements Link. Before setup there is no list of Codex's: then it is
// what upstream offers, or what this program knows.
func (l *Local) Models(ctx context.Context) ([]codex.PickerModel, error) {
	if list, _ := l.catalog.read(l.home); len(list) > 0 {
		return list, nil
	}
	s := l.shelf(ctx)
	ids := s.live
	if ids == nil {
		ids = s.table.IDs()
	}
	var list []codex.PickerModel
	for _, m := range s.table.Select(s.table.Join(ids), models.Selection{}) {
		list = append(list, codex.PickerModel{ID: m.ID, Name: m.Name, Description: m.Describe(), Window: m.Window})
	}
	return list, nil
}

// listTimeout is for a server on this machine or named by the user.
const listTimeout = 3 * time.Second

// shelf asks upstream for its models; one that does not answer tells nothing.
func (l *Local) shelf(ctx context.Context) shelf {
	s := shelf{table: models.Snapshot()}
	s.picker, _ = l.catalog.read(l.home)
	ctx, cancel := context.WithTimeout(ctx, listTimeout)
	defer cancel()
	if body, err := l.o.Client.Models(ctx); err == nil {
		if ids, err := models.ParseIDs(body); err == nil {
			s.live = ids
		}
	}
	return s
}

// UseModel implements Link.
func (l *Local) UseModel(ctx context.Context, name string, pin bool) (ModelUse, error) {
	if name == models.Selected {
		return ModelUse{}, &Error{Kind: UnknownModel, Message: models.Selected + " stands for your choice, so it cannot be the choice", Fix: "clawrouter-codex model list"}
	}
	s := l.shelf(ctx)
	m, listed, ok := s.find(name)
	if !ok {
		return ModelUse{}, s.unknown(name)
	}
	use := ModelUse{Model: m.ID, Name: m.Name, Pinned: pin, Live: l.o.Bridge.Port != 0 && !pin}
	_, least := l.catalog.read(l.home)
	switch {
	case !pin && !listed && m.Window > 0 && m.Window < least:
		return ModelUse{}, tooSmall(m, least)
	case pin && !listed && l.home.HasProfile():
		use.Notes = append(use.Notes, fmt.Sprintf("Codex's list does not have %s, so Codex guesses its window: clawrouter-codex gen-catalog --all", m.ID))
	case !pin && least == 0 && l.home.HasProfile():
		use.Notes = append(use.Notes, `Codex's list has no "Menu bar choice" yet: clawrouter-codex setup`)
	}
	err := l.o.Edit(ctx, func() error { return l.storeModel(ctx, m.ID, pin, &use) })
	if err != nil {
		return ModelUse{}, err
	}
	l.publish()
	return use, nil
}

func tooSmall(m codex.PickerModel, least int) *Error {
	return &Error{
		Kind: TooSmall,
		Message: fmt.Sprintf("%s takes %d tokens, but a running Codex counts on the %d that every model of its list takes",
			m.ID, m.Window, least),
		Fix: "put it on the list, then start Codex anew: clawrouter-codex gen-catalog --all\nor have Codex know of it from its start: clawrouter-codex model use --pin " + m.ID,
	}
}

// storeModel writes the profile first: one that asks for the choice does no harm
// while the choice is the old one.
func (l *Local) storeModel(ctx context.Context, id string, pin bool, use *ModelUse) error {
	asks := models.Selected
	if pin {
		asks = id
	}
	err := l.home.SetProfileModel(asks, l.o.Settings.Paths.Backup(), l.o.Now())
	switch {
	case errors.Is(err, codex.ErrNoProfile) && pin:
		return &Error{Kind: Failed, Message: "there is no profile yet in which the model could be pinned", Fix: "clawrouter-codex setup"}
	case errors.Is(err, codex.ErrNoProfile):
		use.Notes = append(use.Notes, "Codex does not know the link yet: clawrouter-codex setup")
	case err != nil:
		return err
	}
	if _, err := l.desktop().SetModel(ctx, asks); err != nil {
		return err
	}
	if pin {
		return nil
	}
	if err := l.o.Settings.Store(settings.Change{Key: "model", Value: id}); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.chosen = id
	return nil
}

// SetWebSearch implements Link.
func (l *Local) SetWebSearch(ctx context.Context, on bool) (WebSearch, error) {
	err := l.o.Edit(ctx, func() error {
		return l.o.Settings.Store(settings.Change{Key: "web_search", Value: on})
	})
	if err != nil {
		return WebSearch{}, err
	}
	l.mu.Lock()
	l.searchIs(on)
	l.mu.Unlock()
	l.publish()
	return l.state(ctx).WebSearch, nil
}

// searchIs takes over the switch, as it is in settings.toml now. Callers hold mu.
func (l *Local) searchIs(on bool) {
	l.search.On = on
	// A variable of this process goes on to win at its next start.
	if l.search.Origin != settings.Environment {
		l.search.Origin = settings.File
	}
}

// desktop is the switch of the base config, for a caller inside Edit.
func (l *Local) desktop() *codex.Desktop {
	paths := l.o.Settings.Paths
	return &codex.Desktop{Home: l.home, State: paths.Root, Backup: paths.Backup(), Now: l.o.Now, Key: l.o.Key}
}

// SetProvider implements Link. On ClawRouter needs a running bridge: Codex must
// never be left pointing at one that is not there.
func (l *Local) SetProvider(ctx context.Context, p Provider) (codex.Change, error) {
	if p != ClawRouter && p != Subscription {
		return codex.Change{}, &Error{Kind: Failed, Message: fmt.Sprintf("there is no provider %q", p)}
	}
	if p == ClawRouter && l.o.Bridge.Port == 0 {
		return codex.Change{}, &Error{Kind: NotRunning, Message: "the link does not run, and Codex must not point at a bridge that is not there", Fix: "clawrouter-codex up"}
	}
	change, err := l.switchTo(ctx, p)
	// Somebody who begins in the menu bar has not run setup: the list is made here.
	if missing := (*codex.NoCatalogError)(nil); errors.As(err, &missing) && l.o.UpdateModels != nil {
		if _, err = l.o.UpdateModels(ctx); err == nil {
			change, err = l.switchTo(ctx, p)
		}
	}
	if err == nil && change.Changed {
		l.mu.Lock()
		l.switched = true
		l.mu.Unlock()
		l.lookAtDesktopApp()
	}
	l.publish()
	return change, err
}

func (l *Local) switchTo(ctx context.Context, p Provider) (change codex.Change, err error) {
	err = l.o.Edit(ctx, func() (err error) {
		if p == Subscription {
			change, err = l.desktop().Off(ctx)
			return err
		}
		change, err = l.desktop().On(ctx, codex.OnOptions{Port: l.o.Bridge.Port})
		return err
	})
	return change, err
}

// RestartProxy implements Link.
func (l *Local) RestartProxy(context.Context) error {
	switch {
	case l.o.Supervisor != nil:
		l.o.Supervisor.Restart()
		return nil
	case l.o.Bridge.Port == 0:
		return &Error{Kind: NotRunning, Message: "the link does not run", Fix: "clawrouter-codex up"}
	}
	return &Error{Kind: NotOurs, Message: fmt.Sprintf("the server on %s was not started by clawrouter-codex, which does not restart it", l.o.Client.BaseURL())}
}

// Wallet implements Link.
func (l *Local) Wallet(ctx context.Context) (Wallet, error) {
	if err := l.askBalance(ctx); err != nil && ctx.Err() != nil {
		return Wallet{}, err
	}
	l.publish()
	w := l.state(ctx).Wallet
	if w.Kind == proxy.WalletNone && w.Mismatch == "" {
		return w, l.noWallet(ctx)
	}
	return w, nil
}

// ShowPanel implements Link.
func (l *Local) ShowPanel(ctx context.Context, part string) error {
	if l.o.ShowPanel == nil {
		return &Error{Kind: NoWindow, Message: "the process that runs the link has no window", Fix: "clawrouter-codex panel --browser"}
	}
	return l.o.ShowPanel(ctx, part)
}

// Panel implements Link.
func (l *Local) Panel(context.Context) (PanelAddress, error) {
	if l.o.Bridge.Port == 0 {
		return PanelAddress{}, &Error{Kind: NotRunning, Message: "the link does not run, so there is no panel to open", Fix: "clawrouter-codex up"}
	}
	if l.o.PanelURL == nil {
		return PanelAddress{URL: l.o.Bridge.URL + "/dashboard"}, nil
	}
	url, err := l.o.PanelURL()
	return PanelAddress{URL: url}, err
}

// noWallet says why nobody can tell what pays.
func (l *Local) noWallet(ctx context.Context) error {
	id, err := l.o.Client.Identify(ctx)
	switch {
	case err == nil && !id.ClawRouter:
		return &Error{Kind: NoWallet, Message: fmt.Sprintf("%s is no ClawRouter: what it costs is between you and its owner", l.o.Client.BaseURL())}
	case l.o.FindWallet != nil:
		if _, err := l.o.FindWallet(); err != nil {
			return err
		}
	}
	return &Error{Kind: NoWallet, Message: "there is no wallet yet; ClawRouter makes one at its first start", Fix: "clawrouter-codex up"}
}

// publish sends the present state to all subscribers, unless they know it. While
// nobody looks there is nothing to put together.
func (l *Local) publish() {
	l.order.Lock()
	defer l.order.Unlock()
	l.mu.Lock()
	watched := len(l.subs) > 0
	l.mu.Unlock()
	if !watched {
		return
	}
	s := l.state(context.Background())
	data, err := json.Marshal(s)
	if err != nil {
		return // a State always encodes
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if string(data) == string(l.published) {
		return
	}
	l.published = data
	for sub := range l.subs {
		sub.send(s)
	}
}
