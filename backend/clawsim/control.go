package clawsim

import (
	"encoding/json"
	"io"
	"net/http"
)

// Control changes a running stand-in; members that are absent leave things as
// they are. It is what POST /__sim/control takes.
type Control struct {
	// Balance in dollars, or "fail".
	Balance *string `json:"balance,omitempty"`
	// Health is "", "hang", "fail" or "foreign".
	Health *string `json:"health,omitempty"`
	// On and Off switch spoilings.
	On  []Spoiling `json:"on,omitempty"`
	Off []Spoiling `json:"off,omitempty"`
	// Scripts replaces the scripts, Next the turns that the next calls of the
	// gateway take whatever their prompts say.
	Scripts *[]Script `json:"scripts,omitempty"`
	Next    *[]Turn   `json:"next,omitempty"`
	// Forget empties replays, answer cache and sessions.
	Forget bool `json:"forget,omitempty"`
}

// Apply makes the changes, or none of them and an error.
func (s *Sim) Apply(c Control) error {
	check := Options{Off: append(append([]Spoiling{}, c.On...), c.Off...)}
	if c.Balance != nil {
		check.Balance = *c.Balance
	}
	if err := check.Check(); err != nil {
		return err
	}
	if c.Balance != nil {
		s.setBalance(*c.Balance)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.Health != nil {
		s.health = *c.Health
	}
	for _, name := range c.On {
		s.off[name] = false
	}
	for _, name := range c.Off {
		s.off[name] = true
	}
	if c.Scripts != nil {
		s.scripts = *c.Scripts
	}
	if c.Next != nil {
		s.next = *c.Next
	}
	if c.Forget {
		for k := range s.replays.waiting {
			s.replays.abandon(k)
		}
		s.replays, s.cache, s.sessions = newReplays(), newAnswerCache(), map[string]*session{}
	}
	return nil
}

// serveControl is the stand-in's own interface:
//
//	GET    /__sim/record    the Record
//	DELETE /__sim/record    empties it
//	POST   /__sim/control   takes a Control
func (s *Sim) serveControl(w http.ResponseWriter, r *http.Request) {
	switch r.Method + " " + r.URL.Path {
	case "GET /__sim/record":
		writeJSON(w, http.StatusOK, string(encode(s.Record())))
	case "DELETE /__sim/record":
		s.ResetRecord()
		writeJSON(w, http.StatusOK, `{"ok":true}`)
	case "POST /__sim/control":
		body, err := io.ReadAll(r.Body)
		var c Control
		if err == nil {
			err = json.Unmarshal(body, &c)
		}
		if err == nil {
			err = s.Apply(c)
		}
		if err != nil {
			writeJSON(w, http.StatusBadRequest, string(openAIError(err.Error(), "sim_control")))
			return
		}
		writeJSON(w, http.StatusOK, `{"ok":true}`)
	default:
		writeJSON(w, http.StatusNotFound, `{"error":"Not found"}`)
	}
}
