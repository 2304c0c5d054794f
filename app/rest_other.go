//go:build !linux

package app

import "runtime/debug"

// rest gives back to the system what a program that waits does not need.
func rest() { debug.FreeOSMemory() }
