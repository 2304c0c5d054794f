package clawsim

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"
)

// BookedRequest is a line of Options.Books. A request has one with its prompt when
// it comes in, one with Paid for each payment at the gateway, and one with From when
// its answer is about to be sent. Each is written, in one piece, before what it tells
// of: of a stand-in that is killed the books say all that it did. A process has lines of
// its own, with At and a From of start or stop: from stop on its connections break.
type BookedRequest struct {
	ID     string `json:"id"`               // the same in all lines of a request, and in no other's
	Prompt string `json:"prompt,omitempty"` // the last user message, cut to 200 bytes
	Paid   Micros `json:"paid_micros,omitempty"`
	From   string `json:"from,omitempty"` // as in Record.Answered
	Status int    `json:"status,omitempty"`

	At time.Time `json:"at,omitzero"`
}

// bookRun enters the start or the stop of a process.
func (s *Sim) bookRun(what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.writeBooks(BookedRequest{ID: fmt.Sprintf("%x", s.start.UnixNano()), From: what, At: s.clock.Now()})
}

// enterRequest returns the id of a request that comes in. Of one that is no chat the
// prompt is empty.
func (s *Sim) enterRequest(chat *chatRequest) (id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.book.rec.Requests++
	// Another run on the same books has another start.
	id = fmt.Sprintf("%x-%d", s.start.UnixNano(), s.book.rec.Requests)
	line := BookedRequest{ID: id}
	if chat != nil {
		text := chat.lastUser()
		line.Prompt = text[:min(len(text), 200)]
	}
	s.writeBooks(line)
	return id
}

// writeBooks wants s.mu.
func (s *Sim) writeBooks(line BookedRequest) {
	if s.opts.Books == nil {
		return
	}
	data, err := json.Marshal(line)
	if err != nil {
		return
	}
	if _, err := s.opts.Books.Write(append(data, '\n')); err != nil {
		s.logf("[clawsim] the books: %v", err)
	}
}

// openBooks goes on with the books of an earlier run; "" keeps none.
func openBooks(path string) (io.Writer, error) {
	if path == "" {
		return nil, nil
	}
	return os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
}
