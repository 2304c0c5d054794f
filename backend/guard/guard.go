package guard

import (
	"net"
	"net/http"
	"strconv"
	"strings"
)

// Guard is a check before a handler.
type Guard func(next http.Handler) http.Handler

// Refuse answers a request that was stopped: code is a word for programs, message
// one sentence or two for people.
type Refuse func(w http.ResponseWriter, status int, code, message string)

// Chain puts guards before a handler; the first one is asked first.
func Chain(next http.Handler, guards ...Guard) http.Handler {
	for i := len(guards) - 1; i >= 0; i-- {
		next = guards[i](next)
	}
	return next
}

// Everywhere are the guards of every address. page tells the requests for a page
// that shows no data before it has been let in by other means: a link on another
// site may lead there. nil means that there is none.
func Everywhere(refuse Refuse, page func(*http.Request) bool) []Guard {
	return []Guard{
		Smuggling(refuse), AbsoluteForm(refuse), Rebinding(refuse), Preflight(refuse), CrossSite(refuse, page), FormPost(refuse),
	}
}

// check makes a guard of a test that returns why a request is refused, and a code;
// both are "" for one that may pass.
func check(refuse Refuse, status int, test func(*http.Request) (code, why string)) Guard {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			code, why := test(r)
			if code == "" {
				next.ServeHTTP(w, r)
				return
			}
			// What is left of the request is not read, and so never taken for
			// another one.
			w.Header().Set("Connection", "close")
			refuse(w, status, code, why)
		})
	}
}

// names are the ones that the bridge answers to, as they stand in Host.
var names = [...]string{"localhost", "127.0.0.1", "[::1]"}

// ownHost reports whether a Host header is exactly one of our names with the port
// that listens. Comparing it with Origin is no substitute: a page whose name was
// rebound to 127.0.0.1 sends its own name in both.
func ownHost(host string, port int) bool {
	for _, name := range names {
		if rest, ok := strings.CutPrefix(host, name); ok {
			// Clients leave out the port of the scheme.
			return rest == ":"+strconv.Itoa(port) || rest == "" && port == 80
		}
	}
	return false
}

// port is the one that took the request, 0 where there is no connection.
func port(r *http.Request) int {
	if addr, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr); ok {
		return addr.Port
	}
	return 0
}
