package clawsim

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
)

// Flat prices of what is not a chat.
const (
	searchPrice Micros = 8000  // one Exa call, as booked by the measured release
	imagePrice  Micros = 53000 // one image of google/nano-banana
)

// serveSearch passes a search on to Exa: paid without a look at the balance, and
// answered with the status and the JSON that come back.
func (s *Sim) serveSearch(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	began := s.clock.Now()
	t, _ := s.queued()
	c, paid := s.pay(r.URL.Path, r.Header, body, "blockrun-exa", searchPrice)
	switch {
	case !paid:
		writeJSON(w, http.StatusPaymentRequired, string(s.brokeBody(Turn{}, c)))
		return
	case t.Drop:
		s.closeCall(c, "dropped", 0)
		writeJSON(w, http.StatusBadGateway, `{"error":{"message":"Partner proxy error: fetch failed","type":"partner_error"}}`)
		return
	case t.Status != 0:
		s.closeCall(c, "failed", t.Status)
		writeJSON(w, t.Status, string(t.Body))
		return
	}
	s.closeCall(c, "answered", http.StatusOK)
	s.mu.Lock()
	now := s.clock.Now()
	s.usage.add(now, "blockrun-exa", "PARTNER", searchPrice.USD(), searchPrice.USD(), now.Sub(began))
	s.mu.Unlock()
	w.Header().Set("Payment-Response", s.receipt(c))
	writeJSON(w, http.StatusOK, string(searchResults(body)))
}

// pay books and settles a call that is no chat.
func (s *Sim) pay(path string, h http.Header, body []byte, model string, cost Micros) (*Call, bool) {
	c := &Call{At: s.clock.Now(), Path: path, Header: s.forwardedHeader(h), Asked: model, Model: model,
		Quote: cost, Outcome: "pending"}
	if json.Valid(body) {
		c.Body = body
	}
	s.mu.Lock()
	s.book.add(c, s.opts.KeepBytes)
	s.mu.Unlock()
	if !s.settle("", c) {
		s.closeCall(c, "refused", http.StatusPaymentRequired)
		return c, false
	}
	return c, true
}

type searchResult struct {
	ID            string  `json:"id"`
	Title         string  `json:"title"`
	URL           string  `json:"url"`
	PublishedDate string  `json:"publishedDate"`
	Author        *string `json:"author"`
	Score         float64 `json:"score"`
	Text          string  `json:"text"`
}

func searchResults(body []byte) []byte {
	var q struct {
		Query      string `json:"query"`
		NumResults int    `json:"numResults"`
	}
	// A body that is no search gets the results of an empty query, as Exa's
	// stand-in in the recordings gave them.
	_ = json.Unmarshal(body, &q)
	if q.NumResults <= 0 {
		q.NumResults = 10
	}
	results := []searchResult{}
	for i := range min(q.NumResults, 25) {
		url := fmt.Sprintf("https://example.org/%d", i)
		results = append(results, searchResult{ID: url, Title: fmt.Sprintf("Result %d for %s", i, q.Query), URL: url,
			PublishedDate: fmt.Sprintf("2026-05-%02dT00:00:00.000Z", i+1), Score: 0.3, Text: fmt.Sprintf("Text of result %d.", i)})
	}
	return encode(struct {
		RequestID   string             `json:"requestId"`
		Type        string             `json:"resolvedSearchType"`
		Results     []searchResult     `json:"results"`
		CostDollars map[string]float64 `json:"costDollars"`
	}{"req_sim", "neural", results, map[string]float64{"total": 0.005}})
}

// serveImage makes no image, but costs as much as one.
func (s *Sim) serveImage(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	url, ok := s.image(r.Header, body)
	if !ok {
		writeJSON(w, http.StatusPaymentRequired, string(openAIError("Insufficient USDC balance", "insufficient_funds")))
		return
	}
	writeJSON(w, http.StatusOK, fmt.Sprintf(`{"created":%d,"data":[{"url":%q}]}`, s.clock.Now().Unix(), url))
}

func (s *Sim) image(h http.Header, body []byte) (string, bool) {
	began := s.clock.Now()
	c, paid := s.pay("/v1/images/generations", h, body, "google/nano-banana", imagePrice)
	if !paid {
		return "", false
	}
	s.closeCall(c, "answered", http.StatusOK)
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.clock.Now()
	s.usage.add(now, "google/nano-banana", "IMAGE", imagePrice.USD(), imagePrice.USD(), now.Sub(began))
	return fmt.Sprintf("http://localhost/images/sim%d.png", c.ID), true
}
