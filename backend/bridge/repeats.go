package bridge

import (
	"hash/maphash"
	"sync"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/backend/translate"
)

// repeats counts how often a client repeated a turn that broke, because what a
// repeat costs is the user's money and a config written by hand may ask for many.
type repeats struct {
	now func() time.Time

	mu   sync.Mutex // protects seen
	seen map[uint64]repeated
}

type repeated struct {
	count int
	last  time.Time
	vary  bool // the failure was an error, which a ClawRouter answers an equal body with
}

const (
	// maxRepeats is how often a client may repeat one request that broke.
	maxRepeats = 2
	// repeatWindow is how long a failure counts; Codex repeats within seconds.
	repeatWindow = 2 * time.Minute
	// maxSeen bounds the memory; beyond it old entries are dropped.
	maxSeen = 1024
)

func newRepeats(now func() time.Time) *repeats {
	return &repeats{now: now, seen: make(map[uint64]repeated)}
}

var repeatSeed = maphash.MakeSeed()

// fingerprint recognises a request that comes again in the same turn of the user's
// on the same thread, and tells which items the client has already of the answer
// that broke off. A user who goes back and asks the same anew wants another answer.
func (s *Server) fingerprint(thread, turnID string, req *translate.Request) (key uint64, have []string) {
	of := maphash.String(repeatSeed, thread+"\x00"+turnID)
	key, have = req.Fingerprint(repeatSeed, s.kept.issuedID)
	// An older Codex leaves the ids out. What it holds are the first items of the
	// answer that is kept for the history before them; were there a new question,
	// it would stand behind.
	if n := req.Nameless(); thread != "" && len(have) == 0 && n > 0 {
		before := of ^ req.FingerprintBefore(repeatSeed, n)
		if ids := s.kept.firstIDs(before, n); ids != nil {
			return before, ids
		}
	}
	return of ^ key, have
}

// allow notes one more failure of that request and reports whether the client
// may repeat it.
func (r *repeats) allow(key uint64) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now()
	if len(r.seen) >= maxSeen {
		for k, v := range r.seen {
			if now.Sub(v.last) > repeatWindow || len(r.seen) >= maxSeen {
				delete(r.seen, k)
			}
		}
	}
	v := r.seen[key]
	if now.Sub(v.last) > repeatWindow {
		v.count = 0
	}
	v.count, v.last = v.count+1, now
	r.seen[key] = v
	return v.count <= maxRepeats
}

// vary notes that the request of that key must differ when it comes again.
func (r *repeats) vary(key uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if v, ok := r.seen[key]; ok {
		v.vary = true
		r.seen[key] = v
	}
}

// number tells how often a request that must differ came before; 0 for all others.
func (r *repeats) number(key uint64) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	if v := r.seen[key]; v.vary && r.now().Sub(v.last) <= repeatWindow {
		return v.count
	}
	return 0
}

// bridgeRepeats is more than the bridge itself ever sends a request again; it keeps
// the marks of its repeats and the client's apart.
const bridgeRepeats = 10

// varied gives a request that the client repeats after an error other bytes: a
// ClawRouter would answer equal ones with the same error, from memory.
func (t *turn) varied() {
	if n := t.server.repeats.number(t.key); n > 0 && t.clawRouter && !t.server.cfg.Unshielded["repeats"] {
		t.again = n * bridgeRepeats
		t.chat = translate.Vary(t.chat, t.again)
	}
}

// limitRepeats turns a code that makes the client repeat into one that does not
// once it has done so often enough.
func (t *turn) limitRepeats(code string) string {
	if (code == translate.CodeRepeat || code == translate.CodeWait) && !t.server.repeats.allow(t.key) {
		return translate.CodeTell
	}
	return code
}
