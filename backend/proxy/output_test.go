package proxy

import (
	"fmt"
	"strings"
	"testing"
)

func TestProgress(t *testing.T) {
	o := &output{}
	for _, c := range []struct{ line, want string }{
		{`npm warn Unknown user config "x".`, ""},
		{"npm http fetch GET 200 https://packages.example/@blockrun%2fclawrouter 106ms (cache miss)", "asking for the newest ClawRouter"},
		{"npm http fetch GET 200 https://packages.example/viem 18ms (cache miss)", "downloading ClawRouter: 2 files so far"},
		{"npm http fetch GET 200 https://packages.example/viem 1ms (cache hit)", "downloading ClawRouter: 2 files so far"},
		{"npm http fetch GET https://packages.example/bs58 attempt 2 failed with ENOTFOUND", "the package server cannot be reached (ENOTFOUND), attempt 2"},
		{"[ClawRouter] v0.12.246 | Proxy listening on http://127.0.0.1:8404", "ClawRouter 0.12.246 is starting"},
		{"Ready - Ctrl+C to stop", "ClawRouter 0.12.246 is starting"},
	} {
		o.line(c.line)
		if got := o.seen().progress; got != c.want {
			t.Errorf("after %q: %q, want %q", c.line, got, c.want)
		}
	}
	if v := o.seen().version; v != "0.12.246" {
		t.Errorf("version %q", v)
	}
}

func TestLastLinesAreBounded(t *testing.T) {
	o := &output{}
	for i := range 1000 {
		o.line(fmt.Sprintf("line %d %s", i, strings.Repeat("ä", keptLineLen)))
		o.line("  ")
	}
	lines := o.seen().lines
	if len(lines) != keptLines || !strings.HasPrefix(lines[keptLines-1], "line 999 ") || len(lines[0]) > keptLineLen+3 {
		t.Errorf("%d lines, the last %.12q, %d bytes", len(lines), lines[len(lines)-1], len(lines[0]))
	}
}

func TestDiagnose(t *testing.T) {
	for text, want := range map[string]StartErrorKind{
		"npm error code ENOTFOUND\nnpm error syscall getaddrinfo":           NoNetwork,
		"npm error code ECONNREFUSED\nnpm error FetchError: request failed": NoNetwork,
		"npm ERR! code EAI_AGAIN":                                           NoNetwork,
		"npm error code E503":                                               NoNetwork,
		"npm error code SELF_SIGNED_CERT_IN_CHAIN":                          NoNetwork,
		"npm error code E404\nnpm error 404 Not Found":                      PackageMissing,
		"npm error code ETARGET":                                            PackageMissing,
		"npm error code EACCES":                                             DiskProblem,
		"npm ERR! code ENOSPC":                                              DiskProblem,
		"npm error code EBADENGINE":                                         NodeTooOld,
		"Error: listen EADDRINUSE: address already in use 127.0.0.1:8404":   PortTaken,
		"[ClawRouter] Fatal error: fetch failed ENOTFOUND":                  "",
		"all is well": "",
	} {
		got := diagnose(strings.Split(text, "\n"))
		if want == "" && got != nil || want != "" && (got == nil || got.Kind != want || got.Mend == "" || strings.Contains(got.Message, "%!")) {
			t.Errorf("%q: %+v, want %q", text, got, want)
		}
	}
}

func TestGuardianMainLeavesOthersAlone(t *testing.T) {
	for _, args := range [][]string{nil, {"start"}, {"--headless", "__guardian"}} {
		if handled, _ := GuardianMain(args); handled {
			t.Errorf("%q was taken for a guardian", args)
		}
	}
	for _, args := range [][]string{{"__guardian"}, {"__guardian", "x", "p", "p"}, {"__guardian", "-1", "p", "p"}} {
		if handled, code := GuardianMain(args); !handled || code != exitBadUsage {
			t.Errorf("%q: handled %v, code %d", args, handled, code)
		}
	}
}
