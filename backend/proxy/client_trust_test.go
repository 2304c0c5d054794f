package proxy

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
)

// On a connection that is not trusted nothing is sent, whatever is asked for.
func TestNothingIsSentToAStranger(t *testing.T) { eachCarrier(t, testNothingIsSentToAStranger) }

func testNothingIsSentToAStranger(t *testing.T, newClient clientMaker) {
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { t.Errorf("it was sent %s %s", r.Method, r.URL) }))
	defer server.Close()
	stranger := errors.New("another user's")
	c := newClient(t, server.URL, ClientOptions{Trust: func(context.Context) error { return stranger }})
	_, chat := c.Chat(t.Context(), []byte("{}"), nil)
	_, models := c.Models(t.Context())
	_, identity := c.Identify(t.Context())
	for name, err := range map[string]error{"chat": chat, "models": models, "identity": identity} {
		var send *SendError
		if !errors.Is(err, stranger) || !errors.As(err, &send) || send.Sent {
			t.Errorf("%s: %v", name, err)
		}
	}
}
