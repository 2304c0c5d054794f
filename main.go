//go:build !bindings && !(desktop && linux)

// Command clawrouter-codex lets OpenAI Codex run on any model that ClawRouter
// offers. See "clawrouter-codex --help".
package main

import (
	"os"

	"github.com/BlockRunAI/clawrouter-codex/app"
	"github.com/BlockRunAI/clawrouter-codex/backend/cli"
	"github.com/BlockRunAI/clawrouter-codex/backend/proxy"
)

// version is set by the linker for a release.
var version = ""

func main() {
	if guardian, code := proxy.GuardianMain(os.Args[1:]); guardian {
		os.Exit(code)
	}
	os.Exit(cli.Main(version, app.New()))
}
