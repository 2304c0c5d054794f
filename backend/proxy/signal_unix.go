//go:build linux || darwin

package proxy

import "syscall"

// terminate asks a process to end.
const terminate = syscall.SIGTERM
