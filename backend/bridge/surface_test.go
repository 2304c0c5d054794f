package bridge_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/BlockRunAI/clawrouter-codex/backend/bridge"
)

func TestSurface(t *testing.T) {
	url := bridgeFor(t, newUpstream(t, hello()), func(c *bridge.Config) {
		c.Catalog = func() []byte { return []byte(`[{"slug":"vendor/one"}]`) }
	})
	for _, c := range []struct {
		name, method, path string
		header             string
		status             int
		body               string
	}{
		{"health is ours", "GET", "/health", "", 200, `{"service":"clawrouter-codex","status":"ok","version":"test"}`},
		{"models in both shapes", "GET", "/v1/models?client_version=0.169.0", "", 200,
			`{"object":"list","data":[{"id":"vendor/one","object":"model"}],"models":[{"slug":"vendor/one"}]}`},
		{"Ollama's version", "GET", "/api/version", "", 200, `{"version":"test"}`},
		{"Ollama's tags", "GET", "/api/tags", "", 200,
			`{"models":[{"name":"vendor/one","model":"vendor/one","modified_at":"0001-01-01T00:00:00Z","size":0,"digest":"","details":{"parent_model":"","format":"","family":"","families":[],"parameter_size":"","quantization_level":""}}]}`},
		{"a WebSocket is refused at once", "GET", "/v1/responses", "websocket", 426,
			`{"error":{"message":"WebSockets are not spoken here; use POST /v1/responses.","type":"invalid_request_error","param":null,"code":"upgrade_required"}}`},
		{"no such path", "GET", "/elsewhere", "", 404,
			`{"error":{"message":"There is nothing at /elsewhere. The bridge answers POST /v1/responses, GET /v1/models and GET /health.","type":"invalid_request_error","param":null,"code":"not_found"}}`},
		{"wrong method", "DELETE", "/v1/models", "", 405,
			`{"error":{"message":"DELETE is not allowed on /v1/models; allowed: GET.","type":"invalid_request_error","param":null,"code":"method_not_allowed"}}`},
		{"a preflight fails", "OPTIONS", "/v1/responses", "", 405,
			`{"error":{"message":"OPTIONS is not allowed on /v1/responses; allowed: GET, POST.","type":"invalid_request_error","param":null,"code":"method_not_allowed"}}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			req, err := http.NewRequest(c.method, url+c.path, nil)
			if err != nil {
				t.Fatal(err)
			}
			if c.header != "" {
				req.Header.Set("Connection", "Upgrade")
				req.Header.Set("Upgrade", c.header)
			}
			tr := &http.Transport{}
			defer tr.CloseIdleConnections()
			resp, err := tr.RoundTrip(req)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			body, _ := io.ReadAll(resp.Body)
			if resp.StatusCode != c.status {
				t.Errorf("status %d, want %d", resp.StatusCode, c.status)
			}
			if diff := cmp.Diff(c.body, strings.TrimSpace(string(body))); diff != "" {
				t.Error(diff)
			}
			for name := range resp.Header {
				if strings.HasPrefix(name, "Access-Control-") {
					t.Errorf("a CORS header was sent: %s", name)
				}
			}
		})
	}
}
