package clawsim

import (
	"crypto/sha256"
	"hash"
	"net/http"
	"regexp"
	"slices"
	"time"
)

// answer is what goes back to the client.
type answer struct {
	status int
	header http.Header
	// body, or for a stream the chunks that are written and flushed one by one.
	body   []byte
	chunks [][]byte
	pace   time.Duration
	wire   Wire
}

func (a answer) bytes() []byte {
	out := a.body
	for _, c := range a.chunks {
		out = append(out, c...)
	}
	return out
}

const (
	replayTTL = 30 * time.Second
	cacheTTL  = 10 * time.Minute
	cacheMax  = 200
	itemMax   = 1 << 20
)

// stampPrefix is the time that some clients put before a message; ClawRouter
// leaves it out when it compares bodies.
var stampPrefix = regexp.MustCompile(`^\[\w{3}\s+\d{4}-\d{2}-\d{2}\s+\d{2}:\d{2}\s+\w+\]\s*`)

type bodyKey [32]byte

// key compares requests by value: the order of members does not matter, at the
// top and in messages (deeper down no client changes it between two attempts).
// Members named in skip are left out.
func (c *chatRequest) key(skip ...string) bodyKey {
	h := sha256.New()
	hashObject(h, c.top, append(skip, "messages"))
	for _, m := range c.messages {
		skipContent := []string{}
		if text, ok := m.isString("content"); ok {
			skipContent = []string{"content"}
			h.Write([]byte("\x02" + stampPrefix.ReplaceAllString(text, "")))
		}
		hashObject(h, m, skipContent)
	}
	return bodyKey(h.Sum(nil))
}

func hashObject(w hash.Hash, o *object, skip []string) {
	for _, k := range slices.Sorted(slices.Values(o.keys)) {
		if !slices.Contains(skip, k) {
			w.Write([]byte("\x00" + k + "\x01"))
			w.Write(o.vals[k])
		}
	}
}

// replays is the 30-second memory of finished answers and the twins that wait
// for one under way. Its methods want Sim.mu.
type replays struct {
	done    map[bodyKey]replayed
	waiting map[bodyKey]*flight
}

type replayed struct {
	answer answer
	at     time.Time
}

// flight is a call that twins may join; done is closed when answer is set.
type flight struct {
	done   chan struct{}
	answer answer
}

func newReplays() replays {
	return replays{done: map[bodyKey]replayed{}, waiting: map[bodyKey]*flight{}}
}

func (r *replays) find(k bodyKey, now time.Time) (answer, bool) {
	e, ok := r.done[k]
	if !ok || now.Sub(e.at) > replayTTL {
		delete(r.done, k)
		return answer{}, false
	}
	return e.answer, true
}

// finish keeps the answer and hands it to those who wait.
func (r *replays) finish(k bodyKey, a answer, now time.Time) {
	for old, e := range r.done {
		if now.Sub(e.at) > replayTTL {
			delete(r.done, old)
		}
	}
	if len(a.bytes()) <= itemMax {
		r.done[k] = replayed{a, now}
	}
	if f := r.waiting[k]; f != nil {
		f.answer = a
		close(f.done)
		delete(r.waiting, k)
	}
}

// abandon is called when the client of a call under way is gone: those who
// joined it are told so, and the next twin starts (and pays) anew.
func (r *replays) abandon(k bodyKey) {
	f := r.waiting[k]
	if f == nil {
		return
	}
	f.answer = answer{status: http.StatusServiceUnavailable,
		header: http.Header{"Content-Type": {"application/json"}},
		body:   []byte(`{"error":{"message":"Original request failed, please retry","type":"dedup_origin_failed"}}`)}
	close(f.done)
	delete(r.waiting, k)
}

// answerCache is the 10-minute memory of good buffered answers.
type answerCache struct {
	items     map[bodyKey]replayed
	order     []bodyKey
	hits      int
	misses    int
	evictions int
}

func newAnswerCache() answerCache { return answerCache{items: map[bodyKey]replayed{}} }

func (c *answerCache) find(k bodyKey, now time.Time) (answer, bool) {
	e, ok := c.items[k]
	if !ok || now.Sub(e.at) > cacheTTL {
		c.misses++
		return answer{}, false
	}
	c.hits++
	return e.answer, true
}

func (c *answerCache) keep(k bodyKey, a answer, now time.Time) {
	if a.status != http.StatusOK || len(a.body) > itemMax {
		return
	}
	if _, ok := c.items[k]; !ok {
		c.order = append(c.order, k)
	}
	c.items[k] = replayed{a, now}
	for len(c.order) > cacheMax {
		delete(c.items, c.order[0])
		c.order = c.order[1:]
		c.evictions++
	}
}
