package release

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestLatest(t *testing.T) {
	tests := []struct {
		name   string
		status int
		body   string
		want   Release
		err    string
	}{
		{"a release", 200, `{"tag_name":"v1.4.0","html_url":"https://example.com/r/1.4.0","published_at":"2026-11-20T08:00:00Z","body":"words"}`,
			Release{Version: "1.4.0", Page: "https://example.com/r/1.4.0", Published: time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)}, ""},
		{"a tag without v", 200, `{"tag_name":"1.4.0"}`, Release{Version: "1.4.0"}, ""},
		{"a page that nobody should click on", 200, `{"tag_name":"v1.4.0","html_url":"javascript:alert(1)"}`, Release{Version: "1.4.0"}, ""},
		{"a tag that would spoil a terminal", 200, `{"tag_name":"v1.4.0\u001b[2J"}`, Release{}, `which is no version`},
		{"no release yet", 404, `{"message":"Not Found"}`, Release{}, "lists no release"},
		{"asked too often", 403, `{"message":"rate limit"}`, Release{}, "answered 403"},
		{"a portal's page", 200, `<html>log in</html>`, Release{}, "does not answer as a feed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			feed := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if ua := r.UserAgent(); ua != "clawrouter-codex" {
					t.Errorf("the feed is told %q", ua)
				}
				w.WriteHeader(tt.status)
				_, _ = w.Write([]byte(tt.body))
			}))
			defer feed.Close()
			got, err := Latest(t.Context(), nil, feed.URL)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
			if err == nil && tt.err != "" || err != nil && (tt.err == "" || !strings.Contains(err.Error(), tt.err)) {
				t.Errorf("error %v, want %q", err, tt.err)
			}
		})
	}
}

// Somebody on the way must not be able to announce a release.
func TestPlainHTTPStaysOnThisMachine(t *testing.T) {
	asked := 0
	feed := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		http.Redirect(w, r, "http://feed.example/latest", http.StatusFound)
	}))
	defer feed.Close()
	for _, address := range []string{"http://feed.example/latest", "ftp://127.0.0.1/", feed.URL} {
		if _, err := Latest(t.Context(), nil, address); err == nil || !strings.Contains(err.Error(), "not an https:// address") {
			t.Errorf("%s: %v", address, err)
		}
	}
	if asked != 1 {
		t.Errorf("the loopback feed was asked %d times", asked)
	}
}

func TestCompare(t *testing.T) {
	tests := []struct {
		version, release string
		want             Order
	}{
		{"1.3.9", "1.4.0", Older},
		{"v1.3.9", "1.4.0", Older},
		{"1.4.0", "1.4.0", Current},
		{"1.5.0", "1.4.0", Current},
		{"1.4.0-rc.1", "1.4.0", Older},
		{"v0.0.0-20261125120000-0123456789ab", "0.1.0", Older},
		{"devel-0123456789ab", "1.4.0", Unknown},
		{"devel", "1.4.0", Unknown},
	}
	for _, tt := range tests {
		if got := (Release{Version: tt.release}).Compare(tt.version); got != tt.want {
			t.Errorf("%s against %s: %s, want %s", tt.version, tt.release, got, tt.want)
		}
	}
}
