// Command clawrouter-codex lets OpenAI Codex run on any model that ClawRouter
// offers. See "clawrouter-codex --help".
package main

import (
	"context"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"runtime/debug"
	"syscall"
	"time"

	"golang.org/x/term"

	"github.com/BlockRunAI/clawrouter-codex/backend/cli"
	"github.com/BlockRunAI/clawrouter-codex/backend/settings"
)

// version is set by the linker for a release.
var version = ""

func main() {
	os.Exit(run())
}

func run() int {
	// The first signal stops in order, a second one at once.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	return cli.Run(ctx, environment())
}

// environment is the only place that looks at the process's surroundings.
func environment() cli.Env {
	home, _ := os.UserHomeDir()
	dir, _ := os.Getwd()
	program, _ := os.Executable()
	return cli.Env{
		Args: os.Args[1:], Stdout: os.Stdout, Stderr: os.Stderr,
		Machine: settings.Machine{
			LookupEnv: os.LookupEnv, ReadFile: os.ReadFile,
			Home: home, Dir: dir, GOOS: runtime.GOOS,
		},
		Environ: os.Environ(), Program: program, Version: buildVersion(),
		LookPath: exec.LookPath,
		Terminal: term.IsTerminal(int(os.Stderr.Fd())),
		Now:      time.Now,
	}
}

// buildVersion is the release's, the module's for `go install`, else the commit's.
func buildVersion() string {
	if version != "" {
		return version
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "devel"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			return "devel-" + s.Value[:12]
		}
	}
	return "devel"
}
