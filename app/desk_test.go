package app

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/BlockRunAI/clawrouter-codex/backend/cli"
)

func TestTheClipboard(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("NOT RUN: scripts stand for the programs, which Windows does not start")
	}
	folder := t.TempDir()
	for _, name := range []string{"wl-copy", "xclip", "xsel"} {
		script := "#!/bin/sh\n/bin/echo " + name + " \"$@\" >" + filepath.Join(folder, "did") + "\n/bin/cat >>" + filepath.Join(folder, "did") + "\n"
		if err := os.WriteFile(filepath.Join(folder, name), []byte(script), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct {
		name string
		env  []string
		has  []string
		want string // "" for none
	}{
		{"Wayland", []string{"WAYLAND_DISPLAY=wayland-0", "DISPLAY=:0"}, []string{"wl-copy", "xclip"}, "wl-copy\n0xabc"},
		{"Wayland without its program", []string{"WAYLAND_DISPLAY=wayland-0", "DISPLAY=:0"}, []string{"xclip"}, "xclip -selection clipboard -in\n0xabc"},
		{"X11", []string{"DISPLAY=:0"}, []string{"wl-copy", "xsel"}, "xsel --clipboard --input\n0xabc"},
		{"nothing", []string{"DISPLAY=:0"}, nil, ""},
		{"no display", nil, []string{"wl-copy", "xclip", "xsel"}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			lookPath := func(name string) (string, error) {
				for _, has := range tt.has {
					if has == name {
						return filepath.Join(folder, name), nil
					}
				}
				return "", os.ErrNotExist
			}
			err := copyWith(t.Context(), "linux", "0xabc", lookup(tt.env), lookPath)
			if tt.want == "" {
				if !errors.Is(err, errNoClipboard) {
					t.Errorf("got %v", err)
				}
				return
			}
			text, readErr := os.ReadFile(filepath.Join(folder, "did"))
			if err != nil || readErr != nil || string(text) != tt.want {
				t.Errorf("did %q, %v %v", text, err, readErr)
			}
		})
	}
}

// slow is a notification service that hangs.
type slow struct {
	free   chan struct{}
	posted chan string
}

func (s *slow) post(_ context.Context, n note) error {
	<-s.free
	s.posted <- n.id
	return nil
}

func (s *slow) drop(context.Context, string) {}

func TestAServiceThatHangsHoldsNobodyUp(t *testing.T) {
	s := &slow{free: make(chan struct{}), posted: make(chan string, 3*queued)}
	n := newNotes(s, func(err error) { t.Error(err) })
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); n.run(ctx) }()
	for range 2 * queued {
		n.tell(note{id: "a"}) // returns at once, whatever the service does
	}
	close(s.free)
	if id := <-s.posted; id != "a" {
		t.Errorf("posted %q", id)
	}
	stop()
	<-ended
}

// broken is a service that refuses.
type broken struct{}

func (broken) post(context.Context, note) error { return errors.New("no service") }
func (broken) drop(context.Context, string)     {}

func TestThatNothingIsShownIsSaidOnce(t *testing.T) {
	said := make(chan error, 8)
	n := newNotes(broken{}, func(err error) { said <- err })
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); n.run(ctx) }()
	n.tell(note{id: "a"})
	n.tell(note{id: "b"})
	done := make(chan struct{})
	n.add(func(context.Context) { close(done) })
	<-done
	stop()
	<-ended
	if len(said) != 1 {
		t.Errorf("said %d times", len(said))
	}
}

func TestWhereThereCanBeNoIcon(t *testing.T) {
	for _, tt := range []struct {
		name, goos string
		env        []string
		want       string
	}{
		{"X11", "linux", []string{"DISPLAY=:0"}, ""},
		{"Wayland", "linux", []string{"WAYLAND_DISPLAY=wayland-0"}, ""},
		{"a terminal of another machine", "linux", []string{"DISPLAY="}, "there is no display"},
		{"Windows", "windows", nil, ""},
	} {
		if got := (App{}).Missing(cli.FaceOptions{GOOS: tt.goos, Environ: tt.env}); got != tt.want {
			t.Errorf("%s: %q", tt.name, got)
		}
	}
}
