package guard_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/BlockRunAI/clawrouter-codex/backend/guard"
)

// codexRequest is a turn of Codex's with the bridge's key, and the chain before it.
func codexRequest(t testing.TB) (http.Handler, *http.Request, string) {
	t.Helper()
	path, key := filepath.Join(t.TempDir(), "key"), newKey()
	if err := os.WriteFile(path, []byte(key), 0o600); err != nil {
		t.Fatal(err)
	}
	passed := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	h := guard.Chain(passed, append(guard.Everywhere(refuse, nil), guard.OtherUsers(refuse, guard.NewKeyFile(path).Matches))...)
	r := httptest.NewRequest(http.MethodPost, "/v1/responses", strings.NewReader("{}"))
	r.Host = "localhost:8403"
	for name, value := range map[string]string{
		"Content-Type": "application/json", "Accept": "text/event-stream", "Originator": "codex_exec", "User-Agent": "codex_exec/0.169.0",
		"Session-Id": "s", "Thread-Id": "t", "X-Client-Request-Id": "t", "X-Codex-Window-Id": "t:1", "X-Codex-Turn-Metadata": "{}", "X-Codex-Beta-Features": "x",
	} {
		r.Header.Set(name, value)
	}
	ctx := context.WithValue(t.Context(), http.LocalAddrContextKey, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8403})
	return h, r.WithContext(ctx), key
}

// The guards stand before every request: what they take from the heap is the stat of
// the key file, and a few words of comparison.
func TestGuardsAreCheap(t *testing.T) {
	h, r, key := codexRequest(t)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code == http.StatusOK {
		t.Fatal("it passes without the key and without a connection")
	}
	allocs := testing.AllocsPerRun(100, func() {
		r.Header[guard.KeyHeader] = []string{key}
		h.ServeHTTP(discard{}, r)
	})
	if allocs > 6 {
		t.Errorf("%.0f allocations for each request", allocs)
	}
}

func BenchmarkGuards(b *testing.B) {
	h, r, key := codexRequest(b)
	b.ReportAllocs()
	for b.Loop() {
		r.Header[guard.KeyHeader] = []string{key}
		h.ServeHTTP(discard{}, r)
	}
}
