package link

import (
	"time"

	"github.com/BlockRunAI/clawrouter-codex/backend/codex"
	"github.com/BlockRunAI/clawrouter-codex/backend/proxy"
	"github.com/BlockRunAI/clawrouter-codex/backend/settings"
)

// State is what a user sees of the link. It holds no secret.
type State struct {
	Running   bool      `json:"running"`  // a process keeps the link up; else it is what the files say
	Provider  Provider  `json:"provider"` // what plain Codex and the Desktop app run on
	Model     Model     `json:"model"`
	WebSearch WebSearch `json:"web_search"`
	Bridge    Bridge    `json:"bridge"`
	Proxy     Proxy     `json:"proxy"`
	Wallet    Wallet    `json:"wallet"`
	Spend     Spend     `json:"spend"`
	Login     Login     `json:"login"`
	Codex     Codex     `json:"codex"`
	MenuBar   MenuBar   `json:"menu_bar"`
	Version   string    `json:"version"` // of clawrouter-codex
	// Restart: the base config was switched while this process ran, so a Codex
	// that was open before must be restarted to notice.
	Restart bool `json:"restart_codex"`
	// RestartNow: the Desktop app of Codex is one of those, and RestartCodex can do it.
	RestartNow bool     `json:"restart_codex_now"`
	Notices    []Notice `json:"notices"` // what needs a person, the most urgent first
}

// Provider is who serves a Codex that is started without a profile.
type Provider = codex.Provider

// The two providers.
const (
	Subscription = codex.Subscription
	ClawRouter   = codex.ClawRouter
)

// Model says which model the next turn goes to.
type Model struct {
	Chosen  string `json:"chosen,omitempty"`  // by the user, behind "Menu bar choice"
	Profile string `json:"profile,omitempty"` // what the profile starts Codex with
	InForce string `json:"in_force"`          // what a Codex started from the profile really asks for
	Pinned  bool   `json:"pinned"`            // the profile names a model itself, so that a choice does not reach it
	Last    string `json:"last,omitempty"`    // what answered the last turn, as upstream names it
	// Free: that was a free model though a paid one was asked for, and Notice is
	// what ClawRouter says of it.
	Free   bool   `json:"free,omitempty"`
	Notice string `json:"notice,omitempty"`
}

// WebSearch is the switch for searches through ClawRouter.
type WebSearch struct {
	On     bool            `json:"on"`
	Origin settings.Origin `json:"origin"`
	// Served is false while no ClawRouter answers, which runs the searches: models
	// are then not offered any, whatever the switch says.
	Served bool `json:"served"`
}

// Bridge is the server that Codex talks to; zero while no process runs.
type Bridge struct {
	URL     string    `json:"url,omitempty"`
	Port    int       `json:"port,omitempty"`
	PID     int       `json:"pid,omitempty"`
	Command string    `json:"command,omitempty"` // the command that started it
	Since   time.Time `json:"since,omitzero"`
	Taken   string    `json:"taken,omitempty"` // who has the port that was wanted; Port is another one then
}

// Proxy is the upstream.
type Proxy struct {
	URL        string      `json:"url"`
	ClawRouter bool        `json:"clawrouter"` // by its answer, not by its address
	Supervised bool        `json:"supervised"` // started and watched by us
	Phase      proxy.Phase `json:"phase,omitempty"`
	Headline   string      `json:"headline,omitempty"` // one line for a person
	Version    string      `json:"version,omitempty"`
	PID        int         `json:"pid,omitempty"`
	Since      time.Time   `json:"since,omitzero"` // of Phase
	NextTry    time.Time   `json:"next_try,omitzero"`
	Restarts   int         `json:"restarts,omitempty"`
	Error      *Problem    `json:"error,omitempty"`
	Notes      []string    `json:"notes,omitempty"`
	// RefusesPaid says why turns on paid models are refused.
	RefusesPaid string `json:"refuses_paid,omitempty"`
}

// Problem is what is wrong and what mends it.
type Problem struct {
	Kind    string `json:"kind,omitempty"`
	Message string `json:"message"`
	Mend    string `json:"mend,omitempty"`
}

// Wallet is what pays.
type Wallet struct {
	Kind    proxy.WalletKind `json:"kind"`              // none while nobody told
	Address string           `json:"address,omitempty"` // public; an API key is masked
	Chain   string           `json:"chain,omitempty"`   // "base" or "solana"
	Unit    string           `json:"unit,omitempty"`    // what to send: "USDC on Base"
	QR      string           `json:"qr,omitempty"`      // what a QR code should hold
	URL     string           `json:"url,omitempty"`     // a page to look at it
	Balance *float64         `json:"balance_usd"`       // null when unknown
	Asked   time.Time        `json:"asked,omitzero"`    // when Balance was read
	Low     bool             `json:"low,omitempty"`     // under $1
	Empty   bool             `json:"empty,omitempty"`
	// BalanceError is said instead of a balance.
	BalanceError string `json:"balance_error,omitempty"`
	Created      string `json:"created,omitempty"`  // what to know of a wallet that ClawRouter just made
	Mismatch     string `json:"mismatch,omitempty"` // ClawRouter pays from another wallet than it should
}

// Codex is what Codex was told of the link.
type Codex struct {
	Home    string `json:"home"`
	Profile string `json:"profile,omitempty"` // path; empty before setup
	Catalog string `json:"catalog,omitempty"` // path; empty before setup
	Command string `json:"command,omitempty"` // the line that starts Codex with the profile
	Models  int    `json:"models"`            // in the catalog, without "Menu bar choice"
}
