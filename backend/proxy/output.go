package proxy

import (
	"fmt"
	"regexp"
	"strings"
	"sync"
	"time"
)

const (
	keptLines   = 20  // of a child's output, for messages
	keptLineLen = 300 // bytes of each
)

// output is what is known of a child from what it prints. Its lines have had
// their secrets removed.
type output struct {
	mu       sync.Mutex
	lines    []string
	fetched  int
	version  string
	progress string
	last     time.Time
}

var (
	versionLine = regexp.MustCompile(`\[ClawRouter\] v(\d+\.\d+\.\d+[0-9A-Za-z.-]*)`)
	fetchLine   = regexp.MustCompile(`^npm http fetch GET (\d{3}) \S+ .*\((cache [a-z]+)`)
	failedFetch = regexp.MustCompile(`^npm http fetch GET \S+ attempt (\d+) failed with (\w+)`)
)

// line takes one line of the child.
func (o *output) line(s string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.last = time.Now()
	if kept := strings.TrimSpace(s); kept != "" {
		if len(kept) > keptLineLen {
			kept = strings.ToValidUTF8(kept[:keptLineLen], "") + "…"
		}
		if o.lines = append(o.lines, kept); len(o.lines) > keptLines {
			o.lines = o.lines[1:]
		}
	}
	o.read(s)
}

func (o *output) read(s string) {
	switch {
	case versionLine.MatchString(s):
		o.version = versionLine.FindStringSubmatch(s)[1]
		o.progress = "ClawRouter " + o.version + " is starting"
	case fetchLine.MatchString(s):
		if fetchLine.FindStringSubmatch(s)[2] == "cache miss" {
			o.fetched++
		}
		o.progress = "asking for the newest ClawRouter"
		if o.fetched > 1 {
			o.progress = fmt.Sprintf("downloading ClawRouter: %d files so far", o.fetched)
		}
	case failedFetch.MatchString(s):
		m := failedFetch.FindStringSubmatch(s)
		o.progress = fmt.Sprintf("the package server cannot be reached (%s), attempt %s", m[2], m[1])
	}
}

type outputSeen struct {
	lines             []string
	version, progress string
	last              time.Time
}

func (o *output) seen() outputSeen {
	o.mu.Lock()
	defer o.mu.Unlock()
	return outputSeen{append([]string(nil), o.lines...), o.version, o.progress, o.last}
}

// diagnosis is a cause that a child's last lines give away.
var diagnoses = []struct {
	pattern *regexp.Regexp
	kind    StartErrorKind
	message string
	mend    string
}{
	{
		regexp.MustCompile(`npm (?:error|ERR!).*\b(E404|ETARGET|EUNSUPPORTEDPROTOCOL)\b`), PackageMissing,
		"The package of ClawRouter, or this version of it, does not exist (npm says %s).",
		"Correct CLAWROUTER_CMD; without it the command is: " + DefaultCommand,
	},
	{
		regexp.MustCompile(`npm (?:error|ERR!).*\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT|ENOTCACHED|` +
			`SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_GET_ISSUER_CERT_LOCALLY|CERT_HAS_EXPIRED|E5\d\d|E40[13]|E407)\b`), NoNetwork,
		"ClawRouter could not be downloaded: the package server cannot be reached (npm says %s).",
		"Check the network and HTTPS_PROXY; the first start needs the internet, and it is tried again by itself.",
	},
	{
		regexp.MustCompile(`npm (?:error|ERR!).*\b(ENOSPC|EACCES|EPERM|EROFS|EDQUOT)\b`), DiskProblem,
		"ClawRouter could not be stored: npm may not or cannot write its folders (%s).",
		"Free some space, or give yourself back npm's folder: sudo chown -R $(id -u) ~/.npm",
	},
	{
		regexp.MustCompile(`npm (?:error|ERR!).*\b(EBADENGINE)\b`), NodeTooOld,
		"npm says that this Node.js is too old for ClawRouter (%s).",
		fmt.Sprintf("Install Node.js %d or newer.", MinNode),
	},
	{
		regexp.MustCompile(`\b(EADDRINUSE)\b`), PortTaken,
		"ClawRouter found its port in use (%s).",
		"Stop the other program or choose another PROXY_PORT.",
	},
}

// diagnose explains the end of a child by its last lines; nil if they say
// nothing known.
func diagnose(lines []string) *StartError {
	text := strings.Join(lines, "\n")
	for _, d := range diagnoses {
		if m := d.pattern.FindStringSubmatch(text); m != nil {
			return &StartError{Kind: d.kind, Message: fmt.Sprintf(d.message, m[1]), Mend: d.mend}
		}
	}
	return nil
}
