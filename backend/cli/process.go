package cli

import (
	"context"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/term"

	"github.com/BlockRunAI/clawrouter-codex/backend/atomicfile"
	"github.com/BlockRunAI/clawrouter-codex/backend/console"
	"github.com/BlockRunAI/clawrouter-codex/backend/settings"
)

// Main runs the command line of this process, with face as its menu bar, and
// returns its exit code. The first SIGINT, SIGTERM or SIGHUP ends a command in
// order, a second one at once.
func Main(version string, face Face) int {
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // nohup wants us to outlive the terminal
		signals = append(signals, syscall.SIGHUP)
	}
	ctx, stop := signal.NotifyContext(context.Background(), signals...)
	defer stop()
	context.AfterFunc(ctx, stop)
	env := process(version)
	env.Face = face
	return Run(ctx, env)
}

// outlivePipes is for a program that stays: it goes on when whoever read what it
// prints is gone, where Go would end it at the next line.
func outlivePipes() { signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) }

// process is the only place that looks at the process's surroundings.
func process(version string) Env {
	home, _ := os.UserHomeDir()
	dir, _ := os.Getwd()
	program, _ := os.Executable()
	build := ThisBuild(version)
	return Env{
		Args: os.Args[1:], Stdout: os.Stdout, Stderr: os.Stderr,
		Machine: settings.Machine{
			LookupEnv: os.LookupEnv, ReadFile: atomicfile.Read,
			Home: home, Dir: dir, GOOS: runtime.GOOS,
		},
		Environ: os.Environ(), Program: program, Version: build.Version, Build: build,
		LookPath:    exec.LookPath,
		OutTerminal: term.IsTerminal(int(os.Stdout.Fd())) && console.Colours(os.Stdout),
		ErrTerminal: term.IsTerminal(int(os.Stderr.Fd())) && console.Colours(os.Stderr),
		Now:         time.Now,
	}
}
