package app

import (
	"context"

	"github.com/BlockRunAI/clawrouter-codex/app/icons"
	"github.com/BlockRunAI/clawrouter-codex/backend/cli"
)

// native is what macOS offers.
type native struct{ alwaysThere }

func newNative(context.Context, cli.FaceOptions) *native { return &native{} }

func (*native) poster() poster                          { return scripted{} }
func (*native) shade() icons.Shade                      { return icons.Template }
func (*native) repaint(context.Context) <-chan struct{} { return nil }
