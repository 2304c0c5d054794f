//go:build e2e && linux

package desktop

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// panelProgram builds the window beside the program, where the app looks for it.
func panelProgram(t *testing.T) {
	t.Helper()
	build(filepath.Join(filepath.Dir(program), "clawrouter-codex-panel"), "CGO_ENABLED=1", "-trimpath", "-tags=desktop,production,webkit2_41")
}

// What a person does: see the icon, open the window, read the balance, close it, and
// find the app still there.
func TestTheWindow(t *testing.T) {
	panelProgram(t)
	s := newScreen(t)
	d := newDesk(t)
	b := newBus(t, d)
	d.session = s.session(b, d.path("runtime"))
	xfce(t, d)
	app := d.start()
	d.said(app, "The link is up")
	i := onBus(t, b)

	id := s.window(t) // who starts it for the first time sees it at once
	s.shows(t, id, "12.34")
	if pages := d.opened(); len(pages) > 0 {
		t.Errorf("the browser opened as well: %q", pages)
	}
	if n := colours(s.shot(t, id, d.path("window.png"))); n < 20 {
		t.Errorf("the window has %d colours: it is as good as blank", n)
	}
	s.keepWindow(t, id, d.path("window.png"))

	// A second "Open panel", and a second start, bring this one to the front.
	i.click(t, "Open panel")
	d.ended(d.start())
	if again := s.window(t); again != id {
		t.Errorf("another window opened: %s beside %s", again, id)
	}

	// Moved and made larger, closed, and opened again: it is where it was.
	for _, args := range [][]string{{"windowsize", "--sync", id, "520", "700"}, {"windowmove", "--sync", id, "200", "60"}, {"windowactivate", "--sync", id}, {"key", "alt+F4"}} {
		if _, err := s.run("xdotool", args...); err != nil {
			t.Fatalf("xdotool %v: %v", args, err)
		}
	}
	eventually(t, "the end of the window", func() error {
		for _, line := range processes(t, d.folder) {
			if strings.Contains(line, "clawrouter-codex-panel") {
				return fmt.Errorf("%s runs", line)
			}
		}
		// A process that ends loses its command line before its windows.
		if out, err := s.run("xdotool", "getwindowgeometry", id); err == nil {
			return fmt.Errorf("the window is still there: %s", out)
		}
		return nil
	})
	i.await(t, "the menu, without the window", checked("Subscription"))
	var place struct{ Width, Height int }
	text, err := os.ReadFile(d.path("state/window.json"))
	if err != nil || json.Unmarshal(text, &place) != nil || place.Width != 520 || place.Height != 700 {
		t.Errorf("remembered is %s, %v", text, err)
	}
	begin := time.Now()
	i.click(t, "Doctor…")
	id = s.window(t)
	t.Logf("the window was there %v after the click", time.Since(begin).Round(10*time.Millisecond))
	eventually(t, "its size", func() error {
		out, err := s.run("xdotool", "getwindowgeometry", id)
		if err != nil || !strings.Contains(out, "520x700") {
			return fmt.Errorf("%s %w", out, err)
		}
		return nil
	})

	i.click(t, "ClawRouter")
	s.shows(t, id, "12.34")

	// The last with the mouse and the keyboard: the icon, its menu, and the row at the
	// end of it, which is Quit.
	s.clickIcon(t, d)
	if _, err := s.run("xdotool", "key", "Up", "Return"); err != nil {
		t.Fatal(err)
	}
	d.ended(app)
	for _, line := range processes(t, d.folder) {
		if strings.Contains(line, "clawrouter-codex") && !strings.Contains(line, " sim ") {
			t.Errorf("%s runs on", line)
		}
	}
}

// A display that nobody answers on: the window says so, and the browser opens.
func TestTheWindowWithoutADisplay(t *testing.T) {
	panelProgram(t)
	b := newBus(t)
	h := newHost(t, b)
	d := newDesk(t, "DISPLAY=:9999", "DBUS_SESSION_BUS_ADDRESS="+b.address)
	app := d.start()
	i := h.icon(t, 1)
	d.said(app, "The link is up")
	before := len(d.opened())
	i.click(t, "Open panel")
	d.checkPage(d.awaitPage(before + 1))
	d.said(app, "the panel's window did not open")
	i.click(t, "Quit")
	d.ended(app)
}
