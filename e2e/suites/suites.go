package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"time"
)

// shortPlan is `make test`. The first lane compiles and computes; the second
// mostly waits: for npm, then for clients that wait for the bridge.
func shortPlan(fuzzTime time.Duration) lanes {
	return lanes{
		{
			{"checks", checks},
			{"unit", tests(nil, "-race", "-timeout=5m", "./...")},
			{"fuzz", fuzzFor(cmp.Or(fuzzTime, 4*time.Second))},
		},
		{
			{"clients", installClients("")},
			{"judges", tests(nil, "-tags=e2e", "-timeout=3m", "./e2e/judges/...")},
			{"codex", tests(nil, "-tags=e2e", "-timeout=5m", "./e2e/codex/...")},
			{"readme", tests(nil, "-tags=e2e", "-timeout=3m", "./e2e/readme/...")},
		},
	}
}

// olderCodex is the oldest release whose profile files and request shape the
// bridge promises to serve.
const olderCodex = "0.140.0"

// longPlan is `make test-long`: nothing runs beside anything else, so that the
// figures in its record mean something.
func longPlan(fuzzTime time.Duration) lanes {
	older := []string{"CODEX_VERSION=" + olderCodex}
	return lanes{{
		{"clients", installClients("")},
		{"codex-50", tests([]string{"CODEX_TURNS=50"}, "-tags=e2e", "-timeout=20m", "-run=^TestManyTurns$", "./e2e/codex/...")},
		{"older", installClients(olderCodex)},
		{"codex-" + olderCodex, tests(older, "-tags=e2e", "-timeout=15m", "./e2e/codex/...")},
		{"fuzz", fuzzFor(cmp.Or(fuzzTime, 10*time.Minute))},
	}}
}

func tests(env []string, args ...string) func(context.Context, io.Writer) outcome {
	return func(ctx context.Context, log io.Writer) outcome {
		return goTest(ctx, log, env, args...)
	}
}

func fuzzFor(d time.Duration) func(context.Context, io.Writer) outcome {
	return func(ctx context.Context, log io.Writer) outcome { return fuzz(ctx, log, d) }
}

// installClients counts as one test, so that a plan never runs clients that
// are not there.
func installClients(codexVersion string) func(context.Context, io.Writer) outcome {
	return func(ctx context.Context, log io.Writer) outcome {
		var env []string
		if codexVersion != "" {
			env = []string{"CODEX_VERSION=" + codexVersion}
		}
		out, err := command(ctx, env, "e2e/install.sh", "clients").CombinedOutput()
		log.Write(out)
		if err != nil {
			return outcome{failed: 1, detail: fmt.Sprintf("%s%v", out, err)}
		}
		return outcome{passed: 1}
	}
}
