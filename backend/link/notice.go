package link

import (
	"fmt"
	"strings"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/backend/bridge"
	"github.com/BlockRunAI/clawrouter-codex/backend/models"
	"github.com/BlockRunAI/clawrouter-codex/backend/proxy"
	"github.com/BlockRunAI/clawrouter-codex/backend/spend"
)

// Notice is something that needs a person. It is in State for as long as it
// holds; one that comes again after it was gone is news again.
type Notice struct {
	ID    string    `json:"id"` // names what it is about, for instance "wallet-low"
	Level Level     `json:"level"`
	Text  string    `json:"text"`           // one or two sentences
	Mend  string    `json:"mend,omitempty"` // the command that helps, one a line
	Since time.Time `json:"since"`          // when this process saw it first
	// Known: it was so before the link started. It is shown, but is no news.
	Known bool `json:"known,omitempty"`
}

// Level is how urgent a Notice is.
type Level string

// The levels, the most urgent first.
const (
	LevelError   Level = "error"
	LevelWarning Level = "warning"
	LevelInfo    Level = "info"
)

// notices lists what needs a person, the most urgent first. The order within a
// level is that of this function.
func (l *Local) notices(s *State, w proxy.State) []Notice {
	var list []Notice
	add := func(level Level, id, text, mend string) {
		list = append(list, Notice{ID: id, Level: level, Text: text, Mend: mend})
	}
	proxyNotices(s, w, add)
	walletNotices(s, add)
	if s.Model.Free {
		add(LevelWarning, "free-in-use", freeText(s.Model), "clawrouter-codex wallet")
	}
	for _, warning := range s.Spend.Warnings {
		if n := spendNotice(warning, s); n.ID != "" {
			list = append(list, n)
		}
	}
	if len(s.Spend.Problems) > 0 {
		add(LevelWarning, "ledger", strings.Join(s.Spend.Problems, " "), "clawrouter-codex doctor")
	}
	if s.Login.Problem != "" {
		add(LevelInfo, "login", s.Login.Problem, "")
	}
	l.fileNotices(add)
	if l.updated.Load() {
		add(LevelInfo, "models-updated", "Codex's list of models is a new one. A Codex that is open shows it after a restart.", "")
	}
	return l.dated(sorted(list))
}

// proxyNotices are about ClawRouter's process and what pays for it: what is missing
// on this machine, a port that is taken, a wallet that is another one.
func proxyNotices(s *State, w proxy.State, add func(level Level, id, text, mend string)) {
	// One crash is over before anybody could do something about it.
	if e := w.Err; e != nil && !w.Ready() && (w.Phase == proxy.PhaseFailed || w.Failures > 1) {
		id := "proxy-down"
		switch e.Kind {
		case proxy.PortTaken, proxy.PortOfOtherUser, proxy.PortOwnerHidden:
			id = "port-taken"
		}
		add(LevelError, id, e.Message, e.Mend)
	}
	if s.Bridge.Taken != "" {
		add(LevelWarning, "bridge-moved", fmt.Sprintf("%s%s. The bridge listens on port %d instead, as long as this program runs.", strings.ToUpper(s.Bridge.Taken[:1]), s.Bridge.Taken[1:], s.Bridge.Port), "clawrouter-codex doctor")
	}
	if s.Wallet.Mismatch != "" {
		add(LevelError, "wallet-mismatch", s.Wallet.Mismatch, "")
	}
	if s.Wallet.Created != "" {
		add(LevelWarning, "wallet-created", s.Wallet.Created, "clawrouter-codex wallet")
	}
}

// fileNotices are about the files that others may write.
func (l *Local) fileNotices(add func(level Level, id, text, mend string)) {
	l.mu.Lock()
	broken, blind := l.disk.broken, l.blind
	l.mu.Unlock()
	if broken != "" {
		add(LevelWarning, "settings", "The settings cannot be read, so those go on that were in force: "+broken, "clawrouter-codex config show")
	}
	if blind != "" {
		add(LevelInfo, "files-unwatched", blind, "")
	}
}

// walletNotices are about an empty wallet only: of a low one the ledger warns,
// which knows whether that is news.
func walletNotices(s *State, add func(level Level, id, text, mend string)) {
	if s.Wallet.Empty {
		add(LevelError, walletEmpty, "The wallet is empty: only models whose name begins with free/ answer.", "clawrouter-codex wallet")
	}
}

const walletEmpty = "wallet-empty"

// spendNotice is a warning of the ledger's; of an empty wallet is told already.
func spendNotice(w spend.Warning, s *State) Notice {
	n := Notice{Level: LevelWarning, Text: w.Text, Known: w.Known, Since: w.At}
	switch w.Kind {
	case spend.WarnCap50:
		n.ID, n.Level = "cap-50", LevelInfo
	case spend.WarnCap80:
		n.ID = "cap-80"
	case spend.WarnCap100:
		n.ID, n.Level = "cap-100", LevelError
	case spend.WarnLowBalance:
		if s.Wallet.Empty {
			return Notice{}
		}
		n.ID, n.Mend = "wallet-low", "clawrouter-codex wallet"
	}
	return n
}

func sorted(list []Notice) []Notice {
	out := []Notice{} // in JSON a list, never null
	for _, level := range []Level{LevelError, LevelWarning, LevelInfo} {
		for _, n := range list {
			if n.Level == level {
				out = append(out, n)
			}
		}
	}
	return out
}

// dated gives each notice the time at which it came, and forgets those that are
// gone.
func (l *Local) dated(list []Notice) []Notice {
	l.mu.Lock()
	defer l.mu.Unlock()
	since := map[string]time.Time{}
	for i := range list {
		n := &list[i]
		if n.Since.IsZero() {
			n.Since = l.since[n.ID]
		}
		if n.Since.IsZero() {
			n.Since = l.o.Now()
		}
		since[n.ID] = n.Since
	}
	l.since = since
	return list
}

// freeInstead reports that a free model answered though a paid one was asked for.
// A routing profile may choose one; that it had to, ClawRouter says.
func freeInstead(a bridge.Answer) bool {
	if !models.Free(a.Used) || models.Free(a.Asked) || a.Asked == "free" {
		return false
	}
	return models.RoutingProfile(a.Asked) == "" || a.Notice != ""
}

// plainNotice is what ClawRouter glued to an answer, without its Markdown.
func plainNotice(text string) string {
	return strings.TrimSpace(strings.NewReplacer("> **⚠️ ", "", "**", "", "`", "").Replace(text))
}

func freeText(m Model) string {
	text := "The free model " + m.Last + " answered, though a paid one was asked for."
	if m.Notice != "" {
		text += " ClawRouter says: " + m.Notice
	}
	return text
}
