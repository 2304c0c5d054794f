package app

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/godbus/dbus/v5"
)

// The tray hosts of Linux register here: KDE's own, and what xfce4-panel, waybar
// and GNOME's extension took over from it.
const (
	watcherName = "org.kde.StatusNotifierWatcher"
	watcherPath = dbus.ObjectPath("/StatusNotifierWatcher")
)

// errNoBus means that there is no session bus, without which there is no tray.
var errNoBus = errors.New("there is no D-Bus session")

// openBus connects to the session bus, and never starts one: that is what the
// library does where no address is set, and the bus would outlive us.
func openBus(ctx context.Context, lookup func(string) (string, bool)) (*dbus.Conn, error) {
	if address, _ := lookup("DBUS_SESSION_BUS_ADDRESS"); address == "" {
		folder, _ := lookup("XDG_RUNTIME_DIR")
		if _, err := os.Stat(filepath.Join(folder, "bus")); folder == "" || err != nil {
			return nil, errNoBus
		}
	}
	conn, err := dbus.ConnectSessionBus(dbus.WithContext(ctx))
	if err != nil {
		return nil, errors.Join(errNoBus, err)
	}
	return conn, nil
}

// hostWait is how long a panel may take to come up when a session begins.
const hostWait = 10 * time.Second

// awaitHost reports whether something shows tray icons, and waits for it a while.
func awaitHost(ctx context.Context, conn *dbus.Conn, wait time.Duration) bool {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	signals := make(chan *dbus.Signal, 8)
	conn.Signal(signals)
	defer conn.RemoveSignal(signals)
	for _, match := range [][]dbus.MatchOption{
		{dbus.WithMatchInterface("org.freedesktop.DBus"), dbus.WithMatchMember("NameOwnerChanged"), dbus.WithMatchArg(0, watcherName)},
		{dbus.WithMatchInterface(watcherName), dbus.WithMatchMember("StatusNotifierHostRegistered")},
	} {
		if conn.AddMatchSignalContext(ctx, match...) != nil {
			return false
		}
		defer func() { _ = conn.RemoveMatchSignal(match...) }()
	}
	for !hasHost(ctx, conn) {
		select {
		case <-signals:
		case <-ctx.Done():
			return false
		}
	}
	return true
}

// hasHost asks without starting a watcher by asking.
func hasHost(ctx context.Context, conn *dbus.Conn) bool {
	var owned bool
	err := conn.BusObject().CallWithContext(ctx, "org.freedesktop.DBus.NameHasOwner", 0, watcherName).Store(&owned)
	if err != nil || !owned {
		return false
	}
	var hosted dbus.Variant
	err = conn.Object(watcherName, watcherPath).CallWithContext(ctx, "org.freedesktop.DBus.Properties.Get", 0,
		watcherName, "IsStatusNotifierHostRegistered").Store(&hosted)
	yes, _ := hosted.Value().(bool)
	return err == nil && yes
}

// watchNotes calls opened whenever the user clicks a notification of ours, until
// ctx ends.
func watchNotes(ctx context.Context, conn *dbus.Conn, ours func(id uint32) bool, opened func()) {
	signals := make(chan *dbus.Signal, 8)
	conn.Signal(signals)
	defer conn.RemoveSignal(signals)
	match := []dbus.MatchOption{dbus.WithMatchObjectPath(notesPath), dbus.WithMatchInterface(notesName), dbus.WithMatchMember("ActionInvoked")}
	if conn.AddMatchSignalContext(ctx, match...) != nil {
		return
	}
	for {
		select {
		case s, ok := <-signals:
			if !ok {
				return
			}
			var id uint32
			var action string
			if s.Name == notesName+".ActionInvoked" && dbus.Store(s.Body, &id, &action) == nil && ours(id) {
				opened()
			}
		case <-ctx.Done():
			return
		}
	}
}
