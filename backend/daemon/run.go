package daemon

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/backend/bridge"
	"github.com/BlockRunAI/clawrouter-codex/backend/codex"
	"github.com/BlockRunAI/clawrouter-codex/backend/doctor"
	"github.com/BlockRunAI/clawrouter-codex/backend/guard"
	"github.com/BlockRunAI/clawrouter-codex/backend/link"
	"github.com/BlockRunAI/clawrouter-codex/backend/models"
	"github.com/BlockRunAI/clawrouter-codex/backend/panel"
	"github.com/BlockRunAI/clawrouter-codex/backend/proxy"
	"github.com/BlockRunAI/clawrouter-codex/backend/settings"
	"github.com/BlockRunAI/clawrouter-codex/backend/spend"
)

// Options is what Run needs. Settings, Version and Command must be set.
type Options struct {
	Settings *settings.Settings
	Version  string
	Command  string // the command that the user gave, for other processes to tell

	Environ []string // as os.Environ, for ClawRouter
	Home    string   // the user's home folder
	Program string   // our own executable, absolute
	Codex   string   // path of the installed Codex, "" where there is none

	// Login is the launch at login; nil where there is none.
	Login link.LoginSwitch
	// DesktopApp is nil where no Desktop app of Codex can be asked to quit.
	DesktopApp link.DesktopApp

	// BridgeOnly starts no ClawRouter and does not wait for one.
	BridgeOnly bool
	// AnyPort lets the system pick the bridge's port.
	AnyPort bool
	// OrAnyPort does so where the wanted port is taken; Link.Taken says by whom.
	OrAnyPort bool
	// Resident keeps the bridge up where ClawRouter cannot be started: the state
	// says so, and RestartProxy tries again.
	Resident bool

	// Doctor makes the checks for the panel, with the settings in force; nil where
	// nobody can.
	Doctor func(context.Context, *settings.Settings) doctor.Report

	// Progress is told what is being waited for and what goes wrong, in words for
	// a person; turns several at a time. It is called by one goroutine at a time.
	Progress func(...Step)
	// ShowPanel opens the window of this program; nil where it has none.
	ShowPanel func(ctx context.Context, part string) error
	// Started is called once, when the bridge answers and before its upstream is
	// waited for.
	Started func(Link)
	// Ready is called once, when bridge and upstream are both healthy (or the
	// bridge alone, with BridgeOnly). Its error ends Run.
	Ready func(context.Context, Link) error

	// Now replaces the clock in tests, and timing the supervisor's patience.
	Now    func() time.Time
	timing proxy.Timing
}

// Step is one line of progress.
type Step struct {
	Part string // "bridge" or "ClawRouter"
	Text string
	Done bool // Part is up
}

// Link is what Run has brought up.
type Link struct {
	Running
	Port   int        // the bridge's
	Taken  *PortError // why Port is not the wanted one; nil where it is
	Client *proxy.Client
	Local  *link.Local
}

// stopGrace is how long turns in flight may go on after the order to stop: most
// answers end within it, and a login session that ends is not held up for longer.
const stopGrace = 10 * time.Second

// Run brings the link up and keeps it until ctx ends; then it lets the turns in
// flight finish, stops the bridge and the ClawRouter that it started, and
// returns nil. It returns a *RunningError when another process runs the link on
// this state folder, and a *PortError when the bridge's port is taken.
func Run(ctx context.Context, o Options) error {
	o = o.withDefaults()
	inst, err := claim(ctx, o.Settings.Paths)
	if err != nil {
		return err
	}
	return errors.Join(runClaimed(ctx, o, inst), inst.release())
}

func (o Options) withDefaults() Options {
	if o.Progress == nil {
		o.Progress = func(...Step) {}
	}
	if o.Started == nil {
		o.Started = func(Link) {}
	}
	if o.Ready == nil {
		o.Ready = func(context.Context, Link) error { return nil }
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

func runClaimed(ctx context.Context, o Options, inst *instance) error {
	defer collectLess(o.Environ)()
	closed, err := o.Settings.Paths.Tighten()
	if err != nil {
		return err
	}
	log, err := openLog(o.Settings.Paths, logChoiceOf(o.Environ), o.secrets(), o.Progress)
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	o.Progress = log.tell
	for _, f := range closed {
		log.Warn(fmt.Sprintf("%s was open to other users of this machine (%v), and is closed now", f.Path, f.Mode))
	}
	keys, err := openKeyring(ctx, o.Settings.Paths)
	if err != nil {
		return err
	}
	return open(ctx, o, inst, log, keys)
}

// open opens the ports and serves.
func open(ctx context.Context, o Options, inst *instance, log *programLog, keys keyring) error {
	listeners, taken, err := listen(ctx, o)
	if err != nil {
		return err
	}
	up, err := newUpstream(o, log.Logger)
	if err != nil {
		return errors.Join(err, closeAll(listeners))
	}
	defer up.client.Close()
	port := listeners[0].Addr().(*net.TCPAddr).Port
	book, err := openBook(o)
	if err != nil {
		return errors.Join(err, closeAll(listeners))
	}
	access := panel.NewAccess(keys.panel, o.Now)
	l := newLink(o, up, book, log, port, taken, func() (string, error) { return panel.URL(access, port), nil })
	page, err := panel.New(panel.Config{
		Link: l.Local, Access: access, SameUser: guard.SameUser, OtherUser: guard.OtherUser, Doctor: o.checks(),
	})
	if err != nil {
		return errors.Join(err, closeBook(book), closeAll(listeners))
	}
	if err := inst.announce(l.Running); err != nil {
		return errors.Join(fmt.Errorf("tell other processes that the link runs: %w", err), closeBook(book), closeAll(listeners))
	}
	server := bridge.New(bridge.Config{
		Upstream: up.client, Version: o.Version, Log: log.Logger, LogContents: logChoiceOf(o.Environ).contents, Book: book,
		Key: guard.NewKeyFile(o.Settings.Paths.Key()).Matches, EnvelopeKey: keys.envelope, Catalog: catalogReader(codex.Home{Dir: o.Settings.CodexHome.V}),
		Selected: l.Local.Selected, WebSearch: l.Local.Searches, Search: up.client, RefusePaid: l.Local.RefusePaid, Answered: l.Local.Answered,
		Control: link.Handler(l.Local, keys.api), Panel: page,
		Stream: streams(o.Settings.Stream.V), Unshielded: set(o.Settings.Unshielded.V),
	})
	served := serve(ctx, o, l, up, func(ctx context.Context) error {
		return server.Serve(ctx, listeners, stopGrace)
	})
	return errors.Join(served, closeBook(book))
}

// checks are Doctor's, with the settings in force.
func (o Options) checks() func(context.Context) doctor.Report {
	if o.Doctor == nil {
		return nil
	}
	return func(ctx context.Context) doctor.Report { return o.Doctor(ctx, o.Settings) }
}

// newLink describes what is about to run on port.
func newLink(o Options, up *upstream, book *spend.Book, log *programLog, port int, taken *PortError, panelURL func() (string, error)) Link {
	l := Link{Port: port, Taken: taken, Client: up.client}
	l.Running = Running{
		PID: os.Getpid(), Command: o.Command, Version: o.Version,
		Bridge:   fmt.Sprintf("http://localhost:%d", port),
		Upstream: up.client.BaseURL(), CodexHome: o.Settings.CodexHome.V, Started: o.Now(),
	}
	l.Local = link.NewLocal(link.Options{
		Settings: o.Settings, Version: o.Version, Client: up.client, Supervisor: up.supervisor,
		Bridge: link.Bridge{URL: l.Bridge, Port: port, PID: l.PID, Command: o.Command, Since: l.Started, Taken: taken.text()},
		Edit: func(ctx context.Context, change func() error) error {
			return editAlone(ctx, o.Settings.Paths, change)
		},
		WriteLog: log.records.flush, Book: book, Prices: func() *models.Table { return knownPrices(o.Settings.Paths) },
		Login: o.Login, UpdateModels: modelUpdate(o.setup(port)),
		DesktopApp: o.DesktopApp, CodexCommand: codexCommand(o.Settings, o.Home),
		Key:      keyIn(o.Settings.Paths),
		PanelURL: panelURL, ShowPanel: o.ShowPanel, Now: o.Now,
	})
	return l
}

// serve runs the parts: the upstream, which outlives the bridge so that turns in
// flight can end; the wait for health; the state that others see; and the bridge
// itself.
func serve(ctx context.Context, o Options, l Link, up *upstream, bridgeServe func(context.Context) error) error {
	upCtx, stopUpstream := context.WithCancel(context.WithoutCancel(ctx))
	upDone := make(chan error, 1)
	go func() { upDone <- up.run(upCtx) }()

	ctx, stop := context.WithCancelCause(ctx)
	var parts sync.WaitGroup
	parts.Go(func() {
		if err := bringUp(ctx, o, l, up); err != nil && ctx.Err() == nil {
			stop(err)
		}
	})
	parts.Go(func() { l.Local.Run(ctx) })
	failed := bridgeServe(ctx)
	stop(nil)
	parts.Wait()
	stopUpstream()
	failed = errors.Join(failed, <-upDone)
	if cause := context.Cause(ctx); failed == nil && !errors.Is(cause, context.Canceled) && !errors.Is(cause, context.DeadlineExceeded) {
		return cause
	}
	return failed
}

// listen opens the bridge's port. Where it is another one than the wanted, taken
// says why.
func listen(ctx context.Context, o Options) (listeners []net.Listener, taken *PortError, err error) {
	port := o.Settings.Port.V
	if o.AnyPort {
		port = 0
	}
	listeners, err = bridge.Listen(ctx, port)
	var at *bridge.ListenError
	if !errors.As(err, &at) || !portTaken(err) {
		return listeners, nil, err
	}
	taken = newPortError(ctx, at)
	if !o.OrAnyPort {
		return nil, nil, taken
	}
	listeners, err = bridge.Listen(ctx, 0)
	return listeners, taken, err
}

func closeAll(listeners []net.Listener) error {
	var errs []error
	for _, l := range listeners {
		errs = append(errs, l.Close())
	}
	return errors.Join(errs...)
}

// catalogReader gives the bridge the models of the catalog that setup wrote, as
// it is at the moment, so that a new setup needs no restart.
func catalogReader(home codex.Home) func() []byte {
	return func() []byte {
		data, err := os.ReadFile(home.Catalog())
		if err != nil {
			return nil
		}
		var catalog struct {
			Models json.RawMessage `json:"models"`
		}
		if json.Unmarshal(data, &catalog) != nil {
			return nil
		}
		return catalog.Models
	}
}
