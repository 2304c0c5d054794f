//go:build !darwin || cgo

package app

import (
	"runtime"
	"strings"

	"fyne.io/systray"

	"github.com/BlockRunAI/clawrouter-codex/app/icons"
)

// hasBar tells that this build can put an icon into the menu bar.
const hasBar = true

// tray is the bar of fyne.io/systray, of which a process has one.
type tray struct {
	shade func() icons.Shade
	// clicked is called on a goroutine of the item that was clicked.
	clicked func(item)
	stop    <-chan struct{} // closed when clicks are no longer looked for
}

func (t *tray) add(k kind, text string, checked bool) item {
	text = escape(runtime.GOOS, text)
	if k == check {
		return t.adopt(systray.AddMenuItemCheckbox(text, "", checked))
	}
	return t.adopt(systray.AddMenuItem(text, ""))
}

func (t *tray) line() { systray.AddSeparator() }

func (t *tray) setIcon(f face) {
	// On Linux systray panics where the session bus has gone away: the icon went
	// with it, and the link goes on.
	defer func() { _ = recover() }()
	if runtime.GOOS == "darwin" {
		picture := icons.Tray(f.icon, icons.Template)
		systray.SetTemplateIcon(picture, picture)
		return
	}
	systray.SetIcon(icons.Tray(f.icon, t.shade()))
}

func (t *tray) setBeside(text string) {
	// On Linux the title is the name of the icon; hosts that show it beside the
	// icon do so with every program's.
	if text == "" && runtime.GOOS != "darwin" {
		text = programName
	}
	systray.SetTitle(text)
}

func (t *tray) setTip(text string) { systray.SetTooltip(programName + ": " + text) }

// trayItem is one row of systray's.
type trayItem struct {
	tray *tray
	*systray.MenuItem
}

// adopt sends the clicks of an item on. systray drops a click whose item nobody
// waits for, so each item has a goroutine that does nothing else.
func (t *tray) adopt(it *systray.MenuItem) item {
	i := &trayItem{tray: t, MenuItem: it}
	go func() {
		for {
			select {
			case <-it.ClickedCh:
				t.clicked(i)
			case <-t.stop:
				return
			}
		}
	}()
	return i
}

func (i *trayItem) setText(text, tip string) {
	if runtime.GOOS == "darwin" { // the others show none
		i.SetTooltip(tip)
	}
	i.SetTitle(escape(runtime.GOOS, text))
}

func (i *trayItem) setChecked(on bool) {
	if on {
		i.Check()
		return
	}
	i.Uncheck()
}

func (i *trayItem) setOff(off bool) {
	if off {
		i.Disable()
		return
	}
	i.Enable()
}

func (i *trayItem) show(on bool) {
	if on {
		i.Show()
		return
	}
	i.Hide()
}

func (i *trayItem) add(k kind, text string, checked bool) item {
	text = escape(runtime.GOOS, text)
	if k == check {
		return i.tray.adopt(i.AddSubMenuItemCheckbox(text, "", checked))
	}
	return i.tray.adopt(i.AddSubMenuItem(text, ""))
}

// escape keeps a character that marks a letter to press from vanishing.
func escape(goos, text string) string {
	switch goos {
	case "windows":
		return strings.ReplaceAll(text, "&", "&&")
	case "darwin":
		return text
	}
	return strings.ReplaceAll(text, "_", "__")
}
