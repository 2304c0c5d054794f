//go:build desktop && !linux

package app

import (
	"context"

	"github.com/BlockRunAI/clawrouter-codex/app/window"
	"github.com/BlockRunAI/clawrouter-codex/backend/cli"
)

// hasWindow: this executable is tray and window in one; each runs in a process of
// its own.
const hasWindow = true

func runWindow(ctx context.Context, o cli.FaceOptions, part string, fromApp bool) error {
	return window.Open(ctx, o.Version, part, fromApp)
}
