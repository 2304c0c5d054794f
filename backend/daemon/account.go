package daemon

import (
	"log/slog"
	"slices"
	"strings"

	"github.com/BlockRunAI/clawrouter-codex/backend/proxy"
)

// account tells a person what becomes of a supervised ClawRouter, each thing once.
// It tells what the state says, and the supervisor's log goes to the file alone:
// of a start that fails both speak.
type account struct {
	progress func(...Step)
	last     string   // the phase, or how far a start had come
	mismatch string   // of the wallets
	told     []string // facts that stay true
}

// untold is log without its words for a person.
func untold(log *slog.Logger) *slog.Logger {
	if t, ok := log.Handler().(teller); ok {
		t.quiet = true
		return slog.New(t)
	}
	return log
}

func (a *account) tell(s proxy.State) {
	now, text := string(s.Phase), phaseText(s)
	if s.Phase == proxy.PhaseStarting {
		now = text
	}
	if now != a.last && s.Phase != proxy.PhaseIdle {
		a.progress(Step{Part: "ClawRouter", Text: text, Done: s.Ready()})
	}
	a.last = now
	if s.Ready() {
		a.tellWallet(s)
	}
}

// tellWallet tells what the user must know of what pays, and other facts.
func (a *account) tellWallet(s proxy.State) {
	mismatch := s.RefusePaid()
	if mismatch != "" && mismatch != a.mismatch {
		a.progress(Step{Part: "wallet:", Text: mismatch})
	}
	a.mismatch = mismatch
	if s.Created != nil {
		a.once("wallet:", s.Created.String())
	}
	for _, note := range s.Notes {
		a.once("note:", note)
	}
}

func (a *account) once(part, text string) {
	if slices.Contains(a.told, text) {
		return
	}
	a.told = append(a.told, text)
	a.progress(Step{Part: part, Text: text})
}

// phaseText is a state in words that follow "ClawRouter".
func phaseText(s proxy.State) string {
	switch s.Phase {
	case proxy.PhaseHealthy:
		return join("runs on "+s.URL, s.Version, payer(s.Health))
	case proxy.PhaseReused:
		return join("ran already on "+s.URL+" and is used as it is", s.Version, payer(s.Health))
	case proxy.PhaseChecking:
		return "is looked for on " + s.URL
	case proxy.PhaseStarting:
		if s.Progress != "" {
			return s.Progress
		}
		return "is starting"
	case proxy.PhaseRestarting, proxy.PhaseFailed:
		if s.Err != nil {
			return "does not run: " + s.Err.Message
		}
	}
	return string(s.Phase)
}

// join leaves out what is not known.
func join(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(p string) bool { return p == "" }), ", ")
}

// payer is who pays, in a few words.
func payer(h proxy.Health) string {
	switch {
	case h.Auth == proxy.AuthAPIKey:
		return "pays with an API key"
	case h.Chain == "solana" && h.Solana != "":
		return "pays from " + h.Solana + " (Solana)"
	case h.Wallet != "":
		return "pays from " + h.Wallet
	}
	return ""
}
