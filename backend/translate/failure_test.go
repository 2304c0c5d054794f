package translate

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// The documentation shows the table as it is.
func TestRemediesAreDocumented(t *testing.T) {
	doc, err := os.ReadFile("../../docs/translation.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(doc), "| failure | delay named |")
	_, table, _ = strings.Cut(table, "|---|---|---|---|---|---|---|\n")
	table, _, _ = strings.Cut(table, "\n\n")
	word := map[condition]string{either: "", yes: "yes", no: "no"}
	var want []string
	for _, r := range remedies {
		same := ""
		if r.remedy.SameBody {
			same = "yes"
		}
		row := fmt.Sprintf("| %s | %s | %s | %s | %d | %s | %s |", r.kind, word[r.delay], word[r.paid], word[r.output], r.remedy.Repeats, same, r.remedy.Code)
		for strings.Contains(row, "|  |") {
			row = strings.ReplaceAll(row, "|  |", "| |")
		}
		want = append(want, row)
	}
	got := strings.Split(table, "\n")
	for i := range max(len(got), len(want)) {
		switch {
		case i >= len(got):
			t.Errorf("missing: %s", want[i])
		case i >= len(want):
			t.Errorf("too much: %s", got[i])
		case got[i] != want[i]:
			t.Errorf("row %d:\n doc  %s\n code %s", i+1, got[i], want[i])
		}
	}
}

// Every failure has a row for every situation, and what may have been paid is
// never asked for again with other bytes after its answer was lost.
func TestEveryFailureHasARemedy(t *testing.T) {
	kinds := []FailureKind{FailRefused, FailContext, FailBusy, FailUnreachable, FailServer, FailHangUp, FailGarbage, FailEmpty, FailStopped}
	for _, kind := range kinds {
		for _, delay := range []time.Duration{0, time.Second} {
			for _, s := range []Situation{{}, {Paid: true}, {Output: true}, {Paid: true, Output: true}} {
				found := false
				for _, r := range remedies {
					found = found || r.kind == kind && r.delay.fits(delay > 0) && r.paid.fits(s.Paid) && r.output.fits(s.Output)
				}
				if !found {
					t.Errorf("%s, delay %v, %+v: no row", kind, delay, s)
				}
				r := (&Failure{Kind: kind, RetryAfter: delay}).Remedy(s)
				if s.Output && r.Repeats > 0 && kind != FailUnreachable && kind != FailEmpty {
					t.Errorf("%s: repeated by the bridge after output was sent", kind)
				}
				if kind == FailHangUp && s.Paid && r.Repeats > 0 && !r.SameBody {
					t.Errorf("%s: a lost answer would be paid again", kind)
				}
				if (r.Code == CodeRepeat || r.Code == CodeWait) && r.Repeats > 0 {
					t.Errorf("%s: both the bridge and the client repeat", kind)
				}
			}
		}
	}
}

// The exchanges of a real ClawRouter, in the shapes of its non-streamed and
// streamed errors.
func TestClassifyError(t *testing.T) {
	const funds = `{"error":{"message":"Insufficient USDC balance. Current: $0.000251, Required: ~$0.011463","type":"insufficient_funds","wallet":"0xABCD","help":"Fund wallet"}}`
	for _, c := range []struct {
		name   string
		status int
		body   string
		kind   FailureKind
		says   string
	}{
		{"bad parameter", 400, `{"error":{"message":"Invalid request: bad parameter","type":"invalid_request_error"}}`, FailRefused, "bad parameter"},
		{"bad parameter in a stream", 0, `{"message":"Invalid request: bad parameter","type":"invalid_request_error"}`, FailRefused, "bad parameter"},
		{"no funds", 402, funds, FailRefused, "Send USDC to 0xABCD"},
		{"no funds in a stream", 0, funds, FailRefused, "Send USDC to 0xABCD"},
		{"payment simulation", 402, `{"error":{"message":"simulation failed","type":"transaction_simulation_failed"}}`, FailRefused, "simulation"},
		{"spend policy", 403, `{"error":{"message":"denied","type":"spend_policy_denied"}}`, FailRefused, "denied"},
		{"cost cap", 429, `{"error":{"message":"cap","type":"cost_cap_exceeded"}}`, FailRefused, "cap"},
		{"rate limit", 429, `{"error":{"message":"Rate limit exceeded","type":"rate_limit_error"}}`, FailBusy, "Rate limit"},
		{"rate limit in a stream", 0, `{"message":"Rate limit exceeded","type":"rate_limit_error"}`, FailBusy, "Rate limit"},
		{"overloaded", 503, `{"error":{"message":"Service overloaded, capacity reached"}}`, FailServer, "overloaded"},
		{"connection cut behind it", 500, `fetch failed`, FailServer, "fetch failed"},
		{"connection cut in a stream", 0, `{"message":"fetch failed","type":"provider_error","status":500}`, FailServer, "fetch failed"},
		{"bad JSON in a stream", 0, `{"message":"Upstream response could not be parsed: x","type":"proxy_error"}`, FailServer, "could not be parsed"},
		{"degraded", 503, `degraded response: overloaded placeholder`, FailServer, "degraded"},
		{"all failed", 502, `All models in fallback chain failed`, FailServer, "fallback chain"},
		{"timed out", 502, `{"error":{"message":"Proxy error: Request timed out after 300000ms","type":"proxy_error"}}`, FailServer, "timed out"},
		{"twin died", 503, `{"error":{"type":"dedup_origin_failed"}}`, FailServer, "503"},
		{"too long", 400, `{"error":{"message":"x","code":"context_capacity_exceeded"}}`, FailContext, "x"},
		{"too long by its words", 400, `{"error":{"message":"This model's maximum context length is 8192 tokens"}}`, FailContext, "8192"},
		{"a plain string", 0, `"Internal server error"`, FailServer, "Internal server error"},
		{"a page", 502, "<html>\n<h1>Bad   Gateway</h1>", FailServer, "<html> <h1>Bad Gateway</h1>"},
		{"nothing", 504, ``, FailServer, "504 Gateway Timeout"},
		{"no such model", 404, `{"error":{"message":"model not found","code":"model_not_found"}}`, FailRefused, "not found"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := ClassifyError(c.status, []byte(c.body), "")
			if f.Kind != c.kind || !strings.Contains(f.Message, c.says) {
				t.Errorf("%s %q", f.Kind, f.Message)
			}
		})
	}
}

// TestDelaysInWords: most delays reach the bridge only in the words of an error,
// and must reach the client in a form that still works.
func TestDelaysInWords(t *testing.T) {
	for body, want := range map[string]time.Duration{
		`{"error":{"message":"Rate limit reached. Please try again in 7.66s. Need more?"}}`: 7660 * time.Millisecond,
		`{"error":{"message":"Please try again in 1m2.5s."}}`:                               62500 * time.Millisecond,
		`{"error":{"message":"Try again in 200ms"}}`:                                        200 * time.Millisecond,
		`{"error":{"message":"Please retry in 34.074824224s."}}`:                            34074824224,
		`{"error":{"message":"retry after 20 seconds"}}`:                                    20 * time.Second,
		`{"error":{"message":"Try again in 2 minutes"}}`:                                    2 * time.Minute,
		`{"error":{"message":"slow","retry_after":12}}`:                                     12 * time.Second,
		`"please try again in 3s"`:                                                          3 * time.Second,
		`{"error":{"message":"slow","retry_after":1e14}}`:                                   30 * 24 * time.Hour,
		`{"error":{"message":"Try again in a moment"}}`:                                     0,
		`{"error":{"message":"try again in 5 sheep"}}`:                                      0,
		`{"error":{"message":"slow","retry_after":"soon"}}`:                                 0,
	} {
		f := ClassifyError(429, []byte(body), "")
		if f.RetryAfter != want {
			t.Errorf("%s: %v, want %v", body, f.RetryAfter, want)
		}
	}
}

func TestTextNamesTheDelayOnce(t *testing.T) {
	for _, c := range []struct {
		message string
		delay   time.Duration
		code    string
		want    string
	}{
		{"Slow down.", 1500 * time.Millisecond, CodeWait, "Slow down. Please try again in 1.5s."},
		{"Please try again in 7.66s.", 7660 * time.Millisecond, CodeWait, "Please try again in 7.66s."},
		{"Please try again in 1m0s.", time.Minute, CodeWait, "Please try again in 1m0s. Please try again in 60s."}, // Codex reads only seconds
		{"No more today.", 2 * time.Hour, CodeTell, "No more today. Please try again in 2h0m0s."},
		{"Slow down.", time.Second, CodeTell, "Slow down."},
		{"Slow down.", 0, CodeWait, "Slow down."},
	} {
		f := &Failure{Kind: FailBusy, Message: c.message, RetryAfter: c.delay}
		if got := f.Text(c.code); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

// TestNobodyWaitsForHours: what is out for the day is told, not waited for.
func TestNobodyWaitsForHours(t *testing.T) {
	for _, kind := range []FailureKind{FailBusy, FailServer} {
		for delay, want := range map[time.Duration]string{time.Second: CodeWait, maxWait: CodeWait, maxWait + time.Second: CodeTell} {
			if got := (&Failure{Kind: kind, RetryAfter: delay}).Remedy(Situation{}); got.Code != want || got.Repeats != 0 {
				t.Errorf("%s after %v: %+v", kind, delay, got)
			}
		}
	}
}
