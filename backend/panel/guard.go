package panel

import (
	"net/http"
	"strings"

	"github.com/BlockRunAI/clawrouter-codex/backend/link"
)

// TokenHeader carries the token of a page. A page of another origin cannot send
// it without being asked first, and is never told that it may.
const TokenHeader = "X-Clawrouter-Panel"

// forbid is guard.Refuse in the words of this API.
func forbid(w http.ResponseWriter, status int, _, message string) {
	refuse(w, status, &link.Error{Kind: link.Refused, Message: message})
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

// fromOurPage stops what guard.CrossSite must let pass for clients that are no
// browsers: an address below the page's that was typed, or that a browser fetches
// for itself.
func fromOurPage(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if site := r.Header.Get("Sec-Fetch-Site"); site != "" && site != "same-origin" {
			refuse(w, http.StatusForbidden, foreign)
			return
		}
		next.ServeHTTP(w, r)
	})
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
