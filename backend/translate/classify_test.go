package translate

import (
	"fmt"
	"strings"
	"testing"
)

// TestErrorsTellTheMost: of several texts in an error the longest is shown, and a
// failure without words still says something.
func TestErrorsTellTheMost(t *testing.T) {
	for body, want := range map[string]string{
		`{"message":"no","detail":"no more room"}`:                                     "no more room",
		`{"detail":"no more room","message":"no"}`:                                     "no more room",
		`{"error":{"message":"","detail":"no room"}}`:                                  "no room",
		`{"error":{"code":7}}`:                                                         "The upstream gave no reason.",
		`{"error":{"error":{"message":"deep"}}}`:                                       "deep",
		`{"error":{"type":"insufficient_funds","message":"Empty.","help":"Fund it."}}`: "Empty. Fund it.",
		`{"error":{"message":{"not":"a string"}}}`:                                     "The upstream gave no reason.",
		`{"error":"cut`:              `{"error":"cut`,
		strings.Repeat("word ", 100): strings.Repeat("word ", 60) + " …",
	} {
		if got := ClassifyError(0, []byte(body), "").Message; got != want {
			t.Errorf("%s says %q, want %q", body, got, want)
		}
	}
}

// TestStatusDecides where the words of an error do not say what it is.
func TestStatusDecides(t *testing.T) {
	for status, want := range map[int]FailureKind{
		400: FailRefused, 401: FailRefused, 404: FailRefused, 422: FailRefused,
		408: FailServer, 409: FailServer, 425: FailServer, 500: FailServer, 529: FailServer,
		429: FailBusy, 0: FailServer, 200: FailServer,
	} {
		if got := ClassifyError(status, []byte(`{"error":{"message":"no"}}`), "").Kind; got != want {
			t.Errorf("status %d: %s, want %s", status, got, want)
		}
		inside := ClassifyError(0, fmt.Appendf(nil, `{"message":"no","status":%d}`, status), "")
		if inside.Kind != want || inside.Status != status {
			t.Errorf("status %d inside the error: %s %d, want %s", status, inside.Kind, inside.Status, want)
		}
	}
}
