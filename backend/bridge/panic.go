package bridge

import (
	"fmt"
	"net/http"
	"runtime"
	"runtime/debug"

	"github.com/BlockRunAI/clawrouter-codex/backend/translate"
)

// recoverPanics keeps a bug in one request from ending all the others. A turn has
// contain before it, which has more to say to its client.
func (s *Server) recoverPanics(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			p := recover()
			if p == nil {
				return
			}
			if p != http.ErrAbortHandler { //nolint:errorlint // the value itself, as net/http looks for it
				s.logPanic(r.URL.Path, p)
			}
			panic(http.ErrAbortHandler) // the connection is cut: nothing more can be said on it
		}()
		next.ServeHTTP(w, r)
	})
}

const bug = "The bridge failed at this turn by a bug of its own, and goes on with the others. Please report it: clawrouter-codex report"

// contain is deferred while a request is read.
func (s *Server) contain(w http.ResponseWriter) {
	p := recover()
	if p == nil {
		return
	}
	if p == http.ErrAbortHandler { //nolint:errorlint // the value itself, as net/http looks for it
		panic(p)
	}
	s.logPanic("request", p)
	w.Header().Set("Connection", "close") // what is left of the body is not read
	fail(w, http.StatusBadRequest, translate.CodeTell, bug)
}

// contain is deferred by a turn: a panic ends that turn, with words that the client
// shows and does not answer with a repeat, which would meet the same bug and be paid
// again.
func (t *turn) contain(w http.ResponseWriter) {
	p := recover()
	if p == nil {
		return
	}
	if p == http.ErrAbortHandler { //nolint:errorlint // the value itself, as net/http looks for it
		panic(p)
	}
	t.server.logPanic("turn", p)
	if t.stream == nil {
		fail(w, http.StatusBadRequest, translate.CodeTell, bug)
		return
	}
	t.w, t.control = w, http.NewResponseController(w)
	f := &translate.Failure{Kind: translate.FailBug, Message: bug}
	t.settle(f)
	t.fail(f, translate.CodeTell, 0)
	t.log()
}

// contained is deferred by what runs beside a turn's own goroutine.
func (t *turn) contained(what string) {
	if p := recover(); p != nil {
		t.server.logPanic(what, p)
	}
}

// logPanic tells of a panic without its value, unless that is the runtime's own:
// ours could hold a text of the turn. The arguments in a stack are numbers and
// addresses.
func (s *Server) logPanic(where string, value any) {
	said := fmt.Sprintf("%T", value)
	if err, ok := value.(runtime.Error); ok {
		said = err.Error()
	}
	s.cfg.Log.Error("a request failed by a bug of the bridge", "where", where, "panic", said, "stack", string(debug.Stack()))
}
