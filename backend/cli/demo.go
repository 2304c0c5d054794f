package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/BlockRunAI/clawrouter-codex/backend/daemon"
	"github.com/BlockRunAI/clawrouter-codex/backend/proxy"
	"github.com/BlockRunAI/clawrouter-codex/backend/settings"
)

// cannotStart reports whether a demo may take the place of a real start: only
// when ClawRouter itself is out of reach, never for a setting, a port or a wallet
// that is wrong.
func cannotStart(err error) bool {
	var start *proxy.StartError
	if !errors.As(err, &start) {
		return false
	}
	switch start.Kind {
	case proxy.NodeMissing, proxy.NodeTooOld, proxy.NpxMissing, proxy.CommandMissing,
		proxy.NoNetwork, proxy.PackageMissing, proxy.DiskProblem,
		proxy.CrashLoop, proxy.Crashed, proxy.Hung:
		return true
	}
	return false
}

// tellFallback says loudly that what follows is not the real thing.
func (a *app) tellFallback(err error) {
	f := describe(err)
	bar := strings.Repeat("=", 72)
	fmt.Fprintf(a.env.Stderr, "\n%s\nClawRouter cannot be started: %s\n", bar, f.Message)
	if f.Mend != "" {
		fmt.Fprintf(a.env.Stderr, "  → %s\n", f.Mend)
	}
	fmt.Fprintf(a.env.Stderr, "Starting the DEMO instead: a built-in stand-in answers, no model is asked,\nnothing is paid, and none of your files is touched.\n%s\n\n", bar)
}

// runDemo starts the link against the stand-in, with a state folder and a
// CODEX_HOME of its own.
func (a *app) runDemo(ctx context.Context, f startFlags) error {
	s, err := a.demoSettings()
	if err != nil {
		return err
	}
	outlivePipes()
	err = daemon.RunDemo(ctx, f.inMenuBar(daemon.Options{
		Settings: s, Version: a.env.Version, Command: "demo", Environ: a.env.Environ, Home: a.env.Machine.Home,
		Program: a.env.Program, Now: a.env.Now, Progress: a.progress, Doctor: a.checks,
		Ready: func(ctx context.Context, l daemon.Link) error { return a.ready(ctx, s, l, true) },
	}))
	if f.shown != nil {
		return err
	}
	return a.unlessRunning(ctx, s, err, true)
}

// demoSettings ignores the user's environment and settings: a demo must not find
// a wallet, another upstream, or the user's Codex.
func (a *app) demoSettings() (*settings.Settings, error) {
	folder := demoFolder(a.env.Machine)
	m := a.env.Machine
	m.LookupEnv = func(name string) (string, bool) {
		switch name {
		case settings.HomeVariable:
			return filepath.Join(folder, "state"), true
		case "CODEX_HOME":
			return filepath.Join(folder, "codex"), true
		case "BLOCKRUN_MODEL_CATALOG_URL":
			return settings.NoModelList, true
		}
		return "", false
	}
	return settings.Load(m, a.flags)
}

// demoFolder is a cache folder: it may be deleted at any time.
func demoFolder(m settings.Machine) string {
	base, _ := m.LookupEnv("XDG_CACHE_HOME")
	switch {
	case m.GOOS == "windows":
		base, _ = m.LookupEnv("LocalAppData")
	case m.GOOS == "darwin":
		base = filepath.Join(m.Home, "Library", "Caches")
	}
	if !filepath.IsAbs(base) {
		base = filepath.Join(m.Home, ".cache")
	}
	return filepath.Join(base, "clawrouter-codex-demo")
}
