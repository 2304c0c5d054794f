// Command suites runs the project's test suites, slow ones side by side, and
// prints what each took. A suite that ran no test has failed. It is what
// `make test`, `make test-long` and `make fuzz` start; it changes nothing in
// the tree but .cache/, fuzz findings and, after a complete long run, the
// record in e2e/LONG.md.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		stop()
		os.Exit(1)
	}
}

var errFailed = errors.New("some tests failed")

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("suites", flag.ContinueOnError)
	long := flags.Bool("long", false, "the long suites, recorded in e2e/LONG.md")
	only := flags.String("only", "", "names of the suites, or of the releases, to run, with commas; all by default")
	fuzzTime := flags.Duration("fuzztime", 0, "time for each fuzz target (default 4s, long 10m)")
	releases := flags.Bool("compat", false, "every supported release of Codex, recorded in "+compatPage)
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *releases {
		var some []string
		if *only != "" {
			some = strings.Split(*only, ",")
		}
		return compatLogged(ctx, some)
	}
	plan := shortPlan(*fuzzTime)
	if *long {
		plan = longPlan(*fuzzTime)
	}
	complete := *only == ""
	if !complete {
		var err error
		if plan, err = plan.keep(strings.Split(*only, ",")); err != nil {
			return err
		}
	}
	begin := time.Now()
	results := plan.run(ctx, os.Stdout)
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("stopped before the end: %w", err)
	}
	failed := printTotals(os.Stdout, results, time.Since(begin))
	if *long && complete {
		if err := record(ctx, "e2e/LONG.md", results, begin); err != nil {
			return err
		}
	}
	if failed {
		return errFailed
	}
	return nil
}
