package panel

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// heartbeat tells a page that the program is still there; one that hears nothing
// for several of them says that it is offline.
const heartbeat = 10 * time.Second

// events sends every State as a server-sent event, until the page or the link
// goes away.
func (s *server) events(w http.ResponseWriter, r *http.Request) {
	states, err := s.Link.Subscribe(r.Context())
	if err != nil {
		refuse(w, http.StatusConflict, asError(err))
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	flusher := http.NewResponseController(w)
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for {
		select {
		case state, open := <-states:
			if !open {
				return
			}
			data, err := json.Marshal(state)
			if err != nil {
				return // a State always encodes
			}
			_, err = fmt.Fprintf(w, "event: state\ndata: %s\n\n", data)
			if err != nil || flusher.Flush() != nil {
				return
			}
		case <-beat.C:
			if _, err := fmt.Fprint(w, ": still here\n\n"); err != nil || flusher.Flush() != nil {
				return
			}
		}
	}
}
