package bridge

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/backend/translate"
)

// keptAnswers holds answers that were paid, for a client that lost its connection
// and asks again. A ClawRouter is paid before it answers, and a second call for
// the same turn would be paid again: so the first one is let finish, whoever waits
// for it joins it, and for a while its answer is given to whoever comes late.
type keptAnswers struct {
	mu     sync.Mutex // protects the rest, and ids of each answer
	byKey  map[uint64]*keptAnswer
	issued map[string]bool // ids of items in kept answers
	// settled are the answers whose call is over, the oldest first, and bytes their
	// size. Calls under way are as many as turns are.
	settled []settledAnswer
	bytes   int
}

type settledAnswer struct {
	key    uint64
	answer *keptAnswer
}

type keptAnswer struct {
	done chan struct{} // closed when body, err and sent are set
	body []byte
	err  error
	sent bool     // the call may have reached upstream
	ids  []string // in the order in which the items were made
	next uint64   // key of the answer with which the turn went on after a search
}

const (
	// keptFor is how long an answer is kept; Codex repeats within seconds, and a
	// user who restarts it within a minute or two.
	keptFor = 2 * time.Minute
	// maxKept and maxKeptBytes bound the memory. Beyond them the oldest go: a turn
	// that is under way is never paid a second time because others were before it.
	maxKept      = 128
	maxKeptBytes = 64 << 20
)

func newKeptAnswers() *keptAnswers {
	return &keptAnswers{byKey: map[uint64]*keptAnswer{}, issued: map[string]bool{}}
}

// issuedID reports whether an item of a kept answer has that id.
func (k *keptAnswers) issuedID(id string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.issued[id]
}

// firstIDs are those of the first n items of the answer for a key, and of those
// with which its turn went on, the last one first; nil where no answer is kept that told so many.
func (k *keptAnswers) firstIDs(key uint64, n int) (ids []string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for a := k.byKey[key]; a != nil && len(ids) < n; a = k.byKey[a.next] {
		for _, id := range a.ids {
			switch prefix, _, _ := strings.Cut(id, "_"); prefix {
			case "msg", "rs", "ws":
				ids = append(ids, id)
			}
		}
	}
	if len(ids) < n {
		return nil
	}
	ids = ids[:n]
	slices.Reverse(ids)
	return ids
}

// follow notes with which answer a turn goes on.
func (k *keptAnswers) follow(key, next uint64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if a := k.byKey[key]; a != nil {
		a.next = next
	}
}

// claim returns the answer for a key. first tells that nobody asked before: the
// caller then fetches it, and calls settle.
func (k *keptAnswers) claim(key uint64) (a *keptAnswer, first bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if a := k.byKey[key]; a != nil {
		return a, false
	}
	a = &keptAnswer{done: make(chan struct{})}
	k.byKey[key] = a
	return a, true
}

// settle sets what became of the call. A failure is for those who wait now; the
// next one asks upstream itself.
func (k *keptAnswers) settle(key uint64, a *keptAnswer, body []byte, err error) {
	a.body, a.err = body, err
	close(a.done)
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.byKey[key] != a {
		return
	}
	if err != nil {
		k.forget(key, a)
		return
	}
	k.bytes += len(body)
	k.settled = append(k.settled, settledAnswer{key, a})
	for len(k.settled) > 1 && (len(k.settled) > maxKept || k.bytes > maxKeptBytes) {
		k.forget(k.settled[0].key, k.settled[0].answer)
	}
	time.AfterFunc(keptFor, func() { k.drop(key, a) })
}

// forget drops an answer; k.mu is held.
func (k *keptAnswers) forget(key uint64, a *keptAnswer) {
	if k.byKey[key] != a {
		return
	}
	delete(k.byKey, key)
	for _, id := range a.ids {
		delete(k.issued, id)
	}
	if at := slices.Index(k.settled, settledAnswer{key, a}); at >= 0 {
		k.settled = slices.Delete(k.settled, at, at+1)
		k.bytes -= len(a.body)
	}
}

// mayBeSent reports whether the call of a failed answer may have reached upstream;
// false while it is under way.
func (a *keptAnswer) mayBeSent() bool {
	select {
	case <-a.done:
		return a.sent
	default:
		return false
	}
}

// wait returns the body once it is there.
func (a *keptAnswer) wait(ctx context.Context) ([]byte, error) {
	select {
	case <-a.done:
		return a.body, a.err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// ids returns a maker of ids that gives every reading of the same answer the same
// ones, by which an item is known that the client has already.
func (k *keptAnswers) ids(a *keptAnswer, fresh func(prefix string) string) func(prefix string) string {
	next := 0
	return func(prefix string) string {
		k.mu.Lock()
		defer k.mu.Unlock()
		if next == len(a.ids) {
			a.ids = append(a.ids, fresh(prefix))
			k.issued[a.ids[next]] = true
		}
		next++
		return a.ids[next-1]
	}
}

// exchangeOnce is exchange for a ClawRouter: however often the client asks for the
// same turn, it is paid once.
func (t *turn) exchangeOnce(ctx context.Context) error {
	answers := t.server.kept
	a, first := answers.claim(t.key)
	if first {
		t.fetch(ctx, a)
	}
	body, err := a.wait(ctx)
	if err != nil {
		t.sent = t.sent || a.mayBeSent()
		return err
	}
	t.sent, t.newID = true, answers.ids(a, translate.RandomID)
	if err = t.complete(body); err == nil {
		err = t.end()
	}
	if err != nil {
		answers.drop(t.key, a) // of no use to anybody who asks again
	}
	return err
}

var errAbandoned = errors.New("the call was abandoned")

// fetch makes the call and settles its answer, whatever happens.
func (t *turn) fetch(ctx context.Context, a *keptAnswer) {
	var body []byte
	err := errAbandoned
	defer func() {
		a.sent = t.sent
		t.server.kept.settle(t.key, a, body, err)
	}()
	var resp *http.Response
	if resp, err = t.send(ctx); err != nil {
		return
	}
	defer resp.Body.Close()
	body, err = io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
}

// drop forgets an answer at once.
func (k *keptAnswers) drop(key uint64, a *keptAnswer) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.forget(key, a)
}
