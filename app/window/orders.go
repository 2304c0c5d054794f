package window

import (
	"bufio"
	"io"
	"strings"
)

// What a window and the app that opened it say to each other, a line each: the
// app on the window's standard input, the window on its standard output. The end
// of the input is the end of the app, and of the window with it.
const (
	// IsOpen says that the page is there, and after Show that the window came to the
	// front.
	IsOpen = "the panel is open"
	// Show asks the window to come to the front; behind it stands a part of the
	// panel, or nothing.
	Show = "show"
)

// follow carries out the app's lines until they end, and then calls gone.
//
//nolint:unused // only the desktop build has a window
func follow(in io.Reader, show func(part string), gone func()) {
	defer gone()
	for lines := bufio.NewScanner(in); lines.Scan(); {
		if order, part, _ := strings.Cut(lines.Text(), " "); order == Show {
			show(part)
		}
	}
}
