//go:build e2e && linux

package desktop

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
	"github.com/godbus/dbus/v5/prop"

	"github.com/BlockRunAI/clawrouter-codex/e2e/stage"
)

// bus is a session bus of the test's own.
type bus struct {
	address string
	conn    *dbus.Conn
	end     func() // takes the bus away
}

// newBus starts one. What it starts in turn, as a service of the desktop, sees an
// empty home folder, or that of the desk which is given.
func newBus(t *testing.T, of ...*desk) *bus {
	t.Helper()
	daemon := exec.Command("dbus-daemon", "--session", "--nofork", "--nopidfile", "--print-address")
	home := t.TempDir()
	if len(of) > 0 {
		home = of[0].path("home")
	}
	daemon.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "XDG_RUNTIME_DIR=" + home, "LANG=C.UTF-8"}
	stdout, err := daemon.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := daemon.Start(); err != nil {
		t.Fatalf("dbus-daemon (e2e/install.sh installs it): %v", err)
	}
	end := sync.OnceFunc(func() { _ = daemon.Process.Kill(); _ = daemon.Wait() })
	t.Cleanup(end)
	address, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatalf("dbus-daemon says no address: %v", err)
	}
	b := &bus{address: strings.TrimSpace(address), end: end}
	if b.conn, err = dbus.Connect(b.address); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.conn.Close() })
	return b
}

const watcherName = "org.kde.StatusNotifierWatcher"

// host stands in for a panel: it is told of tray icons, and looks at them.
type host struct {
	bus *bus

	mu    sync.Mutex // guards items
	items []string   // bus names, the newest last
}

// newHost owns the name that tray icons register with.
func newHost(t *testing.T, b *bus) *host {
	t.Helper()
	h := &host{bus: b}
	if err := b.conn.Export(h, "/StatusNotifierWatcher", watcherName); err != nil {
		t.Fatal(err)
	}
	_, err := prop.Export(b.conn, "/StatusNotifierWatcher", prop.Map{watcherName: {
		"IsStatusNotifierHostRegistered": {Value: true, Emit: prop.EmitTrue},
		"ProtocolVersion":                {Value: int32(0), Emit: prop.EmitTrue},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if reply, err := b.conn.RequestName(watcherName, dbus.NameFlagDoNotQueue); err != nil || reply != dbus.RequestNameReplyPrimaryOwner {
		t.Fatalf("own %s: %v %v", watcherName, reply, err)
	}
	return h
}

// RegisterStatusNotifierItem is called by every tray icon.
func (h *host) RegisterStatusNotifierItem(sender dbus.Sender, _ string) *dbus.Error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.items = append(h.items, string(sender))
	return nil
}

// icon waits for the n-th icon that registers, the first being 1.
func (h *host) icon(t *testing.T, n int) *icon {
	t.Helper()
	var found *icon
	eventually(t, "a tray icon", func() error {
		h.mu.Lock()
		defer h.mu.Unlock()
		if len(h.items) < n {
			return fmt.Errorf("%d icons", len(h.items))
		}
		found = &icon{conn: h.bus.conn, name: h.items[n-1]}
		return nil
	})
	return found
}

// icon is one tray icon with its menu, as a panel sees it.
type icon struct {
	conn *dbus.Conn
	name string
}

func (i *icon) property(name string, into any) error {
	var v dbus.Variant
	err := i.conn.Object(i.name, "/StatusNotifierItem").Call("org.freedesktop.DBus.Properties.Get", 0, "org.kde.StatusNotifierItem", name).Store(&v)
	if err != nil {
		return err
	}
	return dbus.Store([]any{v.Value()}, into)
}

// pixmap is a picture of an icon.
type pixmap struct {
	W, H int32
	Pix  []byte
}

// picture is the ink of the icon: its alpha channel.
func (i *icon) picture(t *testing.T) string {
	t.Helper()
	var pictures []pixmap
	if err := i.property("IconPixmap", &pictures); err != nil || len(pictures) == 0 || len(pictures[0].Pix) == 0 {
		t.Fatalf("the icon has no picture: %v", err)
	}
	var ink strings.Builder
	for at := 0; at < len(pictures[0].Pix); at += 4 {
		ink.WriteByte(pictures[0].Pix[at])
	}
	return ink.String()
}

// layout is a menu as com.canonical.dbusmenu sends it.
type layout struct {
	ID         int32
	Properties map[string]dbus.Variant
	Children   []dbus.Variant
}

// row is one line of the menu.
type row struct {
	id       int32
	text     string
	path     string // the texts above it and its own, with "/"
	checked  bool
	off      bool
	hidden   bool
	ruled    bool // it is a line
	children []row
}

func (r row) String() string {
	mark := " "
	if r.checked {
		mark = "x"
	}
	if r.off {
		return mark + " " + r.text + " (grey)"
	}
	return mark + " " + r.text
}

// menu reads the whole menu. Of a menu that was just made, the first answer is
// without submenus, so that GTK gets parents before their children.
func (i *icon) menu() ([]row, error) {
	for range 2 {
		var revision uint32
		var root layout
		err := i.conn.Object(i.name, "/StatusNotifierItem/menu").Call("com.canonical.dbusmenu.GetLayout", 0, int32(0), int32(-1), []string{}).Store(&revision, &root)
		if err != nil {
			return nil, err
		}
		rows, err := read(root, "")
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			if len(r.children) > 0 {
				return rows, nil
			}
		}
		if len(rows) > 0 {
			return rows, nil
		}
	}
	return nil, errors.New("the menu is empty")
}

func read(from layout, above string) ([]row, error) {
	var rows []row
	for _, child := range from.Children {
		var l layout
		if err := dbus.Store([]any{child.Value()}, &l); err != nil {
			return nil, err
		}
		r := row{id: l.ID}
		kind, _ := l.Properties["type"].Value().(string)
		r.ruled = kind == "separator"
		r.text, _ = l.Properties["label"].Value().(string)
		r.text = strings.ReplaceAll(r.text, "__", "_")
		if enabled, ok := l.Properties["enabled"].Value().(bool); ok {
			r.off = !enabled
		}
		if visible, ok := l.Properties["visible"].Value().(bool); ok {
			r.hidden = !visible
		}
		state, _ := l.Properties["toggle-state"].Value().(int32)
		r.checked = state == 1
		r.path = strings.TrimPrefix(above+"/"+r.text, "/")
		var err error
		if r.children, err = read(l, r.path); err != nil {
			return nil, err
		}
		rows = append(rows, r)
	}
	return rows, nil
}

// seen is what a person sees of a menu, submenus closed.
func seen(rows []row) string {
	var b strings.Builder
	for _, r := range rows {
		switch {
		case r.hidden:
		case r.ruled:
			b.WriteString("---\n")
		default:
			b.WriteString(r.String() + "\n")
		}
	}
	return b.String()
}

// find returns the row at a path such as "Model: Auto/Anthropic/Claude Opus 5".
func find(rows []row, path string) (row, bool) {
	for _, r := range rows {
		if !r.hidden && !r.ruled {
			if r.path == path {
				return r, true
			}
			if found, ok := find(r.children, path); ok {
				return found, true
			}
		}
	}
	return row{}, false
}

// await waits until the menu is as ok wants it.
func (i *icon) await(t *testing.T, what string, ok func([]row) error) []row {
	t.Helper()
	var rows []row
	eventually(t, what, func() (err error) {
		if rows, err = i.menu(); err != nil {
			return err
		}
		return ok(rows)
	})
	return rows
}

// click clicks on a row once it is there and can be clicked.
func (i *icon) click(t *testing.T, path string) {
	t.Helper()
	rows := i.await(t, "the row "+path, func(rows []row) error {
		if r, ok := find(rows, path); !ok || r.off {
			return fmt.Errorf("the menu is\n%s", seen(rows))
		}
		return nil
	})
	r, _ := find(rows, path)
	err := i.conn.Object(i.name, "/StatusNotifierItem/menu").Call("com.canonical.dbusmenu.Event", 0, r.id, "clicked", dbus.MakeVariant(int32(0)), uint32(0)).Err
	if err != nil {
		t.Fatalf("click on %s: %v", path, err)
	}
}

// patience is for a program with the race detector in it, on two cores that do
// something else; the first start on a new bus alone takes up to 3 s.
const patience = 30 * time.Second

func eventually(t *testing.T, what string, ok func() error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := stage.Eventually(ctx, ok); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

// onBus finds the icon that a real panel shows.
func onBus(t *testing.T, b *bus) *icon {
	t.Helper()
	var found *icon
	eventually(t, "an icon in the panel", func() error {
		var v dbus.Variant
		err := b.conn.Object(watcherName, "/StatusNotifierWatcher").Call("org.freedesktop.DBus.Properties.Get", 0,
			watcherName, "RegisteredStatusNotifierItems").Store(&v)
		items, _ := v.Value().([]string)
		if err != nil || len(items) == 0 {
			return fmt.Errorf("%v %w", items, err)
		}
		name, _, _ := strings.Cut(items[0], "/")
		found = &icon{conn: b.conn, name: name}
		return nil
	})
	return found
}
