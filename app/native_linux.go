package app

import (
	"context"

	"github.com/godbus/dbus/v5"

	"github.com/BlockRunAI/clawrouter-codex/app/icons"
	"github.com/BlockRunAI/clawrouter-codex/backend/cli"
)

// native is what a Linux desktop offers over D-Bus.
type native struct {
	conn  *dbus.Conn // nil where there is no session bus
	why   string
	notes *busNotes
}

func newNative(ctx context.Context, o cli.FaceOptions) *native {
	// The connection outlives ctx: notes are withdrawn, and the end is orderly.
	conn, err := openBus(context.WithoutCancel(ctx), lookup(o.Environ))
	if err != nil {
		return &native{why: err.Error()}
	}
	return &native{conn: conn, notes: newBusNotes(conn)}
}

func (n *native) noTray() string { return n.why }

func (n *native) awaitHost(ctx context.Context) bool { return awaitHost(ctx, n.conn, hostWait) }

func (n *native) poster() poster {
	if n.conn == nil {
		return mute{}
	}
	return n.notes
}

// run shows notes and follows clicks on them until ctx ends.
func (n *native) run(ctx context.Context, opened func(), queue *notes) {
	if n.conn == nil {
		queue.run(ctx)
		return
	}
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		watchNotes(ctx, n.conn, n.notes.ours, opened)
	}()
	queue.run(ctx)
	<-watched
}

func (n *native) close() {
	if n.conn != nil {
		_ = n.conn.Close()
	}
}

// shade: no panel of Linux says which colour it has, and the theme of windows is
// often another one.
func (n *native) shade() icons.Shade { return icons.Any }

// repaint never comes.
func (n *native) repaint(context.Context) <-chan struct{} { return nil }

// mute is the poster of a desktop without notifications.
type mute struct{}

func (mute) post(context.Context, note) error { return errNoBus }
func (mute) drop(context.Context, string)     {}
