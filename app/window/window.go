//go:build desktop

package window

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wailsapp/wails/v2"
	"github.com/wailsapp/wails/v2/pkg/menu"
	"github.com/wailsapp/wails/v2/pkg/options"
	"github.com/wailsapp/wails/v2/pkg/options/assetserver"
	"github.com/wailsapp/wails/v2/pkg/options/linux"
	"github.com/wailsapp/wails/v2/pkg/options/mac"
	"github.com/wailsapp/wails/v2/pkg/options/windows"
	wails_runtime "github.com/wailsapp/wails/v2/pkg/runtime"

	"github.com/BlockRunAI/clawrouter-codex/app/icons"
)

// Options is what a window needs.
type Options struct {
	Folder string // where its place is remembered
	Part   string // of the panel
	// Address makes an address of the page.
	Address func(ctx context.Context) (string, error)
	// FromApp: the app's lines come on standard input.
	FromApp bool
}

// view is the one window of this process.
type view struct {
	o     Options
	part  atomic.Pointer[string]
	ready sync.Once

	mu  sync.Mutex      // guards ctx
	ctx context.Context // of Wails, nil until it has begun
}

// Run shows the window on the calling goroutine, which must be the main one,
// until it is closed or ctx ends.
func Run(ctx context.Context, o Options) (err error) {
	// Wails panics where there is a DISPLAY that nobody answers on.
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the window cannot be shown on this display: %v", p)
		}
	}()
	v := &view{o: o}
	v.part.Store(&o.Part)
	ended := make(chan struct{})
	defer close(ended)
	stop := context.AfterFunc(ctx, func() { v.end(ended) })
	defer stop()
	return wails.Run(v.options())
}

func (v *view) options() *options.App {
	p := recall(v.o.Folder)
	app := &options.App{
		Title: "clawrouter-codex", Width: p.Width, Height: p.Height, MinWidth: leastWidth, MinHeight: leastHeight,
		StartHidden: true, EnableDefaultContextMenu: true,
		AssetServer:   &assetserver.Options{Handler: http.HandlerFunc(v.lead)},
		OnStartup:     v.started,
		OnDomReady:    func(context.Context) { v.ready.Do(v.opened) },
		OnBeforeClose: func(context.Context) bool { v.remember(); return false },
		Linux:         &linux.Options{Icon: icons.App(), ProgramName: "clawrouter-codex", WebviewGpuPolicy: linux.WebviewGpuPolicyNever},
		Mac:           &mac.Options{About: &mac.AboutInfo{Title: "clawrouter-codex", Icon: icons.App()}},
		Windows:       &windows.Options{Theme: windows.SystemDefault},
	}
	if runtime.GOOS == "darwin" {
		// Without it there is no copy and paste, and no way to quit, by keyboard.
		app.Menu = menu.NewMenu()
		app.Menu.Append(menu.AppMenu())
		app.Menu.Append(menu.EditMenu())
		app.Menu.Append(menu.WindowMenu())
	}
	return app
}

// leader leaves Wails' own server for the app's: only there do events stream.
var leader = template.Must(template.New("").Parse(
	`<!doctype html><meta charset="utf-8"><title>clawrouter-codex</title><script>location.replace({{.}})</script>` + "\n"))

var sorry = template.Must(template.New("").Parse(
	`<!doctype html><meta charset="utf-8"><title>clawrouter-codex</title><style>body{font:15px system-ui;margin:24px}</style>` +
		`<p>The panel cannot be opened: {{.}}</p>` + "\n"))

func (v *view) lead(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	url, err := v.o.Address(r.Context())
	if err != nil {
		_ = sorry.Execute(w, err.Error()) // a view that went away needs no page
		return
	}
	if part := *v.part.Load(); part != "" {
		url += "#" + part
	}
	_ = leader.Execute(w, url)
}

func (v *view) started(ctx context.Context) {
	v.mu.Lock()
	v.ctx = ctx
	v.mu.Unlock()
	if v.o.FromApp {
		go follow(os.Stdin, v.show, func() { v.end(nil) })
	}
}

func (v *view) context() context.Context {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.ctx
}

// opened puts the window where it was, and shows it.
func (v *view) opened() {
	ctx := v.context()
	p := recall(v.o.Folder)
	width, height := 0, 0
	if screens, err := wails_runtime.ScreenGetAll(ctx); err == nil {
		for _, s := range screens {
			width += s.Size.Width
			height = max(height, s.Size.Height)
		}
	}
	if p.visible(width, height) {
		wails_runtime.WindowSetPosition(ctx, p.X, p.Y)
	}
	wails_runtime.WindowShow(ctx)
	fmt.Println(IsOpen)
}

// show brings the window to the front, at a part of the panel.
func (v *view) show(part string) {
	ctx := v.context()
	if part != "" {
		v.part.Store(&part)
		text, err := json.Marshal(part)
		if err == nil {
			wails_runtime.WindowExecJS(ctx, "location.hash = "+string(text))
		}
	}
	wails_runtime.WindowUnminimise(ctx)
	wails_runtime.WindowShow(ctx)
	fmt.Println(IsOpen)
}

func (v *view) remember() {
	ctx := v.context()
	if wails_runtime.WindowIsFullscreen(ctx) || wails_runtime.WindowIsMaximised(ctx) || wails_runtime.WindowIsMinimised(ctx) {
		return
	}
	p := place{Known: true}
	p.Width, p.Height = wails_runtime.WindowGetSize(ctx)
	p.X, p.Y = wails_runtime.WindowGetPosition(ctx)
	if os.Getenv("WAYLAND_DISPLAY") != "" && os.Getenv("GDK_BACKEND") != "x11" {
		p.Known = false
	}
	keep(v.o.Folder, p)
}

const (
	endAgain = 500 * time.Millisecond
	endWait  = 5 * time.Second
)

// errStuck is never seen: the process ends with it.
var errStuck = errors.New("the window did not close")

// end closes the window until it is closed: an order that comes before the
// system's loop runs is lost. One that hangs is left to the system.
func (v *view) end(ended <-chan struct{}) {
	deadline := time.Now().Add(endWait)
	for time.Now().Before(deadline) {
		if ctx := v.context(); ctx != nil {
			wails_runtime.Quit(ctx)
		}
		select {
		case <-ended:
			return
		case <-time.After(endAgain):
		}
	}
	fmt.Fprintln(os.Stderr, errStuck)
	os.Exit(1)
}
