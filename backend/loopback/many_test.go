//go:build darwin || linux

package loopback

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// Many requests at once, some of which are given up in the middle, each get their own
// answer, while others look at the connections and close those that nobody uses.
func TestManyAtOnce(t *testing.T) {
	echo := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		for range 2 {
			_, _ = w.Write(body)
			_ = http.NewResponseController(w).Flush()
		}
	}))
	t.Cleanup(echo.Close)
	c, _ := newClient(t, &raw{Listener: echo.Listener})
	var asking sync.WaitGroup
	for i := range 16 {
		asking.Go(func() {
			for j := range 20 {
				body := strings.Repeat(fmt.Sprintf("%d of %d, ", j, i), 1+j*50)
				if err := askAndLeave(t, c, body, j%4); err != nil {
					t.Errorf("%d of %d: %v", j, i, err)
				}
				switch {
				case j%5 == 4:
					c.Look()
				case j == 10:
					c.CloseIdle()
				}
			}
		})
	}
	asking.Wait()
	if n := c.inFlight.Load(); n != 0 || c.crowd() {
		t.Errorf("%d exchanges are counted when all are over", n)
	}
}

// askAndLeave reads the answer to its end, or gives it up in one of two ways.
func askAndLeave(t *testing.T, c *Client, body string, way int) error {
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	resp, err := c.Do(request(t, ctx, http.MethodPost), []byte(body))
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	switch way {
	case 0:
		return nil
	case 1:
		cancel(errGone)
	}
	got, err := io.ReadAll(resp.Body)
	if err != nil && way == 1 && errors.Is(err, errGone) {
		return nil
	}
	if err == nil && string(got) != body+body {
		err = fmt.Errorf("it got %.60q", got)
	}
	return err
}
