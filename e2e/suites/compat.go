package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// The record of what each tested release of Codex did, and the page made of it.
const (
	compatRecord = "e2e/compat.json"
	compatPage   = "docs/codex-compatibility.md"
)

// compatVersions are the releases that `make compat` runs, beside the pinned one:
// the oldest whose base config and model list we write, the first that reads
// profile files, the oldest that each run of the tests asks, and one in between.
var compatVersions = []string{oldestCatalog, "0.134.0", olderCodex, "0.155.1"}

// release is one release of Codex and how each test of e2e/codex ended with it.
type release struct {
	Codex string            `json:"codex"`
	Day   string            `json:"day"`   // 2006-01-02, of the run
	Tests map[string]string `json:"tests"` // "pass", "fail" or "skip", by test
}

// compat runs the tests of e2e/codex with each release, or with some, and writes
// record and page after each: it takes an hour and more, and may be cut short. What it
// did not run stays as it was recorded.
func compat(ctx context.Context, log io.Writer, some []string, now time.Time) error {
	pinned, err := pinnedCodex(".")
	if err != nil {
		return err
	}
	all, err := readCompat(".")
	if err != nil {
		return err
	}
	if len(some) == 0 {
		some = append(slices.Clone(compatVersions), pinned)
		all = slices.DeleteFunc(all, func(r release) bool { return !slices.Contains(some, r.Codex) })
	}
	for _, version := range some {
		named := version
		if version == pinned {
			named = ""
		}
		if o := installClients(named)(ctx, log); !o.ok() {
			return fmt.Errorf("install Codex %s: %s", version, o.detail)
		}
		var env []string
		if named != "" {
			env = []string{"CODEX_VERSION=" + named}
		}
		o := clientTests(env, "-timeout=30m", "./e2e/codex/...")(ctx, log)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if len(o.verdicts) == 0 {
			return fmt.Errorf("Codex %s: no test ran: %s", version, o.detail)
		}
		fmt.Fprintf(os.Stdout, "Codex %s: %d passed, %d failed\n", version, o.passed, o.failed)
		all = slices.DeleteFunc(all, func(r release) bool { return r.Codex == version })
		all = append(all, release{version, now.Format(time.DateOnly), o.verdicts})
		if err := writeCompat(".", all); err != nil {
			return err
		}
	}
	return nil
}

// compatLogged is compat with all that its tests print in a file.
func compatLogged(ctx context.Context, some []string) error {
	if err := os.MkdirAll(logFolder, 0o755); err != nil {
		return err
	}
	log, err := os.Create(filepath.Join(logFolder, "compat.log"))
	if err != nil {
		return err
	}
	defer log.Close()
	return compat(ctx, log, some, time.Now())
}

// writeCompat replaces record and page below root.
func writeCompat(root string, all []release) error {
	slices.SortFunc(all, func(a, b release) int { return compareVersions(a.Codex, b.Codex) })
	text, err := json.MarshalIndent(all, "", " ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(root, compatRecord), append(text, '\n'), 0o644); err != nil {
		return err
	}
	tests, err := codexTests(filepath.Join(root, "e2e", "codex"))
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(root, compatPage), []byte(compatText(all, tests)), 0o644)
}

func readCompat(root string) (all []release, err error) {
	text, err := os.ReadFile(filepath.Join(root, compatRecord))
	if err != nil {
		return nil, err
	}
	return all, json.Unmarshal(text, &all)
}

// pinnedCodex is the release that e2e/package.json names.
func pinnedCodex(root string) (string, error) {
	text, err := os.ReadFile(filepath.Join(root, "e2e", "package.json"))
	if err != nil {
		return "", err
	}
	var p struct{ Dependencies map[string]string }
	if err := json.Unmarshal(text, &p); err != nil {
		return "", err
	}
	if v := p.Dependencies["@openai/codex"]; v != "" {
		return v, nil
	}
	return "", fmt.Errorf("e2e/package.json names no @openai/codex")
}

// asRecorded fails a run of a release whose tests end otherwise than the record
// says: the page would be wrong.
//
// "" is the pinned release.
func asRecorded(version string, run func(context.Context, io.Writer) outcome) func(context.Context, io.Writer) outcome {
	return func(ctx context.Context, log io.Writer) outcome {
		o := run(ctx, log)
		all, err := readCompat(".")
		if version == "" && err == nil {
			version, err = pinnedCodex(".")
		}
		if err != nil {
			o.failed++
			o.detail += fmt.Sprintf("%s: %v\n", compatRecord, err)
			return o
		}
		return compared(all, version, o)
	}
}

func compared(all []release, version string, o outcome) outcome {
	for _, r := range all {
		if r.Codex != version {
			continue
		}
		for _, test := range slices.Sorted(maps.Keys(o.verdicts)) {
			if was, now := r.Tests[test], o.verdicts[test]; was != "" && was != now {
				o.failed++
				o.detail += fmt.Sprintf("%s: %s, but %s says %s; to measure it anew: make compat\n", test, now, compatPage, was)
			}
		}
	}
	return o
}

const compatHead = `# Codex releases

What works with which release of Codex: the end-to-end tests of ` + "`e2e/codex`" + `, the real Codex on a bridge before the stand-in. Written by ` + "`make compat`" + `; ` + "`make test`" + ` fails where a run says something else.

Profile files (` + "`codex --profile clawrouter`" + `) are read from 0.134 on. Older releases end with an error there, and are tried here with ` + "`clawrouter-codex desktop on`" + ` in place of a profile.

`

// compatText is the page.
func compatText(all []release, tests []codexTest) string {
	all = slices.Clone(all)
	slices.SortFunc(all, func(a, b release) int { return compareVersions(a.Codex, b.Codex) })
	var b strings.Builder
	b.WriteString(compatHead + "| feature |")
	for _, r := range all {
		b.WriteString(" " + r.Codex + " |")
	}
	b.WriteString("\n|---|" + strings.Repeat("---|", len(all)) + "\n")
	for _, f := range features {
		fmt.Fprintf(&b, "| %s |", f.title)
		for _, r := range all {
			b.WriteString(" " + r.tells(f, tests) + " |")
		}
		b.WriteString("\n")
	}
	b.WriteString("| tried on |")
	for _, r := range all {
		b.WriteString(" " + r.Day + " |")
	}
	b.WriteString("\n\nA number is how many tests of the feature pass.\n")
	for _, r := range all {
		if wrong := r.failures(tests); len(wrong) > 0 {
			fmt.Fprintf(&b, "\n## What does not work with %s\n\n%s", r.Codex, strings.Join(wrong, ""))
		}
	}
	return b.String()
}

// tells is one cell.
func (r release) tells(f feature, tests []codexTest) string {
	passed, tried := 0, 0
	for _, t := range tests {
		if t.file != f.file || r.Tests[t.name] == "" || r.Tests[t.name] == "skip" {
			continue
		}
		tried++
		if r.Tests[t.name] == "pass" {
			passed++
		}
	}
	switch {
	case tried == 0:
		return "not tried"
	case passed == tried:
		return "yes"
	case passed == 0:
		return "no"
	}
	return fmt.Sprintf("%d of %d", passed, tried)
}

func (r release) failures(tests []codexTest) (lines []string) {
	for _, t := range tests {
		if r.Tests[t.name] == "fail" {
			lines = append(lines, fmt.Sprintf("- %s (`%s`)\n", cmp.Or(t.about, t.name), t.name))
		}
	}
	return lines
}

// compareVersions orders 0.99 before 0.124.
func compareVersions(a, b string) int {
	return slices.Compare(numbers(a), numbers(b))
}

func numbers(version string) (all []int) {
	for part := range strings.SplitSeq(version, ".") {
		n := 0
		_, _ = fmt.Sscanf(part, "%d", &n) // what is no number is 0
		all = append(all, n)
	}
	return all
}
