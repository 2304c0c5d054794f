package cli

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/BlockRunAI/clawrouter-codex/backend/daemon"
	"github.com/BlockRunAI/clawrouter-codex/backend/doctor"
	"github.com/BlockRunAI/clawrouter-codex/backend/link"
	"github.com/BlockRunAI/clawrouter-codex/backend/proxy"
	"github.com/BlockRunAI/clawrouter-codex/backend/settings"
	"github.com/BlockRunAI/clawrouter-codex/backend/socket"
)

func TestFailuresAreToldWithWhatMendsThem(t *testing.T) {
	start := func(kind proxy.StartErrorKind) error {
		return fmt.Errorf("bring up: %w", &proxy.StartError{Kind: kind, Message: "It does not run.", Mend: "Install it."})
	}
	tests := []struct {
		name string
		err  error
		want failure
		demo bool // --or-demo may take its place
	}{
		{"any error", errors.New("broken"), failure{Message: "broken", Exit: 1}, false},
		{"a wrong flag", &usageError{err: errors.New("no flag"), mend: "x --help"}, failure{"no flag", "x --help", 2}, false},
		{
			"a wrong setting", &settings.InvalidError{Problems: []settings.Problem{{What: "PORT is wrong", Mend: "unset PORT"}}},
			failure{"PORT is wrong", "unset PORT", 2}, false,
		},
		{"no Node", start(proxy.NodeMissing), failure{"It does not run.", "Install it.", 3}, true},
		{"an old Node", start(proxy.NodeTooOld), failure{"It does not run.", "Install it.", 3}, true},
		{"no npx", start(proxy.NpxMissing), failure{"It does not run.", "Install it.", 3}, true},
		{"no network", start(proxy.NoNetwork), failure{"It does not run.", "Install it.", 3}, true},
		{"no such package", start(proxy.PackageMissing), failure{"It does not run.", "Install it.", 3}, true},
		{"a crash loop", start(proxy.CrashLoop), failure{"It does not run.", "Install it.", 1}, true},
		{"a wallet gone", start(proxy.WalletMissing), failure{"It does not run.", "Install it.", 3}, false},
		{"a wallet misspelt", start(proxy.WalletMalformed), failure{"It does not run.", "Install it.", 2}, false},
		{"ClawRouter's port taken", start(proxy.PortTaken), failure{"It does not run.", "Install it.", 4}, false},
		{
			"the bridge's port taken", &daemon.PortError{At: socket.V4(8403), Owner: "nginx (pid 812)"},
			failure{"port 8403 is in use by nginx (pid 812)", "stop that program, or choose another port: clawrouter-codex up --port 8413", 4}, false,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, describe(tt.err)); diff != "" {
				t.Error(diff)
			}
			if cannotStart(tt.err) != tt.demo {
				t.Errorf("falls back to the demo: %v", !tt.demo)
			}
		})
	}
}

func TestColoursAreForTerminalsThatWantThem(t *testing.T) {
	tests := []struct {
		name     string
		terminal bool
		env      map[string]string
		want     string
	}{
		{"a terminal", true, nil, "\x1b[32m✓\x1b[0m bridge listens\n"},
		{"a file", false, nil, "- bridge listens\n"},
		{"NO_COLOR", true, map[string]string{"NO_COLOR": "1"}, "✓ bridge listens\n"},
		{"NO_COLOR that is empty is not set", true, map[string]string{"NO_COLOR": ""}, "\x1b[32m✓\x1b[0m bridge listens\n"},
		{"a terminal that knows none", true, map[string]string{"TERM": "dumb"}, "✓ bridge listens\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var out bytes.Buffer
			a := &app{env: Env{Stderr: &out, ErrTerminal: tt.terminal, Machine: settings.Machine{
				LookupEnv: func(name string) (string, bool) { v, ok := tt.env[name]; return v, ok },
			}}}
			a.progress(daemon.Step{Part: "bridge", Text: "listens", Done: true})
			if diff := cmp.Diff(tt.want, out.String()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Turns that are told together cost one write.
func TestStepsAreALineEachInOneWrite(t *testing.T) {
	var writes []string
	a := &app{env: Env{Stderr: writerFunc(func(p []byte) (int, error) {
		writes = append(writes, string(p))
		return len(p), nil
	})}}
	a.progress(daemon.Step{Part: "turn", Text: "one"}, daemon.Step{Part: "turn", Text: "two"})
	if diff := cmp.Diff([]string{"- turn one\n- turn two\n"}, writes); diff != "" {
		t.Error(diff)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// Models and upstreams are named by others: their names and words can neither steer
// the terminal nor pass for a line of ours.
func TestOthersWordsStayOnTheirLine(t *testing.T) {
	const evil = "glm\x1b[2K\r\n- bridge all is well\u009b31m\u202e\x07é ✓"
	const shown = `glm\x1b[2K\r\n- bridge all is well\u009b31m\u202e\aé ✓`
	var out, errs bytes.Buffer
	a := &app{env: Env{Stdout: &out, Stderr: &errs, Machine: settings.Machine{LookupEnv: func(string) (string, bool) { return "", false }}}}
	a.progress(daemon.Step{Part: "turn", Text: evil})
	a.printLine(link.LogLine{Source: link.FromBridge, Text: evil})
	fmt.Fprint(&out, a.doctorText(doctor.Report{Checks: []doctor.Line{{ID: "turn", Title: "turn", Text: evil}}}))
	for _, got := range []string{errs.String(), out.String()} {
		if strings.ContainsAny(got, "\x1b\r\x07\u009b\u202e") || !strings.Contains(got, shown) {
			t.Errorf("printed %q", got)
		}
	}
	if n := strings.Count(errs.String(), "\n"); n != 1 {
		t.Errorf("a turn is %d lines: %q", n, errs.String())
	}
	errs.Reset()
	a.warn("%s", "two\nlines\x1b[1m")
	a.fail(errors.New("two\nlines\x1b[1m"))
	if want := "clawrouter-codex: two\nlines\\x1b[1m\nclawrouter-codex: two\n  lines\\x1b[1m\n"; errs.String() != want {
		t.Errorf("printed %q", errs.String())
	}
}
