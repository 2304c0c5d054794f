package clawsim

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
)

const sessionTTL = 30 * time.Minute

// session is what ClawRouter remembers of a conversation.
type session struct {
	model, tier string
	explicit    bool
	used        time.Time
	seen        []string
	upgraded    bool
	journal     []string
}

// sessionID is the header's, or a hash of the first user message; Codex begins
// every conversation with the same kind of message, so that two can share one.
func sessionID(h http.Header, c *chatRequest) (id string, named bool) {
	if id := h.Get("X-Session-Id"); id != "" {
		return id, true
	}
	first := c.firstUser()
	if first == "" {
		return "", false
	}
	sum := sha256.Sum256([]byte(first))
	return hex.EncodeToString(sum[:])[:8], false
}

// sessionFor wants s.mu.
func (s *Sim) sessionFor(id string) *session {
	now := s.clock.Now()
	if len(s.sessions) > 1000 {
		for k, v := range s.sessions {
			if now.Sub(v.used) > sessionTTL {
				delete(s.sessions, k)
			}
		}
	}
	v := s.sessions[id]
	if v == nil {
		v = &session{used: now}
		s.sessions[id] = v
	}
	if now.Sub(v.used) > sessionTTL {
		v.model, v.tier, v.explicit, v.seen, v.upgraded = "", "", false, nil, false
	}
	v.used = now
	return v
}

// pinExplicit remembers that a conversation named a model itself.
func (s *Sim) pinExplicit(id, model string) {
	if id == "" {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.off[SpoilPin] {
		return
	}
	v := s.sessionFor(id)
	v.model, v.tier, v.explicit = model, "", true
}

// routeProfile decides what a profile means in this conversation, and reports
// which spoilings had a part in it.
func (s *Sim) routeProfile(profile, id string, c *chatRequest) (decision, []Spoiling) {
	d := decide(profile, c)
	if id == "" {
		return d, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.sessionFor(id)
	var spoiled []Spoiling
	fresh := v.model == ""
	switch {
	case s.off[SpoilPin] || fresh:
	case v.explicit:
		d.model = v.model
		spoiled = append(spoiled, SpoilPin)
	case tierRank(d.tier) < tierRank(v.tier) && d.tier != "SIMPLE":
		d.model, d.tier = v.model, v.tier
		spoiled = append(spoiled, SpoilPin)
	}
	if !fresh && !v.explicit && !s.off[SpoilUpgrade] && v.threeAlike(c) {
		if next := tierRank(d.tier) + 1; next < len(tierOrder) {
			d.tier = tierOrder[next]
			d.model = chains[profile][next]
			spoiled = append(spoiled, SpoilUpgrade)
		}
	}
	if !v.explicit {
		v.model = d.model
		if fresh || tierRank(d.tier) > tierRank(v.tier) {
			v.tier = d.tier
		}
	}
	d.price(c.maxTokens())
	return d, spoiled
}

// threeAlike counts turns with the same prompt and the same tools called before
// it. In an agent's loop that is the third follow-up, though nothing is stuck.
func (v *session) threeAlike(c *chatRequest) bool {
	sum := sha256.Sum256([]byte(c.lastUser() + "\x00" + strings.Join(c.lastCallNames(), ",")))
	v.seen = append(v.seen, string(sum[:8]))
	if n := len(v.seen); n > 10 {
		v.seen = v.seen[n-10:]
	}
	n := 0
	for _, h := range v.seen {
		if h == v.seen[len(v.seen)-1] {
			n++
		}
	}
	if n < 3 || v.upgraded {
		return false
	}
	v.upgraded, v.seen = true, nil
	return true
}

var (
	journalAsk = regexp.MustCompile(`(?i)\b(before|earlier|today|previously|last time|remember|recall|remind me|` +
		`summarize|summary|recap|so far|what did (you|we) do|accomplished|progress)\b`)
	journalDeed = regexp.MustCompile(`(?i)\bI(?:'ve| have)? ((?:created|fixed|added|updated|implemented|removed|wrote|ran|refactored|deployed|changed) [^.\n]{3,120})`)
)

// noteDeeds keeps what an answer says that it did. Only named sessions have a journal.
func (s *Sim) noteDeeds(id, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.sessionFor(id)
	at := s.clock.Now().Format("15:04")
	for _, m := range journalDeed.FindAllStringSubmatch(text, -1) {
		line := at + ": " + m[1]
		if !slices.Contains(v.journal, line) {
			v.journal = append(v.journal, line)
		}
	}
	if n := len(v.journal); n > 100 {
		v.journal = v.journal[n-100:]
	}
}

// injectJournal puts the deeds of the session before the first system message,
// where the prompt has a word that could ask for them.
func (s *Sim) injectJournal(id string, c *chatRequest) bool {
	if !journalAsk.MatchString(c.lastUser()) {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.sessions[id]
	if s.off[SpoilJournal] || v == nil || len(v.journal) == 0 {
		return false
	}
	note := "[Session Memory - Key Actions]\n"
	for _, line := range v.journal[max(0, len(v.journal)-20):] {
		note += fmt.Sprintf("- %s\n", line)
	}
	for _, m := range c.messages {
		if m.str("role") != "system" {
			continue
		}
		if text, ok := m.isString("content"); ok {
			m.set("content", note+"\n\n"+text)
			return true
		}
		break
	}
	first := newObject()
	first.set("role", "system")
	first.set("content", note)
	c.messages = append([]*object{first}, c.messages...)
	return true
}
