package app

import (
	"context"

	"github.com/BlockRunAI/clawrouter-codex/app/icons"
	"github.com/BlockRunAI/clawrouter-codex/backend/cli"
)

// native is what macOS offers: its menu bar is always there.
type native struct{}

func newNative(context.Context, cli.FaceOptions) *native { return &native{} }

func (*native) noTray() string                                  { return "" }
func (*native) awaitHost(context.Context) bool                  { return true }
func (*native) poster() poster                                  { return scripted{} }
func (*native) run(ctx context.Context, _ func(), queue *notes) { queue.run(ctx) }
func (*native) close()                                          {}
func (*native) shade() icons.Shade                              { return icons.Template }
func (*native) repaint(context.Context) <-chan struct{}         { return nil }
