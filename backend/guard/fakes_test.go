package guard_test

import (
	"net"
	"net/http"
	"strconv"
	"strings"
)

func itoa(n int) string { return strconv.Itoa(n) }

// cutFold is strings.CutPrefix for a scheme, which has no case.
func cutFold(s, prefix string) (string, bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return s, false
	}
	return s[len(prefix):], true
}

// countedConn counts the looks at who is at its other end.
type countedConn struct {
	net.Conn
	looked *int
}

func (c countedConn) LocalAddr() net.Addr {
	*c.looked++
	return nil
}
func (c countedConn) RemoteAddr() net.Addr { return nil }

type discard struct{}

func (discard) Header() http.Header         { return http.Header{} }
func (discard) Write(p []byte) (int, error) { return len(p), nil }
func (discard) WriteHeader(int)             {}
