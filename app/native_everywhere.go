//go:build darwin || windows

package app

import "context"

// alwaysThere is what macOS and Windows have in common: the menu bar needs no
// waiting for, and no connection.
type alwaysThere struct{}

func (alwaysThere) noTray() string                                  { return "" }
func (alwaysThere) awaitHost(context.Context) bool                  { return true }
func (alwaysThere) run(ctx context.Context, _ func(), queue *notes) { queue.run(ctx) }
func (alwaysThere) close()                                          {}
