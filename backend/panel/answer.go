package panel

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/BlockRunAI/clawrouter-codex/backend/link"
)

const (
	apiPath = Path + "/api/"
	// maxCommand is the largest body of a call, in bytes.
	maxCommand = 64 << 10
)

// badRequest is a request that no page of ours makes.
type badRequest struct{ text string }

func (e *badRequest) Error() string { return e.text }

// read makes a handler of a question.
func read[Out any](ask func(context.Context, url.Values) (Out, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		out, err := ask(r.Context(), r.URL.Query())
		if err != nil {
			fail(w, err)
			return
		}
		reply(w, http.StatusOK, out)
	}
}

// command makes a handler of a command: what it says is carried out, and the
// state that came of it is the answer.
func command[In any](s *server, do func(context.Context, In) (notes []string, err error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		in, err := decode[In](http.MaxBytesReader(w, r.Body, maxCommand))
		if err != nil {
			fail(w, &badRequest{fmt.Sprintf("the command cannot be read: %v", err)})
			return
		}
		out := outcome{}
		if out.Notes, err = do(r.Context(), in); err == nil {
			out.State, err = s.Link.State(r.Context())
		}
		if err != nil {
			fail(w, err)
			return
		}
		reply(w, http.StatusOK, out)
	}
}

// decode reads one command and nothing behind it.
func decode[In any](body io.Reader) (in In, err error) {
	d := json.NewDecoder(body)
	d.DisallowUnknownFields()
	if err := d.Decode(&in); err != nil {
		return in, err
	}
	if c, ok := any(in).(interface{ incomplete() bool }); ok && c.incomplete() {
		return in, errors.New("it does not say what to set")
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return in, errors.New("something stands behind it")
	}
	return in, nil
}

func fail(w http.ResponseWriter, err error) {
	status := http.StatusConflict
	var bad *badRequest
	if errors.As(err, &bad) {
		status = http.StatusBadRequest
	}
	refuse(w, status, asError(err))
}

// asError keeps of an error what the page shows.
func asError(err error) *link.Error {
	var known *link.Error
	if errors.As(err, &known) {
		return known
	}
	e := &link.Error{Kind: link.Failed, Message: err.Error()}
	var mends interface{ Mend() string }
	if errors.As(err, &mends) {
		e.Fix = mends.Mend()
	}
	return e
}

func refuse(w http.ResponseWriter, status int, e *link.Error) {
	reply(w, status, failure{e})
}

type failure struct {
	Error *link.Error `json:"error"`
}

func reply(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // a client that went away needs no answer
}
