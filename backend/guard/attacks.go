package guard

import (
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strings"
)

// Rebinding stops DNS rebinding: a page of evil.example whose name suddenly means
// 127.0.0.1 is of the same origin as the bridge to its browser, but still sends
// its own name as Host. Upper case, a trailing dot, 0.0.0.0, another spelling of
// an address and no Host at all are no names of ours either.
func Rebinding(refuse Refuse) Guard {
	return check(refuse, http.StatusForbidden, func(r *http.Request) (string, string) {
		if p := port(r); !ownHost(r.Host, p) {
			return "forbidden_host", fmt.Sprintf("This address goes by the names localhost:%d, 127.0.0.1:%[1]d and [::1]:%[1]d only.", p)
		}
		return "", ""
	})
}

// CrossSite stops requests that a page of another origin makes: of another site,
// of another port of this machine, of a file, of a sandboxed frame ("null"). page
// is what a link may lead to all the same.
func CrossSite(refuse Refuse, page func(*http.Request) bool) Guard {
	return check(refuse, http.StatusForbidden, func(r *http.Request) (string, string) {
		if sameOrigin(r) || page != nil && page(r) && TopLevelGet(r) {
			return "", ""
		}
		return "forbidden_origin", "A web page may not use this address."
	})
}

// sameOrigin reports whether nothing in a request tells of a foreign page. The
// programs that the bridge is for send none of the three headers.
func sameOrigin(r *http.Request) bool {
	own := "http://" + r.Host
	switch origins := r.Header["Origin"]; len(origins) {
	case 0:
	case 1:
		if origins[0] != own {
			return false
		}
	default:
		return false
	}
	for _, site := range r.Header["Sec-Fetch-Site"] {
		// "same-site" is another port of this machine.
		if site != "same-origin" && site != "none" {
			return false
		}
	}
	for _, referer := range r.Header["Referer"] {
		u, err := url.Parse(referer)
		if err != nil || u.Scheme != "http" || u.Host != r.Host || u.User != nil {
			return false
		}
	}
	return true
}

// TopLevelGet reports whether a browser fetches a page to show it in a tab: not a
// frame, an image, a script or a call.
func TopLevelGet(r *http.Request) bool {
	return r.Method == http.MethodGet && len(r.Header["Origin"]) == 0 &&
		only(r, "Sec-Fetch-Mode", "navigate") && only(r, "Sec-Fetch-Dest", "document")
}

func only(r *http.Request, name, value string) bool {
	given := r.Header[name]
	return len(given) == 1 && given[0] == value
}

// Preflight stops a browser's question whether a page may send what it may not: no
// Access-Control header is ever part of an answer.
func Preflight(refuse Refuse) Guard {
	return check(refuse, http.StatusForbidden, func(r *http.Request) (string, string) {
		for name := range r.Header {
			if strings.HasPrefix(name, "Access-Control-") {
				return "forbidden_preflight", "No web page may call this address."
			}
		}
		return "", ""
	})
}

// FormPost stops the POSTs that a page can send without a preflight: forms,
// text/plain, beacons, and whatever names no type or more than one.
func FormPost(refuse Refuse) Guard {
	return check(refuse, http.StatusUnsupportedMediaType, func(r *http.Request) (string, string) {
		if r.Method != http.MethodPost {
			return "", ""
		}
		if types := r.Header["Content-Type"]; len(types) == 1 && isJSON(types[0]) {
			return "", ""
		}
		return "unsupported_media_type", "POST " + r.URL.Path + " takes application/json."
	})
}

func isJSON(contentType string) bool {
	if contentType == "application/json" {
		return true
	}
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil || kind != "application/json" {
		return false
	}
	delete(params, "charset")
	return len(params) == 0
}

// AbsoluteForm stops request lines that carry an address of their own, as they go
// to a forward proxy: it would take the place of Host. CONNECT is one of them.
func AbsoluteForm(refuse Refuse) Guard {
	return check(refuse, http.StatusBadRequest, func(r *http.Request) (string, string) {
		if r.URL.Host != "" || r.URL.Scheme != "" || !strings.HasPrefix(r.RequestURI, "/") {
			return "no_proxy", "This is no forward proxy: the request line must begin with a path."
		}
		return "", ""
	})
}

// Smuggling stops a second request that hides in the first one's body. Where two
// ways to tell a body's length could disagree, nothing behind it is read as a
// request; a GET has no body here.
func Smuggling(refuse Refuse) Guard {
	ambiguous := func(r *http.Request) bool {
		// Go drops Content-Length beside Transfer-Encoding, and Transfer-Encoding
		// in HTTP/1.0, before anybody can see the pair.
		return len(r.TransferEncoding) > 0 || !r.ProtoAtLeast(1, 1)
	}
	stop := check(refuse, http.StatusBadRequest, func(r *http.Request) (string, string) {
		if (r.Method == http.MethodGet || r.Method == http.MethodHead) && r.ContentLength != 0 {
			return "unexpected_body", r.Method + " takes no body."
		}
		return "", ""
	})
	return func(next http.Handler) http.Handler {
		next = stop(next)
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if ambiguous(r) {
				w.Header().Set("Connection", "close")
			}
			next.ServeHTTP(w, r)
		})
	}
}
