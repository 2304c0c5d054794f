package proxy

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// Count is a share of ClawRouter's statistics.
type Count struct {
	Count      int     `json:"count"`
	Cost       float64 `json:"cost"`       // USD
	Percentage float64 `json:"percentage"` // of requests; absent per day
}

// DayStats is one day that had traffic, in UTC.
type DayStats struct {
	Date              string           `json:"date"` // YYYY-MM-DD
	TotalRequests     int              `json:"totalRequests"`
	TotalCost         float64          `json:"totalCost"`
	TotalBaselineCost float64          `json:"totalBaselineCost"`
	TotalSavings      float64          `json:"totalSavings"`
	AvgLatencyMs      float64          `json:"avgLatencyMs"`
	ByTier            map[string]Count `json:"byTier"`
	ByModel           map[string]Count `json:"byModel"`
}

// Stats is ClawRouter's GET /stats. Costs are USD by its own estimates, and it
// under-reports: see the ledger for what was reserved and booked.
type Stats struct {
	Period            string           `json:"period"`
	TotalRequests     int              `json:"totalRequests"`
	TotalCost         float64          `json:"totalCost"`
	TotalBaselineCost float64          `json:"totalBaselineCost"`
	TotalSavings      float64          `json:"totalSavings"`
	SavingsPercentage float64          `json:"savingsPercentage"`
	AvgLatencyMs      float64          `json:"avgLatencyMs"`
	AvgCostPerRequest float64          `json:"avgCostPerRequest"`
	ByTier            map[string]Count `json:"byTier"`
	ByModel           map[string]Count `json:"byModel"`
	// Days is oldest first; quiet days are missing.
	Days []DayStats `json:"dailyBreakdown"`
	// ProviderErrors is model → kind (rate_limited, overloaded, …) → count,
	// since ClawRouter's start; calls of an explicit model are not in it.
	ProviderErrors map[string]map[string]int `json:"providerErrors"`
}

// Stats asks for the last days days that had traffic, 1 to 30.
func (c *Client) Stats(ctx context.Context, days int) (Stats, error) {
	days = min(max(days, 1), 30)
	body, err := c.get(ctx, "/stats", "days="+strconv.Itoa(days), maxStatsBody, false)
	if err != nil {
		return Stats{}, err
	}
	var s Stats
	if err := json.Unmarshal(body, &s); err != nil {
		return Stats{}, fmt.Errorf("GET /stats: the answer is not ClawRouter's JSON: %w", err)
	}
	return s, nil
}

// SearchHit is one page that a web search found.
type SearchHit struct {
	Title     string `json:"title"`
	URL       string `json:"url"`
	Published string `json:"publishedDate"` // RFC 3339, or empty
	Author    string `json:"author"`
	Text      string `json:"text"` // at most SearchTextChars characters
}

// SearchResult is the answer to one web search.
type SearchResult struct {
	Hits []SearchHit
	// CostUSD is what the search service names as its price; 0 when it names none.
	CostUSD float64
}

const (
	// MaxSearchHits is the most that one search may ask for.
	MaxSearchHits = 15
	// SearchTextChars is how much of each page is asked for.
	SearchTextChars = 1000
)

// Search runs one paid web search on ClawRouter's /v1/exa/search for n results,
// 1 to MaxSearchHits. A refusal is a *StatusError (402: the wallet is empty,
// which ClawRouter does not check first), no answer a *SendError.
func (c *Client) Search(ctx context.Context, query string, n int) (SearchResult, error) {
	type text struct {
		MaxCharacters int `json:"maxCharacters"`
	}
	type contents struct {
		Text text `json:"text"`
	}
	body, err := json.Marshal(struct {
		Query      string   `json:"query"`
		NumResults int      `json:"numResults"`
		Contents   contents `json:"contents"`
	}{strings.TrimSpace(query), min(max(n, 1), MaxSearchHits), contents{text{SearchTextChars}}})
	if err != nil {
		return SearchResult{}, fmt.Errorf("POST /v1/exa/search: %w", err)
	}
	req, err := c.newRequest(ctx, http.MethodPost, "/v1/exa/search", "")
	if err != nil {
		return SearchResult{}, err
	}
	req.Header.Set("Content-Type", "application/json")
	data, err := c.whole(req, body, maxSearchBody, true)
	if err != nil {
		return SearchResult{}, err
	}
	var answer struct {
		Results []SearchHit `json:"results"`
		Cost    struct {
			Total float64 `json:"total"`
		} `json:"costDollars"`
	}
	if err := json.Unmarshal(data, &answer); err != nil {
		return SearchResult{}, fmt.Errorf("POST /v1/exa/search: the answer is not JSON: %w", err)
	}
	return SearchResult{Hits: answer.Results, CostUSD: answer.Cost.Total}, nil
}
