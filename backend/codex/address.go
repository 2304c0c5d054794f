package codex

import (
	"net"
	"net/url"
	"strconv"
	"strings"
)

// Address is the host and port of a provider's base_url, "" and 0 where it has
// none.
func Address(baseURL string) (host string, port int) {
	u, err := url.Parse(baseURL)
	if err != nil {
		return "", 0
	}
	port, _ = strconv.Atoi(u.Port())
	return u.Hostname(), port
}

// Loopback reports whether a host is this machine, by any of its names.
func Loopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}
