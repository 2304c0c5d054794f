package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"path/filepath"
	"runtime"
	"slices"
	"time"
)

// shortPlan is `make test`. The first lane compiles and computes; the second
// mostly waits: for npm, then for clients that wait for the bridge; the third has
// browsers and a desktop, and makes the packages.
func shortPlan(fuzzTime time.Duration) lanes {
	older := []string{"CODEX_VERSION=" + olderCodex}
	plan := lanes{
		{
			{"checks", checks},
			{"unit", tests(nil, "-race", "-timeout=10m", "./...")},
			{"fuzz", fuzzFor(cmp.Or(fuzzTime, 4*time.Second))},
			{"lint", lint},
		},
		{
			{"clients", installClients("")},
			// Time-outs end what hangs; they are several times what a suite takes.
			{"judges", clientTests(nil, "-timeout=10m", "./e2e/judges/...")},
			{"codex", asRecorded("", clientTests(nil, "-timeout=20m", "./e2e/codex/..."))},
			{"older", installClients(olderCodex)},
			{"files-" + olderCodex, asRecorded(olderCodex, clientTests(older, "-timeout=10m", "-run="+filesTests, "./e2e/codex/..."))},
			{"attacks", clientTests(nil, "-timeout=10m", "./e2e/attacks/...")},
			{"outages", clientTests(nil, "-timeout=10m", "./e2e/outages/...")},
			// It builds a program of its own, whose clock can be set.
			{"soak", tests([]string{"SOAK_TIME=1m"}, "-tags=e2e", "-timeout=15m", "./e2e/soak/...")},
			{"readme", clientTests(nil, "-timeout=15m", "./e2e/readme/...")},
		},
		{
			{"page", page},
		},
	}
	if runtime.GOOS == "linux" {
		plan[2] = append(plan[2],
			suite{"browser", browserTests},
			// It builds two programs of its own, then waits for windows and idles.
			suite{"desktop", tests(nil, "-tags=e2e", "-timeout=15m", "./e2e/desktop/...")})
	}
	plan[2] = append(plan[2],
		suite{"costs", tests(nil, "-timeout=10m", "-run=^TestCost", "./bench", "./backend/translate")},
		suite{"dist", tests(nil, "-tags=e2e", "-timeout=25m", "./e2e/dist/...")})
	return plan
}

// olderCodex is the oldest release whose profile files and request shape the
// bridge promises to serve.
const olderCodex = "0.140.0"

// filesTests are those of Codex's files: what it reads of the profile, the base
// config and the catalog differs from release to release, so that each run of the
// tests asks the oldest one too. The turns themselves are left to the long run.
const filesTests = "^Test(Profile|Catalog|Desktop|PlainCodex)"

// oldestCatalog is the oldest release whose model list and base config we write.
// Its --profile is still a table of the base config, which is none of ours.
const oldestCatalog = "0.124.0"

// longPlan is `make test-long`: nothing runs beside anything else, so that the
// figures in its record mean something.
func longPlan(fuzzTime time.Duration) lanes {
	older := []string{"CODEX_VERSION=" + olderCodex}
	return lanes{{
		{"clients", installClients("")},
		{"kills-100", tests([]string{"KILLS=100"}, "-race", "-timeout=10m", "-run=^TestKills", "./backend/daemon")},
		{"codex-50", clientTests([]string{"CODEX_TURNS=50"}, "-timeout=20m", "-run=^TestManyTurns$", "./e2e/codex/...")},
		{"older", installClients(olderCodex)},
		{"codex-" + olderCodex, clientTests(older, "-timeout=15m", "./e2e/codex/...")},
		{"oldest", installClients(oldestCatalog)},
		{"base-" + oldestCatalog, clientTests([]string{"CODEX_VERSION=" + oldestCatalog}, "-timeout=10m",
			"-run=^Test(CatalogIsReadAsWritten|DesktopSeesOurModels|PlainCodex)", "./e2e/codex/...")},
		{"windows-units", windowsUnits},
		{"windows", windowsProgram},
		{"dist-all", tests([]string{"DIST_ALL=1"}, "-tags=e2e", "-timeout=40m", "./e2e/dist/...")},
		{"soak", tests([]string{"SOAK_TIME=10m"}, "-tags=e2e", "-timeout=35m", "./e2e/soak/...")},
		{"fuzz", fuzzFor(cmp.Or(fuzzTime, 10*time.Minute))},
	}}
}

func tests(env []string, args ...string) func(context.Context, io.Writer) outcome {
	return func(ctx context.Context, log io.Writer) outcome {
		return goTest(ctx, log, env, args...)
	}
}

// clientTests are those of the build tag e2e. The program is built before them:
// the first build takes minutes, which are not the tests' own.
func clientTests(env []string, args ...string) func(context.Context, io.Writer) outcome {
	return programTests("", env, args...)
}

// programTests is clientTests with a program of its own in folder.
func programTests(folder string, env []string, args ...string) func(context.Context, io.Writer) outcome {
	return func(ctx context.Context, log io.Writer) outcome {
		program, err := filepath.Abs(filepath.Join(".cache", "e2e", "bin", folder, "clawrouter-codex"))
		if err != nil {
			return outcome{failed: 1, detail: err.Error()}
		}
		out, err := command(ctx, nil, "go", "build", "-race", "-o", program, ".").CombinedOutput()
		log.Write(out)
		if err != nil {
			return outcome{failed: 1, detail: fmt.Sprintf("go build: %v\n%s", err, out)}
		}
		env := append(slices.Clone(env), "CLAWROUTER_CODEX_PROGRAM="+program)
		return goTest(ctx, log, env, append([]string{"-tags=e2e"}, args...)...)
	}
}

// browserTests build the program beside the other clients': a lane must not
// replace what another one runs.
func browserTests(ctx context.Context, log io.Writer) outcome {
	if err := installPart(ctx, log, "browser"); err != nil {
		return outcome{failed: 1, detail: err.Error()}
	}
	return programTests("browser", nil, "-timeout=10m", "./e2e/browser/...")(ctx, log)
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
