package translate

import (
	"bytes"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"
)

// ClassifyError turns what upstream said of a failure into a Failure. status is
// its HTTP status, or 0 inside a stream, where ClawRouter loses it; body is the
// error in any of the shapes that are sent: an object with "error", the error
// itself, a JSON string, or plain text. beside is a message that stood beside an
// error string.
func ClassifyError(status int, body []byte, beside string) *Failure {
	d := readErrorDetail(body)
	switch {
	case d.message == "":
		d.message = beside
	case beside != "" && beside != d.message:
		d.message += ": " + beside
	}
	if status == 0 {
		status = d.status
	}
	f := &Failure{Status: status, Kind: d.kind(status)}
	f.Message = d.words(status)
	f.RetryAfter = d.delay
	if f.RetryAfter == 0 {
		f.RetryAfter = delayIn(d.message)
	}
	return f
}

// namedDelay finds the delay in words such as "Please try again in 1m2.5s" and
// "retry after 20 seconds". ClawRouter passes no Retry-After on, so that for most
// providers the words are all that is left of it.
var namedDelay = regexp.MustCompile(`(?i)(?:try again|retry) (?:in|after) ((?:\d{1,4}h)?(?:\d{1,4}m)?\d{1,6}(?:\.\d{1,9})?) ?(ms|s|secs?|seconds?|m|mins?|minutes?|h|hours?)\b`)

// delayIn returns the delay that an error's words name, or 0.
func delayIn(message string) time.Duration {
	said := namedDelay.FindStringSubmatch(message)
	if said == nil {
		return 0
	}
	unit := strings.ToLower(said[2])
	if unit != "ms" {
		unit = unit[:1]
	}
	d, err := time.ParseDuration(strings.ToLower(said[1]) + unit)
	if err != nil {
		return 0
	}
	return d
}

// errorDetail is what an error says of itself.
type errorDetail struct {
	message, typ, code, help, wallet string
	status                           int
	delay                            time.Duration // that a field names, or 0
}

func readErrorDetail(body []byte) (d errorDetail) {
	body = bytes.TrimSpace(body)
	if len(body) == 0 || body[0] != '{' && body[0] != '"' {
		d.message = plainText(body)
		return d
	}
	r := newReader(body)
	if body[0] == '"' {
		t, err := r.text()
		if err == nil {
			d.message = t.String()
		}
		return d
	}
	if err := d.readObject(r); err != nil {
		return errorDetail{message: plainText(body)}
	}
	return d
}

// plainText keeps what a person can read of a body that is no JSON, such as a
// gateway's HTML page.
func plainText(body []byte) string {
	s := strings.Join(strings.Fields(strings.ToValidUTF8(string(body), "\ufffd")), " ")
	if len(s) > 300 {
		s = s[:300] + " …"
	}
	return strings.ToValidUTF8(s, "")
}

func (d *errorDetail) readObject(r *reader) error {
	return r.object(func(key []byte) error {
		switch string(key) {
		case "error":
			if r.kind() == '{' {
				return d.readObject(r)
			}
			return d.take(r, &d.message)
		case "message", "detail":
			var s string
			err := d.take(r, &s)
			if s != "" && (d.message == "" || len(s) > len(d.message)) {
				d.message = s
			}
			return err
		case "type":
			return d.take(r, &d.typ)
		case "code":
			return d.take(r, &d.code)
		case "help":
			return d.take(r, &d.help)
		case "wallet":
			return d.take(r, &d.wallet)
		case "retry_after": // seconds
			if r.kind() == '0' {
				n, err := r.count()
				d.delay = time.Duration(min(n, maxNamed)) * time.Second
				return err
			}
		case "status":
			if r.kind() == '0' {
				n, err := r.count()
				d.status = int(n)
				return err
			}
		}
		return r.skip()
	})
}

// maxNamed is the longest delay that is read, in seconds: 30 days.
const maxNamed = 30 * 24 * 3600

func (d *errorDetail) take(r *reader, dst *string) error {
	raw, err := r.raw()
	if err != nil || len(raw) == 0 {
		return err
	}
	if raw[0] == '"' {
		*dst = text(raw).String()
	} else if raw[0] >= '0' && raw[0] <= '9' {
		*dst = string(raw)
	}
	return nil
}

func (d *errorDetail) kind(status int) FailureKind {
	low := strings.ToLower(d.typ + " " + d.code + " " + d.message)
	switch {
	case containsAny(low, "context_length", "context_capacity", "context window", "maximum context", "too many tokens", "prompt is too long", "input is too long"):
		return FailContext
	case containsAny(low, "insufficient_funds", "insufficient_quota", "spend_policy_denied", "cost_cap_exceeded", "invalid_api_key"):
		return FailRefused
	}
	switch {
	case status == http.StatusTooManyRequests:
		return FailBusy
	case status == http.StatusRequestTimeout || status == http.StatusConflict || status == http.StatusTooEarly || status >= 500:
		return FailServer
	case status >= 400:
		return FailRefused
	}
	switch {
	case containsAny(low, "rate_limit", "rate limit", "too many requests", "overloaded", "capacity"):
		return FailBusy
	case containsAny(low, "invalid_request", "invalid request", "authentication", "permission", "not_found", "payment", "transaction_simulation_failed", "settlement_failed"):
		return FailRefused
	}
	return FailServer
}

func containsAny(s string, words ...string) bool {
	for _, w := range words {
		if strings.Contains(s, w) {
			return true
		}
	}
	return false
}

// words makes the message for the user.
func (d *errorDetail) words(status int) string {
	msg := d.message
	if msg == "" {
		msg = "The upstream gave no reason."
		if status != 0 {
			msg = fmt.Sprintf("The upstream answered %d %s and gave no reason.", status, http.StatusText(status))
		}
	}
	if d.typ == "insufficient_funds" {
		if d.wallet != "" {
			msg = fmt.Sprintf("%s. Send USDC to %s, or choose a free model.", strings.TrimRight(msg, ". "), d.wallet)
		} else if d.help != "" {
			msg += " " + d.help
		}
	}
	return msg
}
