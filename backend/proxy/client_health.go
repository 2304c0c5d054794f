package proxy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
)

// AuthMode is how a ClawRouter pays.
type AuthMode string

const (
	AuthWallet AuthMode = "wallet"  // x402 from a wallet
	AuthAPIKey AuthMode = "api-key" // credit of a BlockRun account
)

// Health is ClawRouter's GET /health. Fields that only ?full=true brings are
// zero otherwise.
type Health struct {
	Auth AuthMode
	// Wallet is the EVM address, as ClawRouter writes it. Empty with AuthAPIKey.
	Wallet string
	// Chain is the chain that pays: "base" or "solana".
	Chain string
	// Solana is the Solana address, when a Solana key exists.
	Solana string
	// APIKey is the key as ClawRouter masks it. Empty with AuthWallet.
	APIKey string
	// Balance is in USD on the chain that pays; nil when unknown. ClawRouter
	// caches it for 30 s and lowers it by its own estimates meanwhile.
	Balance *float64
	// Low is under $1.00, Empty under $0.0001, both as ClawRouter judges.
	Low, Empty bool
	// BalanceError is said instead of a balance when the chain did not answer.
	BalanceError string
	// TopUpURL is where credit of an account is bought.
	TopUpURL string
	// Version is known of ClawRouters that say it.
	Version string
}

// ErrNotClawRouter means that a server answered /health in another shape.
var ErrNotClawRouter = errors.New("the server is not a ClawRouter")

// Health asks GET /health; full asks for the balance too, which may take 10 s
// (Base) to 30 s (Solana). An answer in another shape wraps ErrNotClawRouter;
// no answer is a *SendError.
func (c *Client) Health(ctx context.Context, full bool) (Health, error) {
	query := ""
	if full {
		query = "full=true"
	}
	body, err := c.get(ctx, "/health", query, maxHealthBody, false)
	var noAnswer *SendError
	switch {
	case errors.As(err, &noAnswer):
		return Health{}, err
	case err != nil:
		return Health{}, fmt.Errorf("%w (%w)", ErrNotClawRouter, err)
	}
	return parseHealth(body)
}

var (
	evmAddress    = regexp.MustCompile(`^0x[0-9a-fA-F]{40}$`)
	solanaAddress = regexp.MustCompile(`^[1-9A-HJ-NP-Za-km-z]{32,44}$`)
)

func parseHealth(body []byte) (Health, error) {
	var raw struct {
		Status       string          `json:"status"`
		AuthMode     string          `json:"authMode"`
		Wallet       string          `json:"wallet"`
		PaymentChain string          `json:"paymentChain"`
		Solana       string          `json:"solana"`
		APIKey       string          `json:"apiKey"`
		Balance      json.RawMessage `json:"balance"`
		IsLow        bool            `json:"isLow"`
		IsEmpty      bool            `json:"isEmpty"`
		BalanceError string          `json:"balanceError"`
		TopUpURL     string          `json:"topUpUrl"`
		Version      string          `json:"version"`
	}
	if err := json.Unmarshal(body, &raw); err != nil {
		return Health{}, fmt.Errorf("%w: /health is not its JSON", ErrNotClawRouter)
	}
	h := Health{
		Auth: AuthWallet, Wallet: raw.Wallet, Chain: raw.PaymentChain, Solana: raw.Solana, APIKey: raw.APIKey,
		Low: raw.IsLow, Empty: raw.IsEmpty, BalanceError: raw.BalanceError, TopUpURL: raw.TopUpURL, Version: raw.Version,
		Balance: parseUSD(raw.Balance),
	}
	if raw.AuthMode == string(AuthAPIKey) {
		h.Auth = AuthAPIKey
	}
	wallet := evmAddress.MatchString(h.Wallet) || h.Chain == "solana" && solanaAddress.MatchString(h.Solana)
	if raw.Status != "ok" || h.Auth == AuthWallet && !wallet {
		return Health{}, fmt.Errorf("%w: /health names neither a wallet nor an API key", ErrNotClawRouter)
	}
	return h, nil
}

// parseUSD reads "$1,234.56" (what ClawRouter sends), a number, or null.
func parseUSD(raw json.RawMessage) *float64 {
	s := strings.Trim(string(raw), `"`)
	s = strings.ReplaceAll(strings.TrimPrefix(strings.TrimSpace(s), "$"), ",", "")
	v, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return &v
}
