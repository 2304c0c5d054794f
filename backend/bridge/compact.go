package bridge

import "net/http"

// compact answers POST /v1/responses/compact: a summary of the input by the
// turn's own model, as one compaction item. Codex's older remote compaction and
// other clients of the API ask for it.
func (s *Server) compact(w http.ResponseWriter, r *http.Request) {
	s.serveTurn(w, r, func(t *turn) {
		t.request.Compact()
		t.request.Stream, t.compacts = false, true
	})
}
