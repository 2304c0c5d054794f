//go:build darwin && !cgo

package app

import "sync"

// hasBar: the menu bar of macOS is reached through cgo alone.
const hasBar = false

// runBar is never called: Missing says that there is no bar.
func runBar(r *running, _ *loop, _ *sync.WaitGroup) { <-r.kept }
