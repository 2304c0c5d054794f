//go:build e2e && linux

package desktop

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/godbus/dbus/v5"

	"github.com/BlockRunAI/clawrouter-codex/e2e/stage"
)

// awaitPage waits for the n-th page that was opened in the browser.
func (d *desk) awaitPage(n int) string {
	d.t.Helper()
	var pages []string
	eventually(d.t, "a page in the browser", func() error {
		if pages = d.opened(); len(pages) < n {
			return fmt.Errorf("opened %q", pages)
		}
		return nil
	})
	return pages[n-1]
}

// checkPage asks for a page as a browser does.
func (d *desk) checkPage(url string) {
	d.t.Helper()
	body, err := stage.Get(d.t.Context(), url)
	if err != nil || !bytes.Contains(bytes.ToLower(body), []byte("<html")) {
		d.t.Errorf("%s answers %.200q, %v", url, body, err)
	}
}

// Whoever starts it twice wants to see it: the second shows the panel and is done.
// Beside a link without an icon it is the icon of that one, and takes its place
// when it ends.
func TestASecondStart(t *testing.T) {
	b := newBus(t)
	h := newHost(t, b)
	d := newDesk(t, "DISPLAY=:9999", "DBUS_SESSION_BUS_ADDRESS="+b.address)
	link := d.start("start")
	d.said(link, "The link is up")

	app := d.start()
	i := h.icon(t, 1)
	i.await(t, "the menu of the link", checked("Subscription"))
	d.said(app, "already runs")
	i.click(t, "Web search")
	i.await(t, "web search", checked("Web search"))

	before := len(d.opened())
	second := d.start()
	d.ended(second)
	d.said(second, "already runs")
	d.checkPage(d.awaitPage(before + 1))

	link.Stop(t)
	d.said(app, "bridge listens on")
	i.await(t, "the menu of its own link", checked("Subscription"))
	i.click(t, "Open in browser")
	d.checkPage(d.awaitPage(before + 2))
	i.click(t, "Logs…")
	if page := d.awaitPage(before + 3); !strings.HasSuffix(page, "#logs") {
		t.Errorf("Logs opens %s", page)
	}
	i.click(t, "Quit")
	d.ended(app)
}

// GNOME without its extension shows no icons: said once, and the panel opens.
func TestNoTrayHost(t *testing.T) {
	b := newBus(t)
	d := newDesk(t, "DISPLAY=:9999", "DBUS_SESSION_BUS_ADDRESS="+b.address)
	app := d.start()
	d.said(app, "nothing on this desktop shows tray icons")
	d.checkPage(d.awaitPage(1))

	// The panel comes up later after all, as it may at the begin of a session.
	h := newHost(t, b)
	h.icon(t, 1).click(t, "Quit")
	d.ended(app)
	if n := strings.Count(app.Output(), "shows tray icons"); n != 1 {
		t.Errorf("said %d times:\n%s", n, app.Output())
	}
}

func TestNoSessionBus(t *testing.T) {
	d := newDesk(t, "DISPLAY=:9999")
	app := d.start()
	d.said(app, "There is no menu-bar icon: there is no D-Bus session")
	d.said(app, "The link is up")
	d.checkPage(d.awaitPage(1))
	app.Stop(t)
	d.ended(app)
}

// A bus that goes away in mid-session takes the icon along, and nothing else.
func TestTheBusGoesAway(t *testing.T) {
	b := newBus(t)
	h := newHost(t, b)
	d := newDesk(t, "DISPLAY=:9999", "DBUS_SESSION_BUS_ADDRESS="+b.address)
	app := d.start()
	h.icon(t, 1).await(t, "the menu", checked("Subscription"))
	d.said(app, "The link is up")
	_ = b.conn.Close()
	b.end()
	if _, err := stage.Get(t.Context(), fmt.Sprintf("http://127.0.0.1:%d/health", d.port)); err != nil {
		t.Errorf("the bridge went with the bus: %v", err)
	}
	d.run("websearch", "on") // its state changes, and there is no menu to draw it
	app.Stop(t)
	d.ended(app)
}

func TestNoDisplay(t *testing.T) {
	d := newDesk(t)
	app := d.start()
	d.said(app, `there is no display, so the link starts without an icon, as "clawrouter-codex start" does`)
	d.said(app, "The link is up")
	if pages := d.opened(); len(pages) > 0 {
		t.Errorf("opened %q", pages)
	}
	app.Stop(t)
	d.ended(app)
}

// Somebody else has the port: the app is there all the same, on another one, and
// says who that is.
func TestTheWantedPortIsTaken(t *testing.T) {
	b := newBus(t)
	h := newHost(t, b)
	d := newDesk(t, "DISPLAY=:9999", "DBUS_SESSION_BUS_ADDRESS="+b.address)
	other, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", d.port))
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	app := d.start()
	i := h.icon(t, 1)
	i.await(t, "the notice", func(rows []row) error {
		if !strings.Contains(seen(rows), fmt.Sprintf("ort %d is in use by ", d.port)) {
			return fmt.Errorf("the menu is\n%s", seen(rows))
		}
		return nil
	})
	before := len(d.opened())
	i.click(t, "Open panel")
	page := d.awaitPage(before + 1)
	if strings.Contains(page, fmt.Sprint(d.port)) {
		t.Errorf("the panel is at %s", page)
	}
	d.checkPage(page)
	i.click(t, "Quit")
	d.ended(app)
}

// ClawRouter cannot be started: the app stays, and says so by its icon and in words.
func TestClawRouterCannotBeStarted(t *testing.T) {
	b := newBus(t)
	h := newHost(t, b)
	d := newDesk(t, "DISPLAY=:9999", "DBUS_SESSION_BUS_ADDRESS="+b.address, "CLAWROUTER_PROXY_URL=",
		"CLAWROUTER_CMD=no-such-clawrouter", fmt.Sprintf("PROXY_PORT=%d", stage.FreePort(t)))
	app := d.start()
	i := h.icon(t, 1)
	i.await(t, "the reason", func(rows []row) error {
		if text := seen(rows); !strings.Contains(text, "ClawRouter does not run (grey)") || !strings.Contains(text, "no-such-clawrouter") {
			return fmt.Errorf("the menu is\n%s", text)
		}
		return nil
	})
	i.click(t, "Quit")
	d.ended(app)
}

const notesName = "org.freedesktop.Notifications"

// notes stands in for the desktop's notification service.
type notes struct {
	mu    sync.Mutex // guards the rest
	last  uint32
	shown []shownNote
	gone  []uint32
}

type shownNote struct {
	id          uint32
	title, text string
}

func newNotes(t *testing.T, b *bus) *notes {
	t.Helper()
	n := &notes{}
	if err := b.conn.Export(n, "/org/freedesktop/Notifications", notesName); err != nil {
		t.Fatal(err)
	}
	if _, err := b.conn.RequestName(notesName, dbus.NameFlagDoNotQueue); err != nil {
		t.Fatal(err)
	}
	return n
}

// Notify is called for every notification.
func (n *notes) Notify(_ string, replaces uint32, _, title, text string, _ []string, _ map[string]dbus.Variant, _ int32) (uint32, *dbus.Error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	id := replaces
	if id == 0 {
		n.last++
		id = n.last
	}
	n.shown = append(n.shown, shownNote{id, title, text})
	return id, nil
}

// CloseNotification is called for one whose cause is gone.
func (n *notes) CloseNotification(id uint32) *dbus.Error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.gone = append(n.gone, id)
	return nil
}

func (n *notes) about(part string) (found []shownNote) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, s := range n.shown {
		if strings.Contains(s.text, part) {
			found = append(found, s)
		}
	}
	return found
}

func (n *notes) withdrew(id uint32) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, gone := range n.gone {
		if gone == id {
			return true
		}
	}
	return false
}

// control changes the running stand-in.
func (d *desk) control(body string) {
	d.t.Helper()
	response, err := http.Post(d.simURL+"/__sim/control", "application/json", strings.NewReader(body))
	if err != nil {
		d.t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode/100 != 2 {
		d.t.Fatalf("control of the stand-in: %s", response.Status)
	}
}

// What needs a person is told once, withdrawn when it is mended, and told again when
// it comes back; a setting switches that off.
func TestNotifications(t *testing.T) {
	b := newBus(t)
	h := newHost(t, b)
	n := newNotes(t, b)
	d := newDesk(t, "DISPLAY=:9999", "DBUS_SESSION_BUS_ADDRESS="+b.address)
	d.control(`{"balance":"0"}`)
	app := d.start()
	i := h.icon(t, 1)
	const empty = "wallet is empty"
	eventually(t, "a notification of the empty wallet", func() error {
		if len(n.about(empty)) == 0 {
			return fmt.Errorf("shown: %+v", n.shown)
		}
		return nil
	})
	i.await(t, "the same in the menu", func(rows []row) error {
		if !strings.Contains(strings.ToLower(seen(rows)), empty) {
			return fmt.Errorf("the menu is\n%s", seen(rows))
		}
		return nil
	})
	// Other changes do not tell it again.
	i.click(t, "Web search")
	i.await(t, "web search", checked("Web search"))
	first := n.about(empty)
	if len(first) != 1 {
		t.Fatalf("told %d times", len(first))
	}

	// A click on it opens the panel.
	before := len(d.opened())
	if err := b.conn.Emit("/org/freedesktop/Notifications", notesName+".ActionInvoked", first[0].id, "default"); err != nil {
		t.Fatal(err)
	}
	d.checkPage(d.awaitPage(before + 1))

	d.control(`{"balance":"20"}`)
	d.run("wallet") // asks for the balance anew
	eventually(t, "the end of the notification", func() error {
		if !n.withdrew(first[0].id) {
			return fmt.Errorf("withdrawn: %v", n.gone)
		}
		return nil
	})
	d.control(`{"balance":"0"}`)
	d.run("wallet")
	eventually(t, "the notification, for it came back", func() error {
		if got := len(n.about(empty)); got != 2 {
			return fmt.Errorf("told %d times", got)
		}
		return nil
	})

	// Switched off, the menu goes on telling, and the desktop does not.
	d.control(`{"balance":"20"}`)
	d.run("wallet")
	i.await(t, "a menu without it", func(rows []row) error {
		if strings.Contains(strings.ToLower(seen(rows)), empty) {
			return fmt.Errorf("the menu is\n%s", seen(rows))
		}
		return nil
	})
	d.write("state/settings.toml", "notifications = false\nweb_search = false\n")
	i.await(t, "the setting", func(rows []row) error {
		if r, ok := find(rows, "Web search"); !ok || r.checked {
			return fmt.Errorf("the menu is\n%s", seen(rows))
		}
		return nil
	})
	d.control(`{"balance":"0"}`)
	d.run("wallet")
	i.await(t, "the same in the menu", func(rows []row) error {
		if !strings.Contains(strings.ToLower(seen(rows)), empty) {
			return fmt.Errorf("the menu is\n%s", seen(rows))
		}
		return nil
	})
	i.click(t, "Quit")
	d.ended(app)
	if got := len(n.about(empty)); got != 2 {
		t.Errorf("told %d times", got)
	}
}
