package panel

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/BlockRunAI/clawrouter-codex/backend/link"
)

const (
	apiPath = Path + "/api/"
	// maxCommand is the largest body of a call, in bytes.
	maxCommand = 64 << 10
)

// answer makes a handler of a method: a JSON command in, JSON out.
func answer[In, Out any](do func(context.Context, In) (Out, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var in In
		if r.Method == http.MethodPost {
			if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxCommand)).Decode(&in); err != nil {
				refuse(w, http.StatusBadRequest, &link.Error{Kind: link.Failed, Message: fmt.Sprintf("the command cannot be read: %v", err)})
				return
			}
		}
		out, err := do(r.Context(), in)
		if err != nil {
			refuse(w, http.StatusConflict, asError(err))
			return
		}
		reply(w, http.StatusOK, out)
	}
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
