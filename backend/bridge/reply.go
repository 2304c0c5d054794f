package bridge

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"
)

// apiError is OpenAI's error object.
type apiError struct {
	Message string  `json:"message"`
	Type    string  `json:"type"`
	Param   *string `json:"param"`
	Code    *string `json:"code"`
}

// fail answers with OpenAI's error shape. Every error of ours has it, so that no
// client ever has to read a page of text.
func fail(w http.ResponseWriter, status int, code, message string) {
	failParam(w, status, code, message, "", 0)
}

func failParam(w http.ResponseWriter, status int, code, message, param string, retryAfter time.Duration) {
	e := apiError{Message: message, Type: "invalid_request_error"}
	if status == http.StatusTooManyRequests {
		e.Type = "rate_limit_error"
	}
	if code != "" {
		e.Code = &code
	}
	if param != "" {
		e.Param = &param
	}
	if retryAfter > 0 {
		// Codex reads whole seconds; rounding down would come too early.
		w.Header().Set("Retry-After", strconv.Itoa(int((retryAfter+time.Second-1)/time.Second)))
	}
	body, _ := json.Marshal(struct {
		Error apiError `json:"error"`
	}{e})
	reply(w, status, body)
}

func reply(w http.ResponseWriter, status int, body []byte) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	w.Write(body)
}

func replyJSON(w http.ResponseWriter, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		fail(w, http.StatusBadRequest, "", err.Error())
		return
	}
	reply(w, http.StatusOK, body)
}

func notFound(w http.ResponseWriter, r *http.Request) {
	fail(w, http.StatusNotFound, "not_found", "There is nothing at "+r.URL.Path+". The bridge answers POST /v1/responses, GET /v1/models and GET /health.")
}

func methodNotAllowed(allow string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Allow", allow)
		fail(w, http.StatusMethodNotAllowed, "method_not_allowed", r.Method+" is not allowed on "+r.URL.Path+"; allowed: "+allow+".")
	}
}

// upgrade refuses Codex's WebSocket with 426, at which it falls back to POST at
// once; any other answer makes it try again first.
func (s *Server) upgrade(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Upgrade") == "" {
		methodNotAllowed("POST")(w, r)
		return
	}
	w.Header().Set("Upgrade", "HTTP/1.1")
	w.Header().Set("Connection", "Upgrade")
	fail(w, http.StatusUpgradeRequired, "upgrade_required", "WebSockets are not spoken here; use POST /v1/responses.")
}
