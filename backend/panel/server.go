package panel

import (
	"context"
	"io/fs"
	"net/http"
	"strconv"

	"github.com/BlockRunAI/clawrouter-codex/backend/doctor"
	"github.com/BlockRunAI/clawrouter-codex/backend/guard"
	"github.com/BlockRunAI/clawrouter-codex/backend/link"
	"github.com/BlockRunAI/clawrouter-codex/frontend"
)

// Config is what New needs. Link and Access must be set.
type Config struct {
	Link   link.Link
	Access *Access
	// SameUser reports whether the peer is provably a process of the user who runs
	// this program; nil proves nothing.
	SameUser func(*http.Request) bool
	// OtherUser reports whether the peer is provably somebody else's; nil proves
	// nothing.
	OtherUser func(*http.Request) bool
	// Doctor makes the checks of "clawrouter-codex doctor"; nil where nobody can.
	Doctor func(context.Context) doctor.Report
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
	return closedHeaders(guard.Chain(mux, guard.Everywhere(forbid, isPage)...)), nil
}

// isPage tells what a link of another site may lead to: it shows no data then.
func isPage(r *http.Request) bool { return r.URL.Path == Path || r.URL.Path == Path+"/" }

// api is the mux of all calls. A call that is not there, or with another method,
// is told so in the API's own words.
func (s *server) api() http.Handler {
	mux := http.NewServeMux()
	for _, call := range s.calls() {
		mux.HandleFunc(call.method+" "+apiPath+call.name, call.handle)
	}
	mux.HandleFunc(apiPath, func(w http.ResponseWriter, _ *http.Request) {
		refuse(w, http.StatusNotFound, &link.Error{Kind: link.Failed, Message: "there is no such call"})
	})
	return mux
}
