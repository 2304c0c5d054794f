package app

import (
	"bytes"
	"context"
	"image"
	_ "image/png" // decodes our own icon
	"sync"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/BlockRunAI/clawrouter-codex/app/icons"
)

// The desktop's notification service: https://specifications.freedesktop.org/notification/.
const (
	notesName = "org.freedesktop.Notifications"
	notesPath = dbus.ObjectPath("/org/freedesktop/Notifications")
)

// noteWait bounds one call: a service that is started by it takes a moment.
const noteWait = 10 * time.Second

// busNotes posts over D-Bus.
type busNotes struct {
	conn *dbus.Conn

	mu    sync.Mutex        // guards shown: clicks on notifications are looked up there too
	shown map[string]uint32 // by id of ours, the service's
}

func newBusNotes(conn *dbus.Conn) *busNotes {
	return &busNotes{conn: conn, shown: map[string]uint32{}}
}

func (b *busNotes) idOf(id string) uint32 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.shown[id]
}

// ours reports whether the service shows a note of ours as id: some services tell
// every program of every click.
func (b *busNotes) ours(id uint32) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, shown := range b.shown {
		if shown == id {
			return true
		}
	}
	return false
}

func (b *busNotes) post(ctx context.Context, n note) error {
	ctx, cancel := context.WithTimeout(ctx, noteWait)
	defer cancel()
	urgency := byte(1)
	if n.urgent {
		urgency = 2
	}
	hints := map[string]dbus.Variant{"urgency": dbus.MakeVariant(urgency), "desktop-entry": dbus.MakeVariant(programName)}
	if picture, ok := noteImage(); ok {
		hints["image-data"] = dbus.MakeVariant(picture)
	}
	var id uint32
	err := b.conn.Object(notesName, notesPath).CallWithContext(ctx, notesName+".Notify", 0,
		programName, b.idOf(n.id), "", n.title, plainBody(n.text), []string{"default", "Open panel"}, hints, int32(-1)).Store(&id)
	if err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.shown[n.id] = id
	return nil
}

func (b *busNotes) drop(ctx context.Context, id string) {
	known := b.idOf(id)
	if known == 0 {
		return
	}
	b.mu.Lock()
	delete(b.shown, id)
	b.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, noteWait)
	defer cancel()
	// One that the user closed is unknown to the service by now.
	_ = b.conn.Object(notesName, notesPath).CallWithContext(ctx, notesName+".CloseNotification", 0, known).Err
}

// plainBody keeps the service from reading markup into a sentence that quotes a
// program's output.
func plainBody(text string) string {
	var b bytes.Buffer
	for _, r := range text {
		switch r {
		case '<':
			b.WriteString("&lt;")
		case '>':
			b.WriteString("&gt;")
		case '&':
			b.WriteString("&amp;")
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// notePicture is the image-data of a notification.
type notePicture struct {
	Width, Height, Stride int32
	Alpha                 bool
	Bits, Channels        int32
	Data                  []byte
}

func noteImage() (notePicture, bool) {
	picture, _, err := image.Decode(bytes.NewReader(icons.Small()))
	if err != nil {
		return notePicture{}, false
	}
	w, h := picture.Bounds().Dx(), picture.Bounds().Dy()
	out := notePicture{Width: int32(w), Height: int32(h), Stride: int32(4 * w), Alpha: true, Bits: 8, Channels: 4}
	for y := range h {
		for x := range w {
			r, g, b, a := picture.At(x, y).RGBA()
			out.Data = append(out.Data, byte(r>>8), byte(g>>8), byte(b>>8), byte(a>>8))
		}
	}
	return out, true
}
