//go:build race && (darwin || linux)

package loopback

import "syscall"

// beforeWrite tells the race detector that what was done here comes before what the
// reader does. Package syscall does so with each of its writes; package unix, whose
// Writev is used, tells of its own reads and writes only.
func beforeWrite() { _, _ = syscall.Write(-1, nil) }
