package loopback

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
)

var heads = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// ours are the headers that say where the request ends and for whom it is.
var ours = map[string]bool{"Host": true, "Content-Length": true, "Transfer-Encoding": true, "Trailer": true}

// writeHead writes what comes before the body. Of req's headers it leaves out ours, and
// names that HTTP does not allow.
func writeHead(head *bytes.Buffer, req *http.Request, body []byte) {
	head.WriteString(req.Method + " " + req.URL.RequestURI() + " HTTP/1.1\r\nHost: " + host(req.URL) + "\r\n")
	if body != nil {
		head.WriteString("Content-Length: ")
		head.Write(strconv.AppendInt(head.AvailableBuffer(), int64(len(body)), 10))
		head.WriteString("\r\n")
	}
	_ = req.Header.WriteSubset(head, ours) // to memory
	head.WriteString("\r\n")
}

// host is what a server is told of its own address: without the zone of an IPv6
// address, which means something on the machine that asks alone (RFC 6874, 4).
func host(u *url.URL) string {
	from := strings.IndexByte(u.Host, '%')
	to := strings.LastIndexByte(u.Host, ']')
	if u.Host[0] != '[' || from < 0 || to < from {
		return u.Host
	}
	return u.Host[:from] + u.Host[to:]
}

// sendable refuses a request whose head would not be read as it was meant, as net/http's
// transport does: with a value from elsewhere, which begins another header or request.
func sendable(req *http.Request) error {
	if req.URL.Host == "" {
		return errors.New("the request names no host")
	}
	if strings.ContainsFunc(req.URL.RequestURI(), func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		return errors.New("the request's address has a space or a control character in it")
	}
	for name, values := range req.Header {
		for _, v := range values {
			if strings.ContainsFunc(v, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) {
				return fmt.Errorf("header %s of the request has a control character in it", name)
			}
		}
	}
	return nil
}
