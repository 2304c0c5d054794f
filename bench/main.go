// Command bench measures the bridge side by side with a bare hop: the same
// upstream, the same load, in turns, in one run. What it prints are ratios;
// absolute figures belong to the machine. See bench/README.md.
//
// It treats the bridge as users do, as a program that is built and started, and
// imports nothing of it. The stub upstream and the hop are this same program,
// started again with the names "stub" and "hop".
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/bench/machine"
	"github.com/BlockRunAI/clawrouter-codex/bench/report"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "bench:", err)
		stop()
		os.Exit(1)
	}
}

// options are the command line.
type options struct {
	effort          effort
	write, check    bool
	only            *regexp.Regexp
	bridge, json    string
	settle, timeout time.Duration
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	if len(args) > 0 && (args[0] == "stub" || args[0] == "hop") {
		return serve(ctx, args[0], args[1:])
	}
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
	r, err := measure(ctx, o, stderr)
	if err != nil {
		return err
	}
	if err := r.WriteText(stdout); err != nil {
		return err
	}
	return o.keep(r, stdout)
}

func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	f := flag.NewFlagSet("bench/run", flag.ContinueOnError)
	f.SetOutput(stderr)
	long := f.Bool("full", false, "every scenario with more rounds: about ten minutes instead of one or two")
	f.BoolVar(&o.write, "write", false, "put the result into bench/README.md and bench/latest.json")
	f.BoolVar(&o.check, "check", false, "exit with 1 if a target is clearly missed")
	only := f.String("only", "", "only scenarios whose name matches this `pattern`")
	f.StringVar(&o.bridge, "bridge", "", "measure this `program` instead of building the bridge")
	f.StringVar(&o.json, "json", filepath.Join(os.TempDir(), "clawrouter-codex-bench.json"), "`file` for the figures")
	f.DurationVar(&o.settle, "settle", time.Minute, "how long memory has to go down after 256 streams (full runs)")
	f.DurationVar(&o.timeout, "timeout", 30*time.Minute, "give up after this long")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if o.effort = quick; *long {
		o.effort = full
	}
	var err error
	if o.only, err = regexp.Compile(*only); err != nil {
		return o, fmt.Errorf("-only: %w", err)
	}
	if f.NArg() > 0 {
		return o, fmt.Errorf("no argument %q; see bench/run -h", f.Arg(0))
	}
	return o, nil
}

// keep writes the figures to where they were asked for.
func (o options) keep(r *report.Report, stdout io.Writer) error {
	if o.write {
		o.json = filepath.Join("bench", "latest.json")
		if err := r.UpdateReadme(filepath.Join("bench", "README.md")); err != nil {
			return err
		}
	}
	if err := r.WriteJSON(o.json); err != nil {
		return err
	}
	fmt.Fprintln(stdout, "Figures:", o.json)
	if missed := r.Missed(); o.check && len(missed) > 0 {
		return fmt.Errorf("targets missed: %s", strings.Join(missed, "; "))
	}
	return nil
}

// measure builds the bridge and runs every scenario that was asked for.
func measure(ctx context.Context, o options, progress io.Writer) (*report.Report, error) {
	r := &report.Report{Date: time.Now(), Commit: commit(ctx), Mode: o.effort.String(), Machine: machine.Describe()}
	noise := machine.Listen()
	l, err := newLab(ctx, o.bridge)
	if err != nil {
		return nil, err
	}
	defer l.close()
	for _, s := range scenarios(o.effort, o.settle) {
		if !o.only.MatchString(s.name) {
			continue
		}
		fmt.Fprintf(progress, "%s … ", s.name)
		began := time.Now()
		rows, err := s.run(ctx, l)
		if err != nil {
			fmt.Fprintln(progress, "failed")
			return nil, fmt.Errorf("%s: %w", s.name, err)
		}
		fmt.Fprintf(progress, "%.1f s\n", time.Since(began).Seconds())
		r.Rows = append(r.Rows, rows...)
	}
	l.close()
	if others, err := noise.Others(); err == nil {
		r.Others = &others
	}
	r.Took = time.Since(r.Date).Round(time.Second).String()
	return r, nil
}

// commit names what is measured, with a + when files differ from it.
func commit(ctx context.Context) string {
	out, err := exec.CommandContext(ctx, "git", "rev-parse", "--short", "HEAD").Output()
	if err != nil {
		return "unknown"
	}
	name := strings.TrimSpace(string(out))
	if exec.CommandContext(ctx, "git", "diff", "--quiet", "HEAD", "--", "*.go", "go.mod").Run() != nil {
		name += "+"
	}
	return name
}
