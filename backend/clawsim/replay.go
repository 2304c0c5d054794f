package clawsim

import (
	"crypto/sha256"
	"encoding/json"
	"net/http"
	"regexp"
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

// keyOf compares bodies by value: the order of keys does not matter. Members
// named in skip are left out.
func keyOf(body []byte, skip ...string) bodyKey {
	var v any
	if json.Unmarshal(body, &v) != nil {
		return sha256.Sum256(body)
	}
	if top, ok := v.(map[string]any); ok {
		for _, k := range skip {
			delete(top, k)
		}
	}
	return sha256.Sum256(encode(stripStamps(v)))
}

func stripStamps(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, m := range v {
			if text, ok := m.(string); ok && k == "content" {
				v[k] = stampPrefix.ReplaceAllString(text, "")
				continue
			}
			v[k] = stripStamps(m)
		}
	case []any:
		for i := range v {
			v[i] = stripStamps(v[i])
		}
	}
	return v
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
