package bridge

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/backend/guard"
	"github.com/BlockRunAI/clawrouter-codex/backend/spend"
	"github.com/BlockRunAI/clawrouter-codex/backend/translate"
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

// Answer tells which model answered a turn.
type Answer struct {
	Asked string // of upstream, where "Menu bar choice" is resolved
	Used  string // as upstream names it, "" when it named none
	// Notice is what a ClawRouter glued to the answer: that a free model answered
	// in place of the one asked, for instance. It is Markdown.
	Notice string
}

// Config is what a Server needs. Upstream and Version must be set.
type Config struct {
	Upstream Upstream
	Version  string
	// Key reports whether a text is the bridge's key, with which a client needs no
	// other proof that it is this user's; nil knows none.
	Key func(text string) bool
	Log *slog.Logger
	// LogContents has the log show, at level debug, what is written in requests;
	// without it, their shape alone.
	LogContents bool
	// KeepAlive is how long a client may hear nothing before it is sent a real
	// event. 0 means DefaultKeepAlive.
	KeepAlive time.Duration
	// EnvelopeKey seals the reasoning and the summaries that clients carry for
	// us; nil carries none. It outlives the program, so that old threads stay
	// readable.
	EnvelopeKey []byte
	// Selected returns the model that the user has chosen, "" for none. It is
	// asked at every turn for models.Selected.
	Selected func() string
	// WebSearch reports whether models may search the web; nil is never. A request
	// with x-web-search: 1 may in any case.
	WebSearch func() bool
	// Search runs the searches; nil offers none to any model.
	Search Searcher
	// RefusePaid says why turns on paid models are refused, "" while they are
	// not; nil is never.
	RefusePaid func() string
	// Answered is told how each turn was answered.
	Answered func(Answer)
	// Control answers everything below /link/ and asks for a key of its own; nil
	// means that there is nothing.
	Control http.Handler
	// Panel answers /dashboard and everything below it, behind guards of its own;
	// nil means that there is none.
	Panel http.Handler
	// Stream, where it is set, decides whether upstream is asked for streams; else
	// the form is asked for that gives the user more, by who answers.
	Stream *bool
	// Unshielded names the shields against ClawRouter that are switched off: those
	// of translate.Target.Exposed, and "repeats", "session" and "cache".
	Unshielded map[string]bool
	// Book holds and books what calls cost; nil books nothing.
	Book *spend.Book
	// Backoff tells how long to wait before a request is sent upstream again,
	// from the number of repeats before; nil means DefaultBackoff.
	Backoff func(repeat int) time.Duration
	// Patience bounds how long a client may take; what is 0 is DefaultPatience's.
	Patience Patience
	// MaxTurns is how many turns run at a time. 0 means DefaultMaxTurns.
	MaxTurns int
	// MaxRequest is the largest request body that is read, after decompression,
	// in bytes. 0 means DefaultMaxRequest.
	MaxRequest int64
	// Catalog returns Codex's own model list as a JSON array, or nil where there
	// is none. It answers GET /v1/models beside OpenAI's form.
	Catalog func() []byte
}

// DefaultKeepAlive stays well under the shortest idle timeout that users set.
const DefaultKeepAlive = 3 * time.Second

// DefaultMaxRequest is far above what a model takes, and far below what would
// hurt the machine.
const DefaultMaxRequest = 64 << 20

// DefaultBackoff gives a crashed ClawRouter the time to come back.
func DefaultBackoff(repeat int) time.Duration {
	return time.Second << repeat
}

// Server answers Codex on loopback.
type Server struct {
	cfg  Config
	http *http.Server

	repeats *repeats
	kept    *keptAnswers
	// running counts turns with a client, finishing calls whose client went away.
	running   atomic.Int64
	finishing atomic.Int32
	starts    starts
	choice    *modelChoice
	told      toldOnce
	recalled  recalled
	tools     translate.ToolCache
	rest      *rest

	// turns is the parent of every turn. Ending it, with the reason as its
	// cause, makes turns in flight tell their client and return.
	turns context.Context
	stop  context.CancelCauseFunc
}

// New returns a Server; it opens nothing.
func New(cfg Config) *Server {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.KeepAlive <= 0 {
		cfg.KeepAlive = DefaultKeepAlive
	}
	if cfg.Backoff == nil {
		cfg.Backoff = DefaultBackoff
	}
	if cfg.Key == nil {
		cfg.Key = func(string) bool { return false }
	}
	cfg.Patience = cfg.Patience.orDefault()
	if cfg.MaxTurns <= 0 {
		cfg.MaxTurns = DefaultMaxTurns
	}
	if cfg.MaxRequest <= 0 {
		cfg.MaxRequest = DefaultMaxRequest
	}
	s := &Server{cfg: cfg, starts: make(starts, maxStarts), repeats: newRepeats(time.Now), kept: newKeptAnswers(), choice: newModelChoice(cfg.Upstream, cfg.Selected)}
	s.rest = newRest(func() bool { return s.running.Load() > 0 }, freeMemory)
	s.turns, s.stop = context.WithCancelCause(context.Background())
	s.http = &http.Server{
		Handler:           s.Handler(),
		ReadHeaderTimeout: cfg.Patience.Header,
		IdleTimeout:       cfg.Patience.Idle,
		ConnContext: func(ctx context.Context, conn net.Conn) context.Context {
			return withGather(guard.ConnContext(ctx, conn), conn)
		},
		// It would answer "OPTIONS *" before any guard.
		DisableGeneralOptionsHandler: true,
		MaxHeaderBytes:               64 << 10,
		ErrorLog:                     slog.NewLogLogger(cfg.Log.Handler(), slog.LevelDebug),
	}
	return s
}

// Handler is the whole HTTP surface, behind its guards.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	clients := guard.Chain(s.clients(), guard.OtherUsers(fail, s.cfg.Key))
	mux.Handle("/v1/", clients)
	mux.Handle("/api/", clients)
	mux.HandleFunc("GET /health", s.health)
	mux.HandleFunc("/health", methodNotAllowed("GET"))
	if s.cfg.Control != nil {
		mux.Handle("/link/", s.cfg.Control)
	}
	if s.cfg.Panel != nil {
		mux.Handle(panelPath, s.cfg.Panel)
		mux.Handle(panelPath+"/", s.cfg.Panel)
	}
	mux.HandleFunc("/", notFound)
	guarded := guard.Chain(s.recoverPanics(mux), guard.Everywhere(fail, isPanel)...)
	return slowReaders(s.cfg.Patience.Read, slowSenders(s.cfg.Patience.Body, guarded))
}

// panelPath is where the panel is, whose page shows nothing before it is let in.
const panelPath = "/dashboard"

func isPanel(r *http.Request) bool {
	return r.URL.Path == panelPath || strings.HasPrefix(r.URL.Path, panelPath+"/")
}

// clients is what Codex and other programs of the user's ask for.
func (s *Server) clients() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/responses", s.atMost(s.responses))
	mux.HandleFunc("POST /v1/responses/compact", s.atMost(s.compact))
	mux.HandleFunc("GET /v1/responses", s.upgrade)
	mux.HandleFunc("GET /v1/models", s.models)
	mux.HandleFunc("GET /api/tags", s.tags)
	mux.HandleFunc("GET /api/version", s.version)
	for path, allow := range map[string]string{
		"/v1/responses": "GET, POST", "/v1/responses/compact": "POST", "/v1/models": "GET", "/api/tags": "GET", "/api/version": "GET",
	} {
		mux.HandleFunc(path, methodNotAllowed(allow))
	}
	mux.HandleFunc("/", notFound)
	return mux
}

var errStopping = errors.New("the bridge is stopping")

// Serve answers on all listeners until ctx ends or one of them fails. Turns in
// flight then get grace to end; what is left is told that the bridge stops.
// Serve returns when no turn runs any more.
func (s *Server) Serve(ctx context.Context, listeners []net.Listener, grace time.Duration) error {
	failed := make(chan error, len(listeners))
	var serving sync.WaitGroup
	for _, l := range listeners {
		serving.Go(func() {
			if err := s.http.Serve(gatherListener{l}); !errors.Is(err, http.ErrServerClosed) {
				failed <- fmt.Errorf("serve %s: %w", l.Addr(), err)
			}
		})
	}
	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	s.shutdown(grace)
	serving.Wait()
	s.rest.stop()
	return err
}

// goodbye is how long turns have to write their last event when the grace is over.
const goodbye = 2 * time.Second

func (s *Server) shutdown(grace time.Duration) {
	timer := time.AfterFunc(grace, func() { s.stop(errStopping) })
	defer timer.Stop()
	ctx, cancel := context.WithTimeout(context.Background(), grace+goodbye)
	defer cancel()
	if s.http.Shutdown(ctx) != nil {
		s.http.Close()
	}
	s.stop(errStopping)
}
