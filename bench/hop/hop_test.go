package hop

import (
	"bufio"
	"context"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

func through(t *testing.T, upstream http.HandlerFunc) string {
	t.Helper()
	up := httptest.NewServer(upstream)
	t.Cleanup(up.Close)
	u, err := url.Parse(up.URL)
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(Handler(u, log.New(io.Discard, "", 0)))
	t.Cleanup(srv.Close)
	return srv.URL
}

func TestRequestAndAnswerPassUnchanged(t *testing.T) {
	addr := through(t, func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		w.WriteHeader(http.StatusTeapot)
		io.WriteString(w, r.Method+" "+r.URL.Path+" "+string(b))
	})
	resp, err := http.Post(addr+"/v1/chat/completions", "application/json", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, _ := io.ReadAll(resp.Body)
	if got, want := string(b), "POST /v1/chat/completions {}"; got != want || resp.StatusCode != http.StatusTeapot {
		t.Errorf("got %d %q, want 418 %q", resp.StatusCode, got, want)
	}
}

// The second chunk is written only after the first has arrived: a hop that held
// anything back would never let the client read on.
func TestEachChunkIsPassedOnAtOnce(t *testing.T) {
	arrived := make(chan struct{})
	addr := through(t, func(w http.ResponseWriter, r *http.Request) {
		// Without a length, ReverseProxy would flush by itself.
		w.Header().Set("Content-Length", "16")
		io.WriteString(w, "data: 1\n")
		w.(http.Flusher).Flush()
		select {
		case <-arrived:
		case <-r.Context().Done():
		}
		io.WriteString(w, "data: 2\n")
	})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, addr, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	lines := bufio.NewReader(resp.Body)
	for _, want := range []string{"data: 1\n", "data: 2\n"} {
		got, err := lines.ReadString('\n')
		if err != nil || got != want {
			t.Fatalf("read %q, %v; want %q", got, err, want)
		}
		if want == "data: 1\n" {
			close(arrived)
		}
	}
}
