package window

import (
	"encoding/json"
	"os"
	"path/filepath"

	"github.com/BlockRunAI/clawrouter-codex/backend/atomicfile"
)

// place is where the window was, in the pixels that the system counts in.
type place struct {
	X      int  `json:"x"`
	Y      int  `json:"y"`
	Width  int  `json:"width"`
	Height int  `json:"height"`
	Known  bool `json:"known"` // X and Y are: Wayland tells nobody
}

// The first size, and the least in which the page is whole.
const (
	firstWidth, firstHeight = 400, 640
	leastWidth, leastHeight = 360, 480
)

// mostPixels bounds what a file may make of the window.
const mostPixels = 16_000

func placeFile(folder string) string { return filepath.Join(folder, "window.json") }

// recall is the last place, or the first one where nothing sensible is kept.
func recall(folder string) place {
	p := place{Width: firstWidth, Height: firstHeight}
	data, err := os.ReadFile(placeFile(folder))
	if err != nil {
		return p
	}
	var kept place
	if json.Unmarshal(data, &kept) != nil {
		return p
	}
	if kept.Width >= leastWidth && kept.Width <= mostPixels && kept.Height >= leastHeight && kept.Height <= mostPixels {
		p.Width, p.Height = kept.Width, kept.Height
	}
	p.X, p.Y, p.Known = kept.X, kept.Y, kept.Known
	return p
}

// keep remembers p. What cannot be remembered is no reason to trouble anybody.
func keep(folder string, p place) {
	data, err := json.Marshal(p)
	if err != nil {
		return
	}
	_ = atomicfile.Write(placeFile(folder), append(data, '\n'), 0o600)
}

// visible reports whether enough of a window at p can be seen and gripped on
// screens that are width by height in all.
func (p place) visible(width, height int) bool {
	const grip = 80
	return p.Known && p.X+p.Width >= grip && p.X <= width-grip && p.Y >= 0 && p.Y <= height-grip
}
