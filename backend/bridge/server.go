package bridge

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// Upstream is whoever answers Chat Completions for us; *proxy.Client is one.
type Upstream interface {
	// Chat posts one Chat Completions body. The caller closes the response.
	Chat(ctx context.Context, body []byte, header http.Header) (*http.Response, error)
	// Models returns the body of the upstream's GET /v1/models.
	Models(ctx context.Context) ([]byte, error)
	// ClawRouter reports whether a ClawRouter answers there. It is cheap: the
	// answer is remembered and looked at again after a reconnect.
	ClawRouter(ctx context.Context) bool
}

// Config is what a Server needs. Upstream and Version must be set.
type Config struct {
	Upstream Upstream
	Version  string
	Port     int // the port users are told, for the Host check
	Log      *slog.Logger
	// KeepAlive is how long upstream may be silent before a real event is sent.
	// 0 means DefaultKeepAlive.
	KeepAlive time.Duration
}

// DefaultKeepAlive stays well under the shortest idle timeout that users set.
const DefaultKeepAlive = 3 * time.Second

// Server answers Codex on loopback.
type Server struct{ cfg Config }

// New returns a Server; it opens nothing.
func New(cfg Config) *Server { return &Server{cfg: cfg} }

// Handler is the whole HTTP surface.
func (s *Server) Handler() http.Handler { return http.NotFoundHandler() }

// Serve answers on all listeners until ctx ends, then waits for the turns in
// flight, at most grace, and returns.
func (s *Server) Serve(ctx context.Context, listeners []net.Listener, grace time.Duration) error {
	return nil
}

// Listen opens 127.0.0.1:port and [::1]:port: both or neither, because Codex is
// told "localhost" and the family left open could be another user's. Where the
// system has no IPv6 at all, 127.0.0.1 alone is returned. Port 0 picks a free
// port that both families have.
func Listen(ctx context.Context, port int) ([]net.Listener, error) { return nil, nil }
