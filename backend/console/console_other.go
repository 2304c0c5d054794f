//go:build !windows

package console

import (
	"os"
	"os/exec"
)

// None does nothing: only Windows opens a window for a program that has none.
func None(*exec.Cmd) {}

// Colours is true: every terminal here understands escape sequences.
func Colours(*os.File) bool { return true }
