package app

import (
	"context"
	"errors"
	"os/exec"
	"strings"

	"github.com/BlockRunAI/clawrouter-codex/backend/console"
)

// clipboards are the programs that fill the clipboard, the first one that is there
// wins. needs is a variable without which it would fill another one.
var clipboards = map[string][]struct {
	needs string
	line  []string
}{
	"linux": {
		{"WAYLAND_DISPLAY", []string{"wl-copy"}},
		{"DISPLAY", []string{"xclip", "-selection", "clipboard", "-in"}},
		{"DISPLAY", []string{"xsel", "--clipboard", "--input"}},
	},
	"darwin":  {{"", []string{"pbcopy"}}},
	"windows": {{"", []string{"clip.exe"}}},
}

// errNoClipboard means that nothing here fills the clipboard.
var errNoClipboard = errors.New("none of wl-copy, xclip and xsel is installed")

// copyWith fills the clipboard through a program of the system's.
func copyWith(ctx context.Context, goos, text string, lookup func(string) (string, bool), lookPath func(string) (string, error)) error {
	for _, c := range clipboards[goos] {
		if set, _ := lookup(c.needs); c.needs != "" && set == "" {
			continue
		}
		path, err := lookPath(c.line[0])
		if err != nil {
			continue
		}
		cmd := exec.CommandContext(ctx, path, c.line[1:]...)
		cmd.Stdin = strings.NewReader(text)
		console.None(cmd)
		return cmd.Run()
	}
	return errNoClipboard
}
