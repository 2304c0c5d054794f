package bridge

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
)

// header is what goes upstream beside the body. Nothing of what Codex sent is
// among it: a ClawRouter passes every header on to the gateway behind it.
func header(clawRouter bool, thread, model string) http.Header {
	h := http.Header{}
	if !clawRouter {
		return h
	}
	// An answer that it gave ten minutes ago is no answer to an agent that asks
	// again after the world has changed.
	h.Set("Cache-Control", "no-cache")
	if thread != "" {
		h.Set("X-Session-Id", sessionID(thread, model))
	}
	return h
}

// header is header without the shields that are switched off.
func (s *Server) header(clawRouter bool, thread, model string) http.Header {
	h := header(clawRouter, thread, model)
	for shield, name := range map[string]string{"cache": "Cache-Control", "session": "X-Session-Id"} {
		if s.cfg.Unshielded[shield] {
			h.Del(name)
		}
	}
	return h
}

// sessionID keeps ClawRouter's sessions apart. Without one it takes the first user
// message for a session, which is the same in many threads of Codex, and it pins
// a session to an explicit model, so that auto would not be auto any more: hence
// thread and model. It is hashed because ids of Codex's end at the bridge.
func sessionID(thread, model string) string {
	sum := sha256.Sum256([]byte(thread + "\x00" + model))
	return hex.EncodeToString(sum[:12])
}
