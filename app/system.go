package app

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"sync/atomic"

	"github.com/BlockRunAI/clawrouter-codex/backend/cli"
	"github.com/BlockRunAI/clawrouter-codex/backend/link"
	"github.com/BlockRunAI/clawrouter-codex/backend/panel"
)

// system is the desk of the machine that the program runs on.
type system struct {
	o      cli.FaceOptions
	native *native // what is another thing on each system
	notes  *notes
	window *panelWindow
	// folder is the state folder of the link that is shown.
	folder atomic.Pointer[string]
}

var _ desk = (*system)(nil)

func newSystem(ctx context.Context, o cli.FaceOptions) *system {
	s := &system{o: o, native: newNative(ctx, o), window: newPanelWindow(o)}
	s.folder.Store(new(string))
	s.notes = newNotes(s.native.poster(), func(err error) {
		o.Say(fmt.Sprintf("Notifications cannot be shown here (%v); the panel shows all of them.", err))
	})
	return s
}

// run shows notifications until ctx ends, and closes the window then. opened is
// called when the user clicks one.
func (s *system) run(ctx context.Context, opened func()) {
	defer context.AfterFunc(ctx, s.window.close)()
	s.native.run(ctx, opened, s.notes)
}

// close ends what run left.
func (s *system) close() {
	s.window.close()
	s.native.close()
}

func (s *system) tell(n note)        { s.notes.tell(n) }
func (s *system) withdraw(id string) { s.notes.withdraw(id) }

// noTray says why there can be no icon, "" where there can.
func (s *system) noTray() string { return s.native.noTray() }

// awaitHost reports whether something shows the icon, and waits for it a while.
func (s *system) awaitHost(ctx context.Context) bool { return s.native.awaitHost(ctx) }

func (s *system) showPanel(ctx context.Context, l link.Link, part string) error {
	err := s.window.show(ctx, *s.folder.Load(), part)
	if err == nil {
		return nil
	}
	if !errors.Is(err, cli.ErrNoWindow) {
		s.o.Say(err.Error() + ". It opens in the browser instead.")
	}
	return s.browse(ctx, l, part)
}

func (s *system) showBrowser(ctx context.Context, l link.Link) error { return s.browse(ctx, l, "") }

func (s *system) browse(ctx context.Context, l link.Link, part string) error {
	p, err := l.Panel(ctx)
	if err != nil {
		return err
	}
	if part != "" {
		p.URL += "#" + part
	}
	return panel.Browser{GOOS: s.o.GOOS, Folder: *s.folder.Load(), LookPath: s.o.LookPath, Start: startAlone}.Open(p.URL)
}

// startAlone starts a program that lives on without us.
func startAlone(name string, args ...string) error {
	cmd := exec.Command(name, args...)
	if err := cmd.Start(); err != nil {
		return err
	}
	go func() { _ = cmd.Wait() }() // so that no zombie is left while we run
	return nil
}

// copyText says where the address can be had where nothing fills the clipboard.
func (s *system) copyText(ctx context.Context, text string) error {
	err := copyWith(ctx, s.o.GOOS, text, lookup(s.o.Environ), s.o.LookPath)
	if errors.Is(err, errNoClipboard) {
		return fmt.Errorf("the address was not copied: %w. The panel has a button for it, and here it is: %s", err, text)
	}
	if err == nil {
		s.tell(note{id: "copied", title: "Wallet address copied", text: text})
	}
	return err
}
