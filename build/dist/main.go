package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "dist:", err)
		stop()
		os.Exit(1)
	}
}

// target is a system that packages are made for.
type target struct{ os, arch string }

func (t target) String() string { return t.os + "/" + t.arch }

var targets = []target{
	{"linux", "amd64"}, {"linux", "arm64"},
	{"windows", "amd64"},
	{"darwin", "amd64"}, {"darwin", "arm64"},
}

// panelMode says whether the panel's package is made: it links to WebKitGTK, so
// it needs cgo, the headers, and the machine's own architecture.
type panelMode string

const (
	panelIfPossible panelMode = "auto"
	panelRequired   panelMode = "yes"
	panelLeftOut    panelMode = "no"
)

// job is one run of the program.
type job struct {
	root   string // the checkout
	out    string // where packages go
	tree   string // a copy of the checkout, which is built
	source source
	tools  string // folder of the pinned tools
	panel  panelMode
	log    io.Writer
}

func run(ctx context.Context, args []string, stdout io.Writer) error {
	flags := flag.NewFlagSet("dist", flag.ContinueOnError)
	out := flags.String("out", "dist", "folder for the packages; what it held is removed")
	only := flags.String("only", "", "systems, with commas (linux/amd64,windows); all by default")
	describeOnly := flags.Bool("describe", false, "print version, commit and its time as a shell reads them, and make nothing")
	panel := flags.String("panel", string(panelIfPossible), "the panel's package: auto, yes or no")
	if err := flags.Parse(args); err != nil {
		return err
	}
	chosen, err := choose(*only)
	if err != nil {
		return err
	}
	mode := panelMode(*panel)
	if !slices.Contains([]panelMode{panelIfPossible, panelRequired, panelLeftOut}, mode) {
		return fmt.Errorf("-panel is auto, yes or no, not %q", *panel)
	}
	root, err := os.Getwd()
	if err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(root, "build", "dist")); err != nil {
		return errors.New("run it at the top of the tree: go run ./build/dist")
	}
	if *describeOnly {
		return printSource(ctx, root, stdout)
	}
	j := &job{root: root, out: *out, panel: mode, log: stdout}
	return j.run(ctx, chosen)
}

// printSource is for scripts that build on other systems. No value needs quotes.
func printSource(ctx context.Context, root string, stdout io.Writer) error {
	s, err := describe(ctx, root)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(stdout, "VERSION=%s\nCOMMIT=%s\nCOMMIT_TIME=%s\n", s.Version, s.Commit, s.stamp())
	return err
}

// choose keeps the targets whose system, or system and architecture, is named.
func choose(only string) ([]target, error) {
	if only == "" {
		return targets, nil
	}
	var chosen []target
	for name := range strings.SplitSeq(only, ",") {
		n := len(chosen)
		for _, t := range targets {
			if name == t.os || name == t.String() {
				chosen = append(chosen, t)
			}
		}
		if len(chosen) == n {
			return nil, fmt.Errorf("no packages are made for %q; there are: %v", name, targets)
		}
	}
	return chosen, nil
}

func (j *job) run(ctx context.Context, chosen []target) error {
	var err error
	if j.out, err = filepath.Abs(j.out); err != nil {
		return err
	}
	if err := emptyFolder(j.out); err != nil {
		return err
	}
	if j.source, err = describe(ctx, j.root); err != nil {
		return err
	}
	if err := j.buildTools(ctx); err != nil {
		return err
	}
	remove, err := j.copyTree(ctx)
	if err != nil {
		return err
	}
	defer remove()
	fmt.Fprintf(j.log, "clawrouter-codex %s, commit %.12s\n", j.source.Version, j.source.Commit)
	papers, err := j.papers(ctx)
	if err != nil {
		return err
	}
	for _, t := range chosen {
		if err := j.packages(ctx, t, papers); err != nil {
			return fmt.Errorf("%s: %w", t, err)
		}
	}
	return j.checksums()
}

// emptyFolder makes a folder in which nothing is left from an earlier run.
func emptyFolder(path string) error {
	if err := os.RemoveAll(path); err != nil {
		return err
	}
	return os.MkdirAll(path, 0o755)
}

// packages makes what people of one system install.
func (j *job) packages(ctx context.Context, t target, papers papers) error {
	switch t.os {
	case "linux":
		return j.linux(ctx, t, papers)
	case "windows":
		return j.windows(ctx, t, papers)
	}
	return j.macOS(ctx, t, papers)
}
