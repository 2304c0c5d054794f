package proxy

import (
	"errors"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"

	"github.com/BlockRunAI/clawrouter-codex/backend/loopback"
)

// carrier takes requests to the server and brings its answers. The body of an answer to
// a request with a body has the method RequestRead.
type carrier interface {
	// send sends req with body, which may be nil. sent tells of an error whether any of
	// the request may have reached the server.
	send(req *http.Request, body []byte) (resp *http.Response, sent bool, err error)
	// look closes connections that the server has ended while nobody used them.
	look()
	closeIdle()
}

// loopbackCarrier goes to a server on this machine.
type loopbackCarrier struct{ *loopback.Client }

func (l loopbackCarrier) send(req *http.Request, body []byte) (*http.Response, bool, error) {
	resp, err := l.Do(req, body)
	var no *loopback.Error
	if errors.As(err, &no) {
		return nil, no.Sent, no.Err
	}
	return resp, true, err
}

func (l loopbackCarrier) look()      { l.Look() }
func (l loopbackCarrier) closeIdle() { l.CloseIdle() }

// httpCarrier goes anywhere: over TLS, HTTP/2, proxies.
type httpCarrier struct{ *http.Client }

func newHTTPCarrier(rt http.RoundTripper) httpCarrier {
	return httpCarrier{&http.Client{
		Transport: rt,
		// A redirected POST would send prompt and key to a host nobody named.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

func (h httpCarrier) send(req *http.Request, body []byte) (*http.Response, bool, error) {
	var sent atomic.Bool
	trace := &httptrace.ClientTrace{WroteHeaders: func() { sent.Store(true) }}
	var held *sentBody
	if body != nil {
		held = newSentBody(body)
		held.put(req)
		trace.WroteRequest = held.written
	}
	resp, err := h.Do(req.WithContext(httptrace.WithClientTrace(req.Context(), trace)))
	if err != nil {
		var of *url.Error
		if errors.As(err, &of) {
			err = of.Err // who calls names the address, without the host's name twice
		}
		return nil, sent.Load(), err
	}
	if held != nil {
		held.answer()
		resp.Body = &answerBody{resp.Body, held}
	}
	return resp, true, nil
}

func (httpCarrier) look() {} // its transport looks all the time

func (h httpCarrier) closeIdle() { h.CloseIdleConnections() }
