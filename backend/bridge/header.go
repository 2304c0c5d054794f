package bridge

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"

	"github.com/BlockRunAI/clawrouter-codex/backend/models"
)

// header is what goes upstream beside the body. Nothing of what Codex sent is
// among it: a ClawRouter passes every header on to the gateway behind it.
func header(clawRouter bool, thread, model string, step uint64) http.Header {
	h := http.Header{}
	if !clawRouter {
		return h
	}
	// An answer that it gave ten minutes ago is no answer to an agent that asks
	// again after the world has changed.
	h.Set("Cache-Control", "no-cache")
	if models.RoutingProfile(model) != "" {
		h.Set("X-Session-Id", sessionID(thread, model, step))
	}
	return h
}

// header is header without the shields that are switched off.
func (s *Server) header(clawRouter bool, thread, model string, step uint64) http.Header {
	h := header(clawRouter, thread, model, step)
	for shield, name := range map[string]string{"cache": "Cache-Control", "session": "X-Session-Id"} {
		if s.cfg.Unshielded[shield] {
			h.Del(name)
		}
	}
	return h
}

// sessionID gives each request on a routing profile a session of its own.
//
// Without an id ClawRouter takes the first user message for one, which is the same
// in many threads of Codex, and pins it to a model that any of them named: auto
// would not be auto any more. With the same id from step to step it counts alike
// steps, of which an agent's loop is made, and changes to a dearer tier at the
// third; and it keeps a journal of the session, which it puts before the
// instructions where the user writes "summarize", "so far" or "before". A session
// of one request has neither a count nor a journal. A model that is named itself
// needs no session, and without one there is no journal either.
//
// The id is hashed because ids of Codex's end at the bridge. A request that is
// repeated has the same one.
func sessionID(thread, model string, step uint64) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%s\x00%d", thread, model, step))
	return hex.EncodeToString(sum[:12])
}
