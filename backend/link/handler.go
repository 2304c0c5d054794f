package link

import (
	"context"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/BlockRunAI/clawrouter-codex/backend/codex"
	"github.com/BlockRunAI/clawrouter-codex/backend/guard"
	"github.com/BlockRunAI/clawrouter-codex/backend/spend"
)

// KeyHeader carries the key of the loopback API, in hex.
const KeyHeader = "X-Clawrouter-Codex-Key"

// maxCommand is the largest request body of the API, in bytes.
const maxCommand = 64 << 10

// Handler answers /link/… for Remote on the bridge's port. Whoever has no key
// learns nothing: not even which addresses there are. A web page has none, cannot
// send the header without being asked first, and is never told that it may.
func Handler(l Link, key []byte) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /link/state", answer(func(ctx context.Context, _ struct{}) (State, error) { return l.State(ctx) }))
	mux.HandleFunc("GET /link/models", answer(func(ctx context.Context, _ struct{}) (any, error) { return l.Models(ctx) }))
	mux.HandleFunc("GET /link/wallet", answer(func(ctx context.Context, _ struct{}) (Wallet, error) { return l.Wallet(ctx) }))
	mux.HandleFunc("GET /link/panel", answer(func(ctx context.Context, _ struct{}) (PanelAddress, error) { return l.Panel(ctx) }))
	mux.HandleFunc("POST /link/panel/show", answer(func(ctx context.Context, c showCommand) (struct{}, error) {
		return struct{}{}, l.ShowPanel(ctx, c.Part)
	}))
	mux.HandleFunc("POST /link/model", answer(func(ctx context.Context, c modelCommand) (ModelUse, error) {
		return l.UseModel(ctx, c.Name, c.Pin)
	}))
	mux.HandleFunc("POST /link/websearch", answer(func(ctx context.Context, c searchCommand) (WebSearch, error) {
		return l.SetWebSearch(ctx, c.On)
	}))
	mux.HandleFunc("POST /link/provider", answer(func(ctx context.Context, c providerCommand) (codex.Change, error) {
		return l.SetProvider(ctx, c.Provider)
	}))
	mux.HandleFunc("POST /link/codex/restart", answer(func(ctx context.Context, _ struct{}) (struct{}, error) {
		return struct{}{}, l.RestartCodex(ctx)
	}))
	mux.HandleFunc("POST /link/menubar", answer(func(ctx context.Context, c MenuBarChange) (MenuBar, error) {
		return l.SetMenuBar(ctx, c)
	}))
	mux.HandleFunc("POST /link/proxy/restart", answer(func(ctx context.Context, _ struct{}) (struct{}, error) {
		return struct{}{}, l.RestartProxy(ctx)
	}))
	mux.HandleFunc("POST /link/cap", answer(func(ctx context.Context, c capCommand) (Spend, error) {
		if (c.Limit == nil) != c.None {
			return Spend{}, &Error{Kind: Failed, Message: "the command names no limit"}
		}
		return l.SetCap(ctx, c.Limit)
	}))
	mux.HandleFunc("POST /link/paused", answer(func(ctx context.Context, c pausedCommand) (Spend, error) {
		return l.SetPaused(ctx, c.Paused)
	}))
	mux.HandleFunc("POST /link/spending", answer(func(ctx context.Context, c spendingCommand) (Spending, error) {
		return l.Spending(ctx, c.Days, c.Recent)
	}))
	mux.HandleFunc("POST /link/login", answer(func(ctx context.Context, c loginCommand) (Login, error) {
		return l.SetLogin(ctx, c.On)
	}))
	mux.HandleFunc("POST /link/models/update", answer(func(ctx context.Context, _ struct{}) (ModelUpdate, error) {
		return l.UpdateModels(ctx)
	}))
	mux.HandleFunc("POST /link/log", answer(func(ctx context.Context, c logCommand) ([]LogLine, error) {
		return l.Log(ctx, c.Lines)
	}))
	mux.HandleFunc("GET /link/events", func(w http.ResponseWriter, r *http.Request) { events(l, w, r) })
	return guard.Chain(mux, append(guard.Everywhere(forbid, nil), strangers(key))...)
}

type showCommand struct {
	Part string `json:"part,omitempty"`
}

type modelCommand struct {
	Name string `json:"name"`
	Pin  bool   `json:"pin"`
}

type searchCommand struct {
	On bool `json:"on"`
}

type providerCommand struct {
	Provider Provider `json:"provider"`
}

// capCommand says twice that there is to be no limit: one that was left out must
// not remove what the user set.
type capCommand struct {
	Limit *spend.Micros `json:"limit_usd,omitempty"`
	None  bool          `json:"none,omitempty"`
}

type pausedCommand struct {
	Paused bool `json:"paused"`
}

type spendingCommand struct {
	Days   int `json:"days"`
	Recent int `json:"recent"`
}

type loginCommand struct {
	On bool `json:"on"`
}

type logCommand struct {
	Lines int `json:"lines"`
}

// strangers stops everybody who does not know the key, and browsers, which have no
// business here even where they are on a page of ours.
func strangers(key []byte) guard.Guard {
	want := []byte(hex.EncodeToString(key))
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			given := []byte(r.Header.Get(KeyHeader))
			known := subtle.ConstantTimeCompare(given, want) == 1
			if !known || r.Header.Get("Origin") != "" || r.Header.Get("Sec-Fetch-Site") != "" {
				forbid(w, http.StatusForbidden, "", "this address is for clawrouter-codex itself")
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

// forbid is guard.Refuse in the words of this API.
func forbid(w http.ResponseWriter, status int, _, message string) {
	refuse(w, status, &Error{Kind: Refused, Message: message})
}

// answer makes a handler of a method: a JSON command in, JSON out.
func answer[In, Out any](do func(context.Context, In) (Out, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var in In
		if r.Method == http.MethodPost {
			if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxCommand)).Decode(&in); err != nil {
				refuse(w, http.StatusBadRequest, &Error{Kind: Failed, Message: fmt.Sprintf("the command cannot be read: %v", err)})
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

// asError keeps of an error what crosses the API.
func asError(err error) *Error {
	var known *Error
	if errors.As(err, &known) {
		return known
	}
	e := &Error{Kind: Failed, Message: err.Error()}
	var mends interface{ Mend() string }
	if errors.As(err, &mends) {
		e.Fix = mends.Mend()
	}
	return e
}

func refuse(w http.ResponseWriter, status int, e *Error) {
	reply(w, status, struct {
		Error *Error `json:"error"`
	}{e})
}

func reply(w http.ResponseWriter, status int, v any) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // a client that went away needs no answer
}

// events sends one State a line until the client or the link goes away.
func events(l Link, w http.ResponseWriter, r *http.Request) {
	states, err := l.Subscribe(r.Context())
	if err != nil {
		refuse(w, http.StatusConflict, asError(err))
		return
	}
	w.Header().Set("Content-Type", "application/x-ndjson")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	lines := json.NewEncoder(w)
	for s := range states {
		if lines.Encode(s) != nil || http.NewResponseController(w).Flush() != nil {
			return
		}
	}
}
