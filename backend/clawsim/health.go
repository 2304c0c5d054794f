package clawsim

import (
	"fmt"
	"net/http"
	"time"
)

// Health states that a control call or a misbehaving child sets.
const (
	healthHangs   = "hang"
	healthFails   = "fail"
	healthForeign = "foreign"
)

// SetHealth makes /health misbehave: "hang" never answers, "fail" answers 500,
// "foreign" is no ClawRouter's; "" is well again.
func (s *Sim) SetHealth(state string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.health = state
}

type healthBody struct {
	Status       string  `json:"status"`
	Wallet       string  `json:"wallet,omitempty"`
	PaymentChain string  `json:"paymentChain,omitempty"`
	Solana       string  `json:"solana,omitempty"`
	Balance      *string `json:"balance,omitempty"`
	IsLow        *bool   `json:"isLow,omitempty"`
	IsEmpty      *bool   `json:"isEmpty,omitempty"`
	BalanceError string  `json:"balanceError,omitempty"`
}

func (s *Sim) serveHealth(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	state := s.health
	s.mu.Unlock()
	switch state {
	case healthHangs:
		select {
		case <-r.Context().Done():
		case <-s.ctx.Done():
		}
		return
	case healthFails:
		writeJSON(w, http.StatusInternalServerError, `{"error":"Internal server error"}`)
		return
	case healthForeign:
		writeJSON(w, http.StatusOK, `{"status":"ok","service":"something else"}`)
		return
	}
	full := r.URL.Query().Get("full") == "true"
	if s.apiKeyMode() {
		s.serveKeyHealth(w, full)
		return
	}
	body := healthBody{Status: "ok", Wallet: s.wallet.address, PaymentChain: s.wallet.chain, Solana: s.wallet.solana}
	if full {
		s.addBalance(r, &body)
	}
	writeJSON(w, http.StatusOK, string(encode(body)))
}

func (s *Sim) addBalance(r *http.Request, body *healthBody) {
	m, ok := s.believed()
	wait := time.Duration(0)
	switch {
	case !ok:
		// An RPC that fails is tried again before ClawRouter gives up: 1.07 s measured.
		wait = time.Second
	case m == 0 && s.wallet.chain == "solana":
		// Zero on Solana is asked for three times: 4.5 s measured.
		wait = 4500 * time.Millisecond
	}
	if wait > 0 {
		select {
		case <-s.clock.After(wait):
		case <-r.Context().Done():
			return
		case <-s.ctx.Done():
			return
		}
	}
	if !ok {
		body.BalanceError = "Could not fetch balance"
		return
	}
	amount := fmt.Sprintf("$%.2f", m.USD())
	low, empty := m < lowBalance, m < emptyBalance
	body.Balance, body.IsLow, body.IsEmpty = &amount, &low, &empty
}

// serveKeyHealth is the answer in API-key mode: no wallet, no chain, and a
// balance that is null.
func (s *Sim) serveKeyHealth(w http.ResponseWriter, full bool) {
	masked := s.opts.APIKey
	if len(masked) > 9 {
		masked = masked[:9]
	}
	body := fmt.Sprintf(`{"status":"ok","authMode":"api-key","apiKey":%s`, encode(masked+"…"))
	if full {
		body += `,"balance":null,"topUpUrl":"https://user.blockrun.ai"`
	}
	writeJSON(w, http.StatusOK, body+"}")
}
