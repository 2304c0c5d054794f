package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"github.com/BlockRunAI/clawrouter-codex/backend/daemon"
	"github.com/BlockRunAI/clawrouter-codex/backend/link"
	"github.com/BlockRunAI/clawrouter-codex/backend/proxy"
	"github.com/BlockRunAI/clawrouter-codex/backend/settings"
)

// Exit codes, as the help of the root command documents them.
const (
	exitOK      = 0
	exitFailed  = 1
	exitUsage   = 2
	exitMissing = 3
	exitTaken   = 4
)

// usageError is a wrong command line.
type usageError struct {
	err  error
	mend string
}

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }
func (e *usageError) Mend() string  { return e.mend }

// failure is an error as scripts see it.
type failure struct {
	Message string `json:"message"`
	Mend    string `json:"mend,omitempty"`
	Exit    int    `json:"exit"`
}

// describe splits an error into what happened and what mends it.
func describe(err error) failure {
	f := failure{Message: err.Error(), Exit: exitFailed}
	var mends interface{ Mend() string }
	if errors.As(err, &mends) {
		f.Mend = mends.Mend()
	}
	var start *proxy.StartError
	if errors.As(err, &start) {
		f.Message, f.Mend = start.Message, start.Mend
	}
	f.Exit = exitCode(err)
	return f
}

func exitCode(err error) int {
	var (
		usage   *usageError
		invalid *settings.InvalidError
		running *daemon.RunningError
		port    *daemon.PortError
		start   *proxy.StartError
		told    *link.Error
	)
	switch {
	case errors.As(err, &usage), errors.As(err, &invalid):
		return exitUsage
	case errors.As(err, &running), errors.As(err, &port):
		return exitTaken
	case errors.As(err, &start):
		return startExit(start.Kind)
	case errors.As(err, &told):
		return linkExit(told.Kind)
	}
	return exitFailed
}

func linkExit(kind link.Kind) int {
	switch kind {
	case link.UnknownModel, link.TooSmall:
		return exitUsage
	case link.NotRunning, link.NoWallet, link.NoWindow:
		return exitMissing
	}
	return exitFailed
}

func startExit(kind proxy.StartErrorKind) int {
	switch kind {
	case proxy.PortTaken, proxy.PortOfOtherUser, proxy.PortOwnerHidden:
		return exitTaken
	case proxy.CommandInvalid, proxy.WalletMalformed:
		return exitUsage
	case proxy.NodeMissing, proxy.NodeTooOld, proxy.NpxMissing, proxy.CommandMissing,
		proxy.NoNetwork, proxy.PackageMissing, proxy.WalletMissing:
		return exitMissing
	}
	return exitFailed
}

// fail prints err and returns its exit code.
func (a *app) fail(err error) int {
	var status statusError
	if errors.As(err, &status) {
		return int(status)
	}
	f := describe(err)
	if a.json {
		a.printJSON(envelope{Error: &f})
		return f.Exit
	}
	fmt.Fprintf(a.env.Stderr, "clawrouter-codex: %s\n", strings.ReplaceAll(lines(f.Message), "\n", "\n  "))
	for line := range strings.Lines(f.Mend) {
		fmt.Fprintf(a.env.Stderr, "  → %s\n", oneLine(strings.TrimSpace(line)))
	}
	return f.Exit
}

// answer prints data in the envelope, or text for a person.
func (a *app) answer(data any, text string) {
	if a.json {
		a.printJSON(envelope{OK: true, Data: data})
		return
	}
	fmt.Fprint(a.env.Stdout, text)
}

// envelope is the one shape that --json prints.
type envelope struct {
	OK    bool     `json:"ok"`
	Data  any      `json:"data,omitempty"`
	Error *failure `json:"error,omitempty"`
}

func (a *app) printJSON(v envelope) {
	enc := json.NewEncoder(a.env.Stdout)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		fmt.Fprintf(a.env.Stderr, "clawrouter-codex: %v\n", err)
	}
}

// say tells a person something on the way; with --json it goes to stderr, where
// it cannot spoil the answer.
func (a *app) say(format string, args ...any) {
	w := a.env.Stdout
	if a.json {
		w = a.env.Stderr
	}
	fmt.Fprintln(w, lines(fmt.Sprintf(format, args...)))
}

// warn tells a person something on stderr.
func (a *app) warn(format string, args ...any) {
	fmt.Fprintln(a.env.Stderr, "clawrouter-codex: "+lines(fmt.Sprintf(format, args...)))
}

// Styles of ANSI terminals.
const (
	bold  = "1"
	faint = "2"
	green = "32"
)

// style wraps text for a terminal that wants colours.
func (a *app) style(terminal bool, style, text string) string {
	if noColor := a.getenv("NO_COLOR") != "" || a.getenv("TERM") == "dumb"; noColor || !terminal {
		return text
	}
	return "\x1b[" + style + "m" + text + "\x1b[0m"
}

// oneLine is text that others wrote, such as a model's name or an upstream's error, for
// a line of a terminal: what would move the cursor, begin another line, or turn the
// direction of writing is shown as Go writes it in a string.
func oneLine(text string) string { return visible(text, "") }

// lines is oneLine for a text that may have several.
func lines(text string) string { return visible(text, "\n\t") }

func visible(text, kept string) string {
	hidden := func(r rune) bool {
		return !unicode.IsPrint(r) && !unicode.Is(unicode.Zs, r) && !strings.ContainsRune(kept, r)
	}
	if !strings.ContainsFunc(text, hidden) {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		if !hidden(r) {
			b.WriteRune(r)
			continue
		}
		quoted := strconv.QuoteRune(r)
		b.WriteString(quoted[1 : len(quoted)-1])
	}
	return b.String()
}
