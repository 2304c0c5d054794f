//go:build desktop && !bindings

package main

import (
	"os"

	"github.com/BlockRunAI/clawrouter-codex/app/window"
)

// version is set by the linker for a release.
var version = ""

// On Linux the desktop build is the panel's window alone: the program that stays
// must not be linked to a web view, which is larger than all the rest of it.
func main() { os.Exit(window.Main(version)) }
