package doctor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/backend/link"
	"github.com/BlockRunAI/clawrouter-codex/backend/proxy"
	"github.com/BlockRunAI/clawrouter-codex/backend/settings"
	"github.com/BlockRunAI/clawrouter-codex/backend/socket"
	"github.com/BlockRunAI/clawrouter-codex/backend/tomledit"
)

// world is a machine on which all is well, until a test changes something.
type world struct {
	t    *testing.T
	home string // with the state folder and Codex's
	vars map[string]string

	servers   map[string]http.HandlerFunc // by host:port; none is a refused connection
	listeners map[int]socket.Owner        // by port
	running   bool
	announced int    // the port that the running process tells; 0 is none
	linkSays  string // the version of ClawRouter that this process tells
	codex     *fakeCodex
	node      proxy.Node
	nodeErr   error
	deep      bool

	fixed    []string // what was asked to be mended
	setupErr error
}

const (
	bridgeV4, bridgeV6, upstream = "127.0.0.1:8403", "[::1]:8403", "127.0.0.1:8404"
	bridgeHealth                 = `{"status":"ok","service":"clawrouter-codex","version":"1.2.3"}`
	bridgeKey                    = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
	payerAddress                 = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
	// A key that everybody knows, of the address above.
	payerKey = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
)

func newWorld(t *testing.T) *world {
	w := &world{
		t: t, home: t.TempDir(), vars: map[string]string{}, running: true,
		codex: &fakeCodex{version: "0.169.0"}, node: proxy.Node{Path: "/opt/node", Version: "22.11.0", Npx: "/opt/npx"},
		listeners: map[int]socket.Owner{
			8403: {PID: 11, Name: "clawrouter-codex", User: "ann", Ours: true},
			8404: {PID: 12, Name: "node", User: "ann", Ours: true},
		},
	}
	w.servers = map[string]http.HandlerFunc{
		bridgeV4: says(bridgeHealth), bridgeV6: says(bridgeHealth),
		upstream: says(`{"status":"ok","wallet":"` + payerAddress + `","paymentChain":"base","version":"0.12.268","balance":"$12.34","isLow":false,"isEmpty":false}`),
	}
	w.write(".codex/clawrouter-models.json", `{"models":[{"slug":"blockrun/auto"},{"slug":"zai/glm"}]}`)
	w.write(".codex/clawrouter.config.toml", w.profile("8403"))
	w.write(".codex/config.toml", "model = \"gpt-5\"\n")
	w.write(".blockrun/.session", payerKey)
	w.write(".clawrouter-codex/key", bridgeKey+"\n")
	return w
}

func (w *world) profile(port string) string {
	return `model = "blockrun/auto"
model_provider = "clawrouter"
model_catalog_json = ` + tomledit.Quote(w.path(".codex/clawrouter-models.json")) + `
[model_providers.clawrouter]
base_url = "http://localhost:` + port + `/v1"
wire_api = "responses"
requires_openai_auth = false
http_headers = { x-test = "7", x-clawrouter-key = "` + bridgeKey + `" }
`
}

func (w *world) path(name string) string { return filepath.Join(w.home, filepath.FromSlash(name)) }

func (w *world) write(name, text string) {
	w.t.Helper()
	if err := os.MkdirAll(filepath.Dir(w.path(name)), 0o700); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(w.path(name), []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) remove(name string) {
	w.t.Helper()
	if err := os.Remove(w.path(name)); err != nil {
		w.t.Fatal(err)
	}
}

// down stops whatever runs.
func (w *world) down() {
	w.servers, w.listeners, w.running = nil, nil, false
}

// foreign puts a program of somebody else's on a port.
func (w *world) foreign(port int, answer http.HandlerFunc) {
	host := fmt.Sprintf("127.0.0.1:%d", port)
	w.servers[host] = answer
	w.listeners[port] = socket.Owner{PID: 9, Name: "nginx", User: "www"}
}

func (w *world) env() Env {
	w.t.Helper()
	var environ []string
	for name, value := range w.vars {
		environ = append(environ, name+"="+value)
	}
	s, err := settings.Load(settings.Machine{
		LookupEnv: func(name string) (string, bool) { v, ok := w.vars[name]; return v, ok },
		ReadFile:  os.ReadFile, Home: w.home, Dir: w.home, GOOS: "linux",
	}, nil)
	env := Env{
		Settings: s, SettingsErr: err, Version: "1.2.3", Environ: environ, Home: w.home, GOOS: "linux", Deep: w.deep,
		Running:   func() (int, bool) { return w.announced, w.running },
		LinkSays:  func(context.Context) link.State { return link.State{Proxy: link.Proxy{Version: w.linkSays}} },
		CodexPath: "/opt/codex", Transport: w,
		Listener: func(_ context.Context, at netip.AddrPort) (socket.Owner, error) {
			if l, ok := w.listeners[int(at.Port())]; ok {
				return l, nil
			}
			return socket.Owner{}, errors.New("the system does not tell who listens there")
		},
		Free:  func(_ context.Context, at netip.AddrPort) bool { _, ok := w.listeners[int(at.Port())]; return !ok },
		Node:  func(context.Context, proxy.NodeSearch) (proxy.Node, error) { return w.node, w.nodeErr },
		Now:   func() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) },
		Setup: w.setup,
		Subscription: func(context.Context) error {
			w.fixed = append(w.fixed, "subscription")
			w.write(".codex/config.toml", "model = \"gpt-5\"\n")
			return nil
		},
	}
	if w.codex != nil {
		env.Codex = w.codex
	}
	return env
}

func (w *world) setup(_ context.Context, port int) error {
	w.fixed = append(w.fixed, fmt.Sprintf("setup for port %d", port))
	if w.setupErr != nil {
		return w.setupErr
	}
	w.write(".codex/clawrouter-models.json", `{"models":[{"slug":"blockrun/auto"}]}`)
	w.write(".codex/clawrouter.config.toml", w.profile(fmt.Sprint(port)))
	return nil
}

// RoundTrip makes the world its own network.
func (w *world) RoundTrip(req *http.Request) (*http.Response, error) {
	handler, ok := w.servers[strings.Replace(req.URL.Host, "localhost", "127.0.0.1", 1)]
	if !ok {
		return nil, syscall.ECONNREFUSED
	}
	rec := httptest.NewRecorder()
	handler(rec, req)
	return rec.Result(), nil
}

// says answers every request with a body.
func says(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) }
}

// line is one check's line, with the home folder as "~".
func (w *world) line(id string) string {
	w.t.Helper()
	return w.shown(Run(w.t.Context(), w.env()), id)
}

func (w *world) shown(r Report, id string) string {
	w.t.Helper()
	for _, l := range r.Checks {
		if l.ID != id {
			continue
		}
		text := string(l.Status) + ": " + l.Text
		if l.Mend != "" {
			text += " → " + l.Mend
		}
		if l.Fixable {
			text += " (fixable)"
		}
		return filepath.ToSlash(strings.ReplaceAll(text, w.home, "~"))
	}
	w.t.Fatalf("no check %q", id)
	return ""
}

type fakeCodex struct {
	version  string
	err      error // of Version
	rejected error
}

func (c *fakeCodex) Version(context.Context) (string, error) { return c.version, c.err }

func (c *fakeCodex) Validate(context.Context, string) error { return c.rejected }
