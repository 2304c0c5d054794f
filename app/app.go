package app

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/backend/cli"
	"github.com/BlockRunAI/clawrouter-codex/backend/link"
)

// App is the face of the program: menu bar, window, notifications.
type App struct {
	// Exit ends the process when the menu bar does not let go of it.
	Exit func(code int)
}

var _ cli.Face = App{}

// New is the App of this process.
func New() App { return App{Exit: os.Exit} }

// lookup reads a variable of an environment.
func lookup(environ []string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		for _, pair := range environ {
			if v, ok := strings.CutPrefix(pair, name+"="); ok {
				return v, true
			}
		}
		return "", false
	}
}

// Missing implements cli.Face.
func (App) Missing(o cli.FaceOptions) string {
	if !hasBar {
		return "this build has no menu bar: it was made without cgo"
	}
	if o.GOOS != "linux" {
		return ""
	}
	env := lookup(o.Environ)
	x, _ := env("DISPLAY")
	wayland, _ := env("WAYLAND_DISPLAY")
	if x == "" && wayland == "" {
		return "there is no display"
	}
	return ""
}

// ShowPanel implements cli.Face.
func (App) ShowPanel(ctx context.Context, o cli.FaceOptions, folder, part string, ours bool) error {
	if hasWindow {
		return runWindow(ctx, o, part, ours)
	}
	line, err := windowLine(o, part)
	if err != nil {
		return err
	}
	p, err := startWindow(line, windowEnviron(o, folder), ours)
	if err != nil {
		return fmt.Errorf("open the panel's window: %w", err)
	}
	return p.wait(ctx)
}

// Run implements cli.Face.
func (a App) Run(ctx context.Context, o cli.FaceOptions, keep func(context.Context, cli.Shown) error) error {
	ctx, quit := context.WithCancel(ctx)
	defer quit()
	d := newSystem(ctx, o)
	clicks := make(chan click, queued)
	r := &running{
		o: o, desk: d, clicks: clicks, links: make(chan link.Link), ctx: ctx,
		drawn: make(chan struct{}), kept: make(chan struct{}), exit: a.Exit,
	}
	l := &loop{desk: d, links: r.links, clicks: clicks, quit: quit}
	if o.Open {
		clicks <- click{do: openPanel}
	}
	var parts sync.WaitGroup
	parts.Go(func() { d.run(ctx, func() { r.click(click{do: openPanel}) }) })
	var kept error
	parts.Go(func() {
		defer close(r.kept)
		defer quit()
		kept = keep(ctx, r)
	})
	r.show(l, &parts)
	quit()
	parts.Wait()
	d.close()
	return kept
}

// running is one Run.
type running struct {
	o      cli.FaceOptions
	desk   *system
	clicks chan click
	links  chan link.Link
	ctx    context.Context // of the whole run; ended by Quit
	drawn  chan struct{}   // closed once the icon is there, or nobody shows one
	kept   chan struct{}   // closed once keep returned
	exit   func(code int)
}

// Link implements cli.Shown.
func (r *running) Link(l link.Link, folder string) {
	r.desk.folder.Store(&folder)
	select {
	case r.links <- l:
	case <-r.ctx.Done():
	}
}

// Panel implements cli.Shown.
func (r *running) Panel(ctx context.Context, part string) error {
	return r.desk.window.show(ctx, *r.desk.folder.Load(), part)
}

func (r *running) click(c click) {
	select {
	case r.clicks <- c:
	case <-r.ctx.Done():
	}
}

// show puts the icon into the menu bar, on the goroutine of main, until keep
// returned. Where nothing shows icons, the panel is opened instead, and said why.
func (r *running) show(l *loop, parts *sync.WaitGroup) {
	if why := r.desk.noTray(); why != "" {
		r.o.Say("There is no menu-bar icon: " + why + ". The panel opens instead; clawrouter-codex panel opens it again.")
		l.menu = newMenu(nowhere{})
		parts.Go(func() { l.run(r.ctx) })
		r.click(click{do: openPanel})
		close(r.drawn)
		<-r.kept
		return
	}
	parts.Go(func() {
		if r.desk.awaitHost(r.ctx) || r.ctx.Err() != nil {
			return
		}
		const why = "nothing on this desktop shows tray icons (GNOME needs the extension AppIndicator)"
		r.o.Say("The menu-bar icon is not to be seen: " + why + ". The panel opens instead; clawrouter-codex panel opens it again.")
		r.desk.tell(note{id: "no-tray", title: programName + " runs", text: "Its icon is not to be seen: " + why + "."})
		r.click(click{do: openPanel})
	})
	runBar(r, l, parts)
}

// barWait is how long the menu bar may take to begin, and to end.
const barWait = 5 * time.Second

// endBar ends the menu bar once keep returned. An order to end is lost where it
// comes before the bar has begun, and some of them hang: by then the link is down
// and Codex back on the subscription, so the process ends without them.
func (r *running) endBar(end func(), ended <-chan struct{}) {
	<-r.kept
	wait(r.drawn, barWait)
	end()
	if !wait(ended, barWait) {
		r.desk.close()
		r.exit(0)
	}
}

// wait reports whether done was closed in time.
func wait(done <-chan struct{}, limit time.Duration) bool {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-done:
		return true
	case <-timer.C:
		return false
	}
}

// nowhere is the bar of a desktop that has none.
type nowhere struct{}

func (nowhere) add(kind, string, bool) item { return &unseen{} }
func (nowhere) line()                       {}
func (nowhere) setIcon(face)                {}
func (nowhere) setBeside(string)            {}
func (nowhere) setTip(string)               {}

// unseen is an item of nowhere. It is not empty: each must be another one.
type unseen struct{ _ byte }

func (*unseen) setText(string, string)      {}
func (*unseen) setChecked(bool)             {}
func (*unseen) setOff(bool)                 {}
func (*unseen) show(bool)                   {}
func (*unseen) add(kind, string, bool) item { return &unseen{} }
