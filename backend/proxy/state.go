package proxy

import (
	"fmt"
	"strings"
	"time"
)

// Phase is what a supervisor is doing.
type Phase string

const (
	PhaseIdle       Phase = "idle"       // Run has not begun, or has returned
	PhaseChecking   Phase = "checking"   // looking at the port, the wallet and Node.js
	PhaseStarting   Phase = "starting"   // the command runs, /health does not answer yet; State.Progress says more
	PhaseHealthy    Phase = "healthy"    // our child answers
	PhaseReused     Phase = "reused"     // a ClawRouter that was there before answers; it is not ours to stop
	PhaseRestarting Phase = "restarting" // waiting until State.NextTry
	PhaseFailed     Phase = "failed"     // State.Err says why; tried again at State.NextTry, or by Restart if that is zero
)

// State is a snapshot. It holds no secret.
type State struct {
	Phase Phase
	Since time.Time // of Phase
	URL   string    // http://127.0.0.1:PORT
	Port  int

	// Progress says how far a start has come, such as "downloading ClawRouter:
	// 37 files so far".
	Progress string
	// Err is why ClawRouter does not run, or why it was started again; nil
	// while all is well.
	Err *StartError
	// LastLines are the last lines that the child printed, oldest first.
	LastLines []string
	// Failures counts starts in a row that came to nothing, Restarts all of them.
	Failures, Restarts int
	NextTry            time.Time

	PID     int    // of our guardian, or of the reused ClawRouter; 0 when unknown
	Version string // ClawRouter's, when it said it
	Health  Health // the last answer
	Wallet  Wallet // what we know of the payer; prints without its key
	Home    Home   // what ClawRouter takes for the user's home folder
	// Mismatch is set when the running ClawRouter pays from another wallet than
	// this one should: paid turns must be refused.
	Mismatch *Mismatch
	// Created is set in the run that made the user's first wallet.
	Created *CreatedWallet
	// Notes are facts that the user should see once, each one sentence.
	Notes []string
}

// Ready reports whether a ClawRouter answers.
func (s State) Ready() bool { return s.Phase == PhaseHealthy || s.Phase == PhaseReused }

// RefusePaid returns why paid turns must not be sent; "" when they may.
func (s State) RefusePaid() string {
	if s.Ready() && s.Mismatch != nil {
		return s.Mismatch.String()
	}
	return ""
}

// Headline is one line for a tray or a terminal.
func (s State) Headline() string {
	switch s.Phase {
	case PhaseStarting:
		if s.Progress != "" {
			return "ClawRouter: " + s.Progress
		}
		return "ClawRouter is starting"
	case PhaseChecking:
		return "ClawRouter: looking whether it runs already"
	case PhaseHealthy:
		return "ClawRouter runs on port " + fmt.Sprint(s.Port)
	case PhaseReused:
		return "using the ClawRouter that runs on port " + fmt.Sprint(s.Port)
	case PhaseRestarting, PhaseFailed:
		if s.Err != nil {
			return s.Err.Message
		}
		return "ClawRouter does not run"
	default:
		return "ClawRouter is not started"
	}
}

// Mismatch is a ClawRouter that pays from another wallet than the user's.
type Mismatch struct {
	Ours   string // address, or masked API key
	Place  string // where ours was found
	Theirs string // of the running ClawRouter
	Reused bool   // it ran before us
}

// String tells both addresses and what to do.
func (m *Mismatch) String() string {
	mend := "Restart it, or set BLOCKRUN_WALLET_KEY to the wallet that should pay."
	if m.Reused {
		mend = "Stop the other ClawRouter, or choose another PROXY_PORT."
	}
	return fmt.Sprintf("The running ClawRouter pays from %s, but your wallet is %s (%s). Paid turns are refused until they are the same. %s",
		m.Theirs, m.Ours, m.Place, mend)
}

// payerOf is what a ClawRouter pays from, in words.
func payerOf(h Health) string {
	switch {
	case h.Auth == AuthAPIKey && h.APIKey != "":
		return "API key " + h.APIKey
	case h.Auth == AuthAPIKey:
		return "an API key"
	case h.Chain == "solana" && h.Solana != "":
		return h.Solana + " (Solana)"
	default:
		return h.Wallet
	}
}

// CreatedWallet is the wallet that ClawRouter made at a first start.
type CreatedWallet struct {
	Address   string // EVM
	Solana    string // may be empty
	Chain     string // that pays
	KeyFile   string
	WordsFile string // recovery words; may be empty
}

// String is what the user must know of it.
func (c *CreatedWallet) String() string {
	where := c.Address + " on Base"
	if c.Chain == "solana" && c.Solana != "" {
		where = c.Solana + " on Solana"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "No wallet was found, so ClawRouter made one. It pays from %s, which is empty: send USDC there, on that chain only. ", where)
	fmt.Fprintf(&b, "Its key lies in %s", c.KeyFile)
	if c.WordsFile != "" {
		fmt.Fprintf(&b, ", its recovery words in %s", c.WordsFile)
	}
	b.WriteString(". Back it up: whoever loses it loses the money.")
	return b.String()
}

// clone lets a reader keep what it got.
func (s State) clone() State {
	s.LastLines = append([]string(nil), s.LastLines...)
	s.Notes = append([]string(nil), s.Notes...)
	return s
}
