//go:build !desktop || linux

package app

import (
	"context"

	"github.com/BlockRunAI/clawrouter-codex/backend/cli"
)

// hasWindow: the window is another executable, or there is none.
const hasWindow = false

func runWindow(context.Context, cli.FaceOptions, string, bool) error { return cli.ErrNoWindow }
