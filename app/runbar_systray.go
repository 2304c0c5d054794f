//go:build !darwin || cgo

package app

import (
	"io"
	"log"
	"runtime"
	"sync"

	"fyne.io/systray"

	"github.com/BlockRunAI/clawrouter-codex/app/icons"
)

// runBar shows the icon until keep returned. It runs the system's own loop, which
// on macOS must have the main thread.
func runBar(r *running, l *loop, parts *sync.WaitGroup) {
	// systray complains to the terminal, in words for its own developers. What matters
	// of it (no host, no bus) is looked at and said in ours.
	log.SetOutput(io.Discard)
	l.repaint = r.desk.native.repaint(r.ctx)
	l.menu = newMenu(&tray{
		shade: r.desk.native.shade, stop: r.kept,
		clicked: func(it item) { r.click(l.menu.clicked(it)) },
	})
	if runtime.GOOS == "linux" {
		// What the icon is called and looks like from its first moment.
		systray.SetTitle(programName)
		systray.SetIcon(icons.Tray(icons.Starting, r.desk.native.shade()))
	}
	ready := func() {
		l.menu.draw(draw(facts{}))
		parts.Go(func() { l.run(r.ctx) })
		close(r.drawn)
	}
	over := func() {
		l.quit() // the session ends, or the system took the icon away
		<-r.kept
	}
	ended := make(chan struct{})
	go r.endBar(systray.Quit, ended)
	func() {
		// systray panics at its end where the session bus went away before it began.
		defer func() { _ = recover() }()
		defer close(ended)
		systray.Run(ready, over)
	}()
	<-r.kept
}
