package clawsim

import (
	"encoding/json"
	"io"
	"os"
)

// BookedRequest is a line of Options.Books.
type BookedRequest struct {
	Prompt string `json:"prompt"` // the last user message, cut to 200 bytes
}

// writeBooks wants s.mu. Of a request that is no chat the line is empty.
func (s *Sim) writeBooks(chat *chatRequest) {
	if s.opts.Books == nil {
		return
	}
	var line BookedRequest
	if chat != nil {
		text := chat.lastUser()
		line.Prompt = text[:min(len(text), 200)]
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
