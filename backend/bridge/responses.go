package bridge

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/backend/translate"
)

// responses runs one turn.
func (s *Server) responses(w http.ResponseWriter, r *http.Request) {
	s.serveTurn(w, r, func(*turn) {})
}

// serveTurn reads a request and runs its turn, as prepare makes it.
func (s *Server) serveTurn(w http.ResponseWriter, r *http.Request, prepare func(*turn)) {
	start := s.starts.begin()
	defer start.over()
	if t := s.accept(w, r); t != nil {
		t.start = start
		prepare(t)
		s.runTurn(t, w, r)
	}
}

// accept reads a request; nil means that it was refused, and answered.
func (s *Server) accept(w http.ResponseWriter, r *http.Request) *turn {
	defer s.contain(w)
	began := time.Now()
	body, err := readBody(r, s.cfg.MaxRequest)
	if err != nil {
		s.refuseBody(w, r, err)
		return nil
	}
	req, err := translate.DecodeRequest(body)
	if err == nil {
		err = req.Resolve(s.recalled.find)
	}
	if err != nil {
		s.refuse(w, err)
		return nil
	}
	return &turn{
		server: s, body: body, request: req, began: began, newID: translate.RandomID,
		codex: isCodex(r.Header), thread: r.Header.Get("Thread-Id"), turnID: turnMetadata(r.Header).TurnID,
	}
}

func (s *Server) runTurn(t *turn, w http.ResponseWriter, r *http.Request) {
	defer t.contain(w)
	t.key, t.have = s.fingerprint(t.thread, t.turnID, t.request)
	if err := t.translate(r.Context(), r.Header); err != nil {
		s.refuse(w, err)
		return
	}
	t.forgetBody()
	t.varied()
	s.showRequest(r.Context(), t)
	ctx, cancel := s.turnContext(r.Context(), t.clawRouter)
	defer cancel()
	t.run(ctx, w, r)
	t.dropChat()
	t.log()
}

// finishWithin bounds how long a call goes on after its client went away. It is
// longer than any time-out of ClawRouter's own.
const finishWithin = 6 * time.Minute

// maxFinishing bounds how many such calls go on at a time.
const maxFinishing = 64

// turnContext ends with the client, unless upstream is a ClawRouter: that one is
// paid before it answers, so the call is let finish, within bounds. It always
// ends when the bridge stops.
func (s *Server) turnContext(client context.Context, clawRouter bool) (context.Context, context.CancelFunc) {
	parent := client
	if clawRouter {
		parent = context.WithoutCancel(client)
	}
	ctx, cancel := context.WithCancelCause(parent)
	unhook := context.AfterFunc(s.turns, func() { cancel(context.Cause(s.turns)) })
	finishing := func() bool { return true }
	if clawRouter {
		finishing = context.AfterFunc(client, func() { s.letFinish(ctx, cancel) })
	}
	return ctx, func() {
		finishing()
		unhook()
		cancel(nil)
	}
}

// letFinish ends a call whose client went away when its time is over, or at once
// where too many such calls go on.
func (s *Server) letFinish(ctx context.Context, cancel context.CancelCauseFunc) {
	if s.finishing.Add(1) > maxFinishing {
		cancel(context.Canceled)
	}
	timer := time.NewTimer(finishWithin)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
		cancel(context.DeadlineExceeded)
	}
	s.finishing.Add(-1)
}

// isCodex recognises Codex and what is built on it by the originator header.
func isCodex(h http.Header) bool {
	return strings.HasPrefix(strings.ToLower(h.Get("Originator")), "codex") || h.Get("X-Codex-Turn-Metadata") != ""
}

// refuseBody answers a body that could not be read.
func (s *Server) refuseBody(w http.ResponseWriter, r *http.Request, err error) {
	slow := errors.Is(err, os.ErrDeadlineExceeded) // net/http takes it for the end of the client
	if r.Context().Err() != nil && !slow {
		return // nobody is listening
	}
	w.Header().Set("Connection", "close") // what is left of the body is not read
	switch {
	case slow:
		fail(w, http.StatusBadRequest, translate.CodeTell, fmt.Sprintf("The request could not be read: it had not arrived after %v.", s.cfg.Patience.Body))
	case errors.Is(err, errTooLarge):
		fail(w, http.StatusBadRequest, translate.CodeTell, fmt.Sprintf("This request is larger than %d MB, more than any model takes. Start a new thread, or attach smaller images.", s.cfg.MaxRequest>>20))
	case errors.Is(err, errEncoding):
		fail(w, http.StatusUnsupportedMediaType, "unsupported_encoding", err.Error()+".")
	default:
		fail(w, http.StatusBadRequest, translate.CodeTell, "The request could not be read: "+err.Error()+".")
	}
}

// refuse answers a request that cannot be translated.
func (s *Server) refuse(w http.ResponseWriter, err error) {
	var bad *translate.RequestError
	if !errors.As(err, &bad) {
		fail(w, http.StatusBadRequest, translate.CodeTell, err.Error())
		return
	}
	code := bad.Code
	if code == "" {
		code = translate.CodeTell
	}
	failParam(w, http.StatusBadRequest, code, bad.Message, bad.Param, 0)
}
