package panel

import (
	"fmt"
	"html"
	"path/filepath"

	"github.com/BlockRunAI/clawrouter-codex/backend/atomicfile"
)

// Browser opens pages in the user's browser.
type Browser struct {
	GOOS   string
	Folder string // the state folder, which only the user can read
	// LookPath finds a program, as exec.LookPath.
	LookPath func(name string) (string, error)
	// Start starts a program and does not wait for it.
	Start func(name string, args ...string) error
}

// Open shows a one-time link. Other users can read a command line. On Linux a
// link is no use to them, because the panel sees whose browser it is. On macOS it
// cannot, so there the browser is handed a file of ours that leads to it. Windows
// shows command lines to their own user only.
func (b Browser) Open(url string) error {
	name, args := "xdg-open", []string{url}
	switch b.GOOS {
	case "darwin":
		file := filepath.Join(b.Folder, "panel.html")
		text := `<!doctype html><meta charset="utf-8"><meta name="referrer" content="no-referrer"><title>clawrouter-codex</title>` +
			`<meta http-equiv="refresh" content="0; url=` + html.EscapeString(url) + `">` + "\n"
		if err := atomicfile.Write(file, []byte(text), 0o600); err != nil {
			return fmt.Errorf("lead the browser to the panel: %w", err)
		}
		name, args = "open", []string{file}
	case "windows":
		name, args = "rundll32", []string{"url.dll,FileProtocolHandler", url}
	}
	path, err := b.LookPath(name)
	if err != nil {
		return &noBrowser{err}
	}
	if err := b.Start(path, args...); err != nil {
		return &noBrowser{err}
	}
	return nil
}

// noBrowser says that there is nothing that opens pages.
type noBrowser struct{ err error }

func (e *noBrowser) Error() string { return "no browser could be started: " + e.err.Error() }
func (e *noBrowser) Unwrap() error { return e.err }

// Mend is how to open the page all the same.
func (e *noBrowser) Mend() string {
	return "print the link, and open it in a browser on this machine: clawrouter-codex panel --print"
}
