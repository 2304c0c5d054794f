//go:build desktop

package window

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/backend/daemon"
	"github.com/BlockRunAI/clawrouter-codex/backend/link"
	"github.com/BlockRunAI/clawrouter-codex/backend/settings"
)

// Main is the program that is the window alone, and returns its exit code.
func Main(version string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	flags := flag.NewFlagSet("clawrouter-codex-panel", flag.ContinueOnError)
	part := flags.String("part", "", "show this part of the panel: doctor or logs")
	fromApp := flags.Bool("from-app", false, "the app opens it: obey standard input, and end with it")
	if err := flags.Parse(os.Args[1:]); err != nil {
		return 2
	}
	if err := Open(ctx, version, *part, *fromApp); err != nil {
		fmt.Fprintf(os.Stderr, "clawrouter-codex-panel: %v\n", err)
		var mends interface{ Mend() string }
		if errors.As(err, &mends) && mends.Mend() != "" {
			fmt.Fprintf(os.Stderr, "  → %s\n", mends.Mend())
		}
		return 1
	}
	return 0
}

// Open shows the window of the running link: that of the app where the app has
// one, else ours.
func Open(ctx context.Context, version, part string, fromApp bool) error {
	home, _ := os.UserHomeDir()
	dir, _ := os.Getwd()
	s, err := settings.Load(settings.Machine{
		LookupEnv: os.LookupEnv, ReadFile: os.ReadFile, Home: home, Dir: dir, GOOS: runtime.GOOS,
	}, nil)
	if err != nil {
		return err
	}
	l, release, err := daemon.Connect(ctx, daemon.ConnectOptions{
		Settings: s, Version: version, Environ: os.Environ(), Home: home, Now: time.Now,
		Warn: func(text string) { fmt.Fprintln(os.Stderr, text) },
	})
	if err != nil {
		return err
	}
	defer release()
	if !fromApp {
		err := l.ShowPanel(ctx, part)
		var told *link.Error
		if !errors.As(err, &told) || told.Kind != link.NoWindow {
			return err
		}
	}
	if _, err := l.Panel(ctx); err != nil {
		return err
	}
	return Run(ctx, Options{
		Folder: s.Paths.Root, Part: part, FromApp: fromApp,
		Address: func(ctx context.Context) (string, error) {
			p, err := l.Panel(ctx)
			return p.URL, err
		},
	})
}
