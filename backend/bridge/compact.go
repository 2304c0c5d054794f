package bridge

import "net/http"

// compact answers POST /v1/responses/compact: a summary of the input by the
// turn's own model, as one compaction item. Codex's older remote compaction and
// other clients of the API ask for it.
func (s *Server) compact(w http.ResponseWriter, r *http.Request) {
	start := s.starts.begin()
	defer start.over()
	t := s.accept(w, r)
	if t == nil {
		return
	}
	t.start = start
	t.request.Compact()
	t.request.Stream, t.compacts = false, true
	s.runTurn(t, w, r)
}
