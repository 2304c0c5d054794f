package proxy

import (
	"encoding/json"
	"net/http"
	"strings"
)

// allowedHeaders is all that goes upstream besides our own key, agent, type
// and accept. ClawRouter forwards nearly every header to the gateway behind it,
// so what Codex sends (authorization, cookie, session_id, chatgpt-account-id,
// x-codex-*, openai-*) ends here even if the bridge hands it over.
var allowedHeaders = []string{
	"Accept",
	"Cache-Control",
	"Content-Type",
	"Idempotency-Key",
	"X-Session-Id",
}

func copyAllowed(dst, src http.Header) {
	for _, name := range allowedHeaders {
		v := src.Get(name)
		if v == "" {
			continue
		}
		if name == "Idempotency-Key" {
			// net/http sends a request with this header a second time when a
			// reused connection breaks, which may pay twice. It looks for the
			// canonical spelling only; servers do not care.
			dst["idempotency-key"] = []string{v}
			continue
		}
		dst.Set(name, v)
	}
}

// errorText finds the words in an error body. Servers send {"error":{"message"}},
// {"error":"text"}, {"message"}, {"detail"} and, under a JSON content type, bare text.
func errorText(body []byte) string {
	var shape struct {
		Error   json.RawMessage `json:"error"`
		Message string          `json:"message"`
		Detail  json.RawMessage `json:"detail"`
	}
	text := string(body)
	if json.Unmarshal(body, &shape) == nil {
		var inner struct {
			Message string `json:"message"`
		}
		var plain string
		switch {
		case json.Unmarshal(shape.Error, &inner) == nil && inner.Message != "":
			text = inner.Message
		case shape.Message != "":
			text = shape.Message
		case json.Unmarshal(shape.Error, &plain) == nil && plain != "":
			text = plain
		case json.Unmarshal(shape.Detail, &plain) == nil && plain != "":
			text = plain
		}
	}
	text = strings.TrimSpace(strings.ToValidUTF8(text, "�"))
	if len(text) > maxErrorText {
		text = strings.ToValidUTF8(text[:maxErrorText], "") + "…"
	}
	return text
}
