package panel

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/BlockRunAI/clawrouter-codex/backend/link"
)

const (
	port = 8403
	host = "localhost:8403"
)

var builtPage = fstest.MapFS{
	"index.html":      {Data: []byte(`<!doctype html><meta name="panel-token" content=""><script type="module" src="/dashboard/assets/panel.js"></script>`)},
	"assets/panel.js": {Data: []byte("export {}")},
}

// stranger is a Link that nobody may reach: every method but those that a test
// replaces is nil, and a call of it fails the test by a panic.
type stranger struct{ link.Link }

type peer int

const (
	unknown peer = iota
	sameUser
	otherUser
)

func newPanel(t *testing.T, l link.Link, who peer) (http.Handler, *Access) {
	t.Helper()
	access := NewAccess(signing, newClock().now)
	h, err := New(Config{
		Link: l, Access: access, Site: builtPage,
		SameUser:  func(*http.Request) bool { return who == sameUser },
		OtherUser: func(*http.Request) bool { return who == otherUser },
	})
	if err != nil {
		t.Fatal(err)
	}
	return h, access
}

// headers are "Name: value" lines.
func ask(h http.Handler, method, target, body string, headers ...string) *httptest.ResponseRecorder {
	if method == http.MethodGet {
		body = ""
	}
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r = r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, &net.TCPAddr{Port: port}))
	r.Host = host
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ": ")
		if name == "Host" {
			r.Host = value
			continue
		}
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// typed is what a browser sends for an address that the user typed.
var typed = []string{"Sec-Fetch-Site: none", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document", "Sec-Fetch-User: ?1"}

// TestWhoGetsTheTokenWithThePage: one-time links, pages
// typed by hand, and what attackers can make a browser load.
func TestWhoGetsTheTokenWithThePage(t *testing.T) {
	from := func(site string) []string {
		return []string{"Sec-Fetch-Site: " + site, "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document"}
	}
	tests := []struct {
		name    string
		who     peer
		code    bool
		headers []string
		status  int
		in      bool
	}{
		{"typed by the same user", sameUser, false, typed, 200, true},
		{"typed by nobody knows whom", unknown, false, typed, 200, false},
		{"typed by another user", otherUser, false, typed, 200, false},
		{"a program that says nothing of itself", sameUser, false, nil, 200, false},
		{"opened by a page of another site", sameUser, false, from("cross-site"), 200, false},
		{"opened by a page of another port", sameUser, false, from("same-site"), 200, false},
		{"loaded again by the page itself", sameUser, false, from("same-origin"), 200, false},
		{"a one-time link", unknown, true, typed, 200, true},
		{"a one-time link that the window follows", unknown, true, from("cross-site"), 200, true},
		{"a one-time link that another user read in the process list", otherUser, true, typed, 200, false},
		{"a frame", sameUser, false, []string{"Sec-Fetch-Site: none", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: iframe"}, 403, false},
		{"a script tag", sameUser, false, []string{"Sec-Fetch-Site: none", "Sec-Fetch-Mode: no-cors", "Sec-Fetch-Dest: script"}, 403, false},
		{"a fetch", sameUser, false, []string{"Sec-Fetch-Site: none", "Sec-Fetch-Mode: cors", "Sec-Fetch-Dest: empty"}, 403, false},
		{"a request with an origin", sameUser, false, append(typed, "Origin: http://localhost:3000"), 403, false},
		{"a browser that loads ahead", sameUser, true, append(typed, "Sec-Purpose: prefetch"), 503, false},
		{"rebinding", sameUser, true, append(typed, "Host: evil.example:8403"), 403, false},
		{"another port's name", sameUser, true, append(typed, "Host: localhost:3000"), 403, false},
		{"no name", sameUser, true, append(typed, "Host: "), 403, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h, access := newPanel(t, stranger{}, tt.who)
			target := Path
			if tt.code {
				target += "?link=" + access.Code()
			}
			w := ask(h, "GET", target, "", tt.headers...)
			if w.Code != tt.status {
				t.Fatalf("status %d, want %d", w.Code, tt.status)
			}
			token := tokenOf(w.Body.String())
			if tt.in != access.admits(token) {
				t.Errorf("the page has the token %q", token)
			}
			if tt.status == 503 && !access.redeem(target[len(Path+"?link="):]) {
				t.Error("the link was used up")
			}
		})
	}
}

func tokenOf(page string) string {
	_, after, _ := strings.Cut(page, `name="panel-token" content="`)
	token, _, _ := strings.Cut(after, `"`)
	return token
}

func TestALinkIsAnsweredWithThePageItself(t *testing.T) {
	h, access := newPanel(t, stranger{}, unknown)
	w := ask(h, "GET", Path+"?link="+access.Code(), "", typed...)
	if w.Code != 200 || w.Header().Get("Location") != "" || w.Header().Get("Set-Cookie") != "" {
		t.Errorf("status %d, headers %v", w.Code, w.Header())
	}
	if !strings.HasPrefix(w.Body.String(), "<!doctype html>") || !strings.HasSuffix(w.Body.String(), "</script>") {
		t.Errorf("the page is %q", w.Body)
	}
}

func TestEveryAnswerIsClosed(t *testing.T) {
	h, access := newPanel(t, stranger{}, unknown)
	for _, target := range []string{Path, Path + "?link=" + access.Code(), Path + "/", Path + "/assets/panel.js", Path + "/none.js", apiPath + "state", apiPath + "none"} {
		w := ask(h, "GET", target, "")
		for name, want := range map[string]string{
			"Content-Security-Policy":      "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
			"X-Content-Type-Options":       "nosniff",
			"X-Frame-Options":              "DENY",
			"Cache-Control":                "no-store",
			"Referrer-Policy":              "no-referrer",
			"Cross-Origin-Opener-Policy":   "same-origin",
			"Cross-Origin-Resource-Policy": "same-origin",
			"Access-Control-Allow-Origin":  "",
			"Set-Cookie":                   "",
		} {
			if got := w.Header().Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", target, name, got, want)
			}
		}
	}
}

// TestNoCallWithoutTokenAndOrigin asks every call of the API as attackers would.
// The link behind it panics when it is reached.
func TestNoCallWithoutTokenAndOrigin(t *testing.T) {
	h, access := newPanel(t, stranger{}, sameUser)
	token := TokenHeader + ": " + access.token()
	json := "Content-Type: application/json"
	tests := []struct {
		name    string
		headers []string
		status  int
	}{
		{"no token", []string{json}, 401},
		{"another token", []string{json, TokenHeader + ": guess"}, 401},
		{"the token in a cookie", []string{json, "Cookie: " + TokenHeader + "=" + access.token()}, 401},
		{"the token, from another site", []string{json, token, "Sec-Fetch-Site: cross-site"}, 403},
		{"the token, from another port", []string{json, token, "Sec-Fetch-Site: same-site"}, 403},
		{"the token, typed", []string{json, token, "Sec-Fetch-Site: none"}, 403},
		{"the token, with another origin", []string{json, token, "Origin: http://localhost:3000"}, 403},
		{"the token, with no origin of its own", []string{json, token, "Origin: null"}, 403},
		{"the token, with https", []string{json, token, "Origin: https://" + host}, 403},
		{"the token, with another referrer", []string{json, token, "Referer: http://localhost:3000/x"}, 403},
		{"the token, rebound", []string{json, token, "Host: evil.example:8403"}, 403},
	}
	s := &server{}
	s.Link = stranger{}
	for _, call := range s.calls() {
		for _, tt := range tests {
			if w := ask(h, call.method, apiPath+call.name, "{}", tt.headers...); w.Code != tt.status {
				t.Errorf("%s %s, %s: status %d, want %d", call.method, call.name, tt.name, w.Code, tt.status)
			}
		}
	}
}

func TestFormsCannotCommand(t *testing.T) {
	h, access := newPanel(t, stranger{}, sameUser)
	token := TokenHeader + ": " + access.token()
	for _, kind := range []string{"", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/jsonp"} {
		w := ask(h, "POST", apiPath+"provider", `{"provider":"subscription"}`, token, "Content-Type: "+kind)
		if w.Code != http.StatusUnsupportedMediaType {
			t.Errorf("%q: status %d", kind, w.Code)
		}
	}
}

func TestPreflightsFail(t *testing.T) {
	h, _ := newPanel(t, stranger{}, sameUser)
	for _, target := range []string{Path, apiPath + "provider", Path + "/assets/panel.js"} {
		w := ask(h, "OPTIONS", target, "", "Origin: http://localhost:3000", "Access-Control-Request-Method: POST", "Access-Control-Request-Headers: "+TokenHeader)
		if w.Code < 400 {
			t.Errorf("%s: status %d", target, w.Code)
		}
		for name := range w.Header() {
			if strings.HasPrefix(name, "Access-Control-") {
				t.Errorf("%s: %s is sent", target, name)
			}
		}
	}
}

func TestAssetsAreForThePageOnly(t *testing.T) {
	h, _ := newPanel(t, stranger{}, unknown)
	w := ask(h, "GET", Path+"/assets/panel.js", "", "Sec-Fetch-Site: same-origin", "Referer: http://"+host+Path)
	if body, _ := io.ReadAll(w.Body); w.Code != 200 || string(body) != "export {}" || w.Header().Get("Content-Type") != "text/javascript; charset=utf-8" {
		t.Errorf("%d %s %q", w.Code, w.Header().Get("Content-Type"), body)
	}
	for _, target := range []string{"/index.html", "/assets/", "/assets/none.js", "/../server.go", "/assets/../index.html"} {
		if w := ask(h, "GET", Path+target, ""); w.Code == 200 {
			t.Errorf("%s is served: %q", target, w.Body)
		}
	}
	if w := ask(h, "GET", Path+"/assets/panel.js", "", "Sec-Fetch-Site: same-site"); w.Code != 403 {
		t.Errorf("another port's page gets it: %d", w.Code)
	}
}
