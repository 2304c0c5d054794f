package panel

import (
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/BlockRunAI/clawrouter-codex/backend/link"
)

// TokenHeader carries the token of a page. A page of another origin cannot send
// it without being asked first, and is never told that it may.
const TokenHeader = "X-Clawrouter-Panel"

// noRebinding stops a page whose own name was pointed at this machine: it comes
// with that name as its Host.
func noRebinding(port int, next http.Handler) http.Handler {
	ours := map[string]bool{}
	for _, name := range []string{"127.0.0.1", "localhost", "[::1]"} {
		ours[name+":"+strconv.Itoa(port)] = true
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !ours[r.Host] {
			refuse(w, http.StatusForbidden, foreign)
			return
		}
		next.ServeHTTP(w, r)
	})
}

var foreign = &link.Error{Kind: link.Refused, Message: "the panel is for its own page only"}

// closedHeaders keep what we send out of frames, caches, referrers and other
// windows, and let the page load from here alone.
func closedHeaders(next http.Handler) http.Handler {
	const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; " +
		"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Frame-Options", "DENY")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "no-store")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		next.ServeHTTP(w, r)
	})
}

// notEmbedded lets through what a browser loads as a page of its own, and stops
// frames, scripts, images and fetches of the page's address.
func notEmbedded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		dest, mode := r.Header.Get("Sec-Fetch-Dest"), r.Header.Get("Sec-Fetch-Mode")
		switch {
		case r.Method != http.MethodGet:
			w.Header().Set("Allow", http.MethodGet)
			refuse(w, http.StatusMethodNotAllowed, foreign)
		case dest != "" && dest != "document", mode != "" && mode != "navigate", r.Header.Get("Origin") != "":
			refuse(w, http.StatusForbidden, foreign)
		// A browser that loads what the user may open would use a one-time link up.
		case r.Header.Get("Sec-Purpose") != "" || strings.EqualFold(r.Header.Get("Purpose"), "prefetch"):
			refuse(w, http.StatusServiceUnavailable, foreign)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// fromOurPage stops requests that a page of another origin makes, also of
// another port of this machine ("same-site").
func fromOurPage(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !ownSite(r.Header.Get("Sec-Fetch-Site")) || !ownOrigin(r, r.Header.Get("Origin")) || !ownOrigin(r, r.Header.Get("Referer")) {
			refuse(w, http.StatusForbidden, foreign)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// ownSite accepts "" for a client that is no browser.
func ownSite(site string) bool { return site == "" || site == "same-origin" }

// ownOrigin accepts "" for a request that does not say where it comes from.
func ownOrigin(r *http.Request, text string) bool {
	if text == "" {
		return true
	}
	from, err := url.Parse(text)
	return err == nil && from.Scheme == "http" && from.Host == r.Host
}

// withToken stops everybody who did not get the page from us.
func (s *server) withToken(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.Access.admits(r.Header.Get(TokenHeader)) {
			refuse(w, http.StatusUnauthorized, &link.Error{
				Kind: link.Refused, Message: "this page was not let in, or was open for too long", Fix: "clawrouter-codex panel",
			})
			return
		}
		next.ServeHTTP(w, r)
	})
}

// onlyJSON stops the three types that a form can send without being asked first.
func onlyJSON(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
			refuse(w, http.StatusUnsupportedMediaType, &link.Error{Kind: link.Failed, Message: "a command is application/json"})
			return
		}
		next(w, r)
	}
}
