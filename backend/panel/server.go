package panel

import (
	"context"
	"io/fs"
	"net/http"
	"strconv"

	"github.com/BlockRunAI/clawrouter-codex/backend/link"
	"github.com/BlockRunAI/clawrouter-codex/frontend"
)

// Config is what New needs. Link, Access and Port must be set.
type Config struct {
	Link   link.Link
	Access *Access
	Port   int // the bridge's, on which the panel is served
	// SameUser reports whether the peer is provably a process of the user who runs
	// this program; nil proves nothing.
	SameUser func(*http.Request) bool
	// OtherUser reports whether the peer is provably somebody else's; nil proves
	// nothing.
	OtherUser func(*http.Request) bool
	// Site replaces the built page in tests.
	Site fs.FS
}

// Path is where the page is.
const Path = "/dashboard"

// URL is a one-time link to the panel on port. It is never "localhost", whose
// other family may be another user's: the code would go to them.
func URL(a *Access, port int) string {
	return "http://127.0.0.1:" + strconv.Itoa(port) + Path + "?" + codeParameter + "=" + a.Code()
}

type server struct {
	Config
	site *site
}

// New answers everything at and below Path. Its guards stand in front of the
// page and of the API alike; what each of them stops is said at its name.
func New(c Config) (http.Handler, error) {
	if c.Site == nil {
		c.Site = frontend.Dist()
	}
	site, err := readSite(c.Site)
	if err != nil {
		return nil, err
	}
	s := &server{Config: c, site: site}
	mux := http.NewServeMux()
	mux.Handle(Path, notEmbedded(http.HandlerFunc(s.page)))
	mux.Handle(Path+"/{$}", notEmbedded(http.HandlerFunc(s.page)))
	mux.Handle(Path+"/", fromOurPage(http.HandlerFunc(s.asset)))
	mux.Handle(apiPath, fromOurPage(s.withToken(s.api())))
	return closedHeaders(noRebinding(c.Port, mux)), nil
}

// api is the mux of all calls. A call that is not there, or with another method,
// is told so in the API's own words.
func (s *server) api() http.Handler {
	mux := http.NewServeMux()
	for _, call := range s.calls() {
		handler := call.handle
		if call.method == http.MethodPost {
			handler = onlyJSON(handler)
		}
		mux.HandleFunc(call.method+" "+apiPath+call.name, handler)
	}
	mux.HandleFunc(apiPath, func(w http.ResponseWriter, _ *http.Request) {
		refuse(w, http.StatusNotFound, &link.Error{Kind: link.Failed, Message: "there is no such call"})
	})
	return mux
}

// call is one call of the API.
type call struct {
	method, name string
	handle       http.HandlerFunc
}

func (s *server) calls() []call {
	l := s.Link
	return []call{
		{"GET", "state", answer(func(ctx context.Context, _ nothing) (link.State, error) { return l.State(ctx) })},
		{"GET", "events", s.events},
		{"GET", "models", answer(s.models)},
		{"GET", "fund", answer(s.fund)},
		{"POST", "provider", answer(func(ctx context.Context, c providerCommand) (link.State, error) {
			_, err := l.SetProvider(ctx, c.Provider)
			return s.after(ctx, err)
		})},
		{"POST", "model", answer(func(ctx context.Context, c modelCommand) (link.ModelUse, error) {
			return l.UseModel(ctx, c.Name, c.Pin)
		})},
		{"POST", "websearch", answer(func(ctx context.Context, c switchCommand) (link.State, error) {
			_, err := l.SetWebSearch(ctx, c.On)
			return s.after(ctx, err)
		})},
		{"POST", "wallet", answer(func(ctx context.Context, _ nothing) (link.State, error) {
			_, err := l.Wallet(ctx)
			return s.after(ctx, err)
		})},
		{"POST", "restart", answer(func(ctx context.Context, _ nothing) (link.State, error) {
			return s.after(ctx, l.RestartProxy(ctx))
		})},
	}
}

// after answers a command with the state that it brought about, so that a page
// which drew it already has the truth in the same moment.
func (s *server) after(ctx context.Context, err error) (link.State, error) {
	if err != nil {
		return link.State{}, err
	}
	return s.Link.State(ctx)
}

type (
	nothing         struct{}
	providerCommand struct {
		Provider link.Provider `json:"provider"`
	}
	modelCommand struct {
		Name string `json:"name"`
		Pin  bool   `json:"pin"`
	}
	switchCommand struct {
		On bool `json:"on"`
	}
)
