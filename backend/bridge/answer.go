package bridge

import (
	"fmt"
	"net/http"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/backend/translate"
)

// begin makes status, headers and the events that open an answer, and sends them if
// push is set; else they go out with the next flush.
func (t *turn) begin(push bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.beginLocked()
	if push {
		t.flush()
	}
}

func (t *turn) beginLocked() {
	if t.committed {
		return
	}
	t.committed = true
	t.stream.Begin()
	if !t.request.Stream {
		return
	}
	h := t.w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	t.w.WriteHeader(http.StatusOK)
}

// flush sends the client the events made since the last one; t.mu is held.
func (t *turn) flush() {
	if t.write() && t.control.Flush() != nil {
		t.gone = true
	}
}

// write hands these events over, and leaves it to what net/http sends next to take them
// along. It reports whether there are any and the client is there; t.mu is held.
func (t *turn) write() bool {
	events := t.stream.Take()
	defer t.stream.Taken()
	if len(events) == 0 || !t.request.Stream || t.gone {
		return false
	}
	t.lastWrite = time.Now()
	t.conn.hold()
	_, err := t.w.Write(events)
	t.conn.release()
	t.gone = err != nil
	return !t.gone
}

// keepAlive sends the client a real event whenever it has heard nothing for that
// long. It covers the time before upstream answers at all, which is when a slow
// model is silent; the first event then commits the answer to a stream.
func (t *turn) keepAlive(every time.Duration) (stop func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.beat = time.AfterFunc(every, func() {
		defer t.contained("keep-alive")
		t.mu.Lock()
		defer t.mu.Unlock()
		if t.ended || t.gone {
			return
		}
		wait := every - time.Since(t.lastWrite)
		if wait <= 0 {
			if t.committed {
				t.stream.KeepAlive()
			} else {
				t.beginLocked()
			}
			t.flush()
			wait = every
		}
		t.beat.Reset(wait)
	})
	return func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.ended = true
		t.beat.Stop()
	}
}

// finish writes the end of an answer that ended well.
func (t *turn) finish() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ended = true
	if !t.codex {
		t.stream.Items(t.server.recalled.keep)
	}
	if t.request.Stream {
		t.write() // net/http ends the answer at once, which takes this along
		return
	}
	answer := t.stream.Response()
	if t.compacts {
		answer = t.stream.Compaction()
	}
	reply(t.w, http.StatusOK, answer)
}

// fail ends the turn with a failure: as a status while none is sent yet, else as
// the stream's last event. attempt counts the repeats that did not help.
func (t *turn) fail(f *translate.Failure, code string, attempt int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ended, t.failure = true, f
	if code == translate.CodeWait || code == translate.CodeRepeat && f.Kind != translate.FailHangUp {
		t.server.repeats.vary(t.key)
	}
	if attempt > 0 {
		again := *f
		again.Message = fmt.Sprintf("%s (Tried %d times.)", f.Message, attempt+1)
		f = &again
	}
	if !t.request.Stream || !t.committed && t.hasStatus(f, code) {
		t.failStatus(f, code)
		return
	}
	t.beginLocked()
	t.stream.Fail(f, code)
	t.flush()
}

// hasStatus tells whether a failure is better told by a status than by an event.
// Codex shows the message of an event in all its versions, but of a 400 only the
// newer ones more than the raw JSON; it hides that of a 429, which is worth it
// only for its Retry-After; and it multiplies its repeats of a 5xx.
func (t *turn) hasStatus(f *translate.Failure, code string) bool {
	switch code {
	case translate.CodeWait:
		return f.RetryAfter > 0
	case translate.CodeRepeat:
		return false
	}
	return !t.codex
}

// failStatus answers with a status that no client multiplies: never a 5xx.
func (t *turn) failStatus(f *translate.Failure, code string) {
	switch code {
	case translate.CodeWait:
		failParam(t.w, http.StatusTooManyRequests, code, f.Text(code), "", f.RetryAfter)
	case translate.CodeRepeat:
		fail(t.w, http.StatusFailedDependency, "upstream_error", f.Text(code))
	default:
		fail(t.w, http.StatusBadRequest, code, f.Text(code))
	}
}
