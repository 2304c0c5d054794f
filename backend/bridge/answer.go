package bridge

import (
	"net/http"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/backend/translate"
)

// begin sends status, headers and the events that open an answer.
func (t *turn) begin() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.beginLocked()
	t.flush()
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

// flush writes the events made since the last flush; t.mu is held.
func (t *turn) flush() {
	events := t.stream.Take()
	if len(events) == 0 || !t.request.Stream || t.gone {
		return
	}
	t.lastWrite = time.Now()
	if _, err := t.w.Write(events); err != nil {
		t.gone = true
		return
	}
	if http.NewResponseController(t.w).Flush() != nil {
		t.gone = true
	}
}

// keepAlive sends the client a real event whenever it has heard nothing for that
// long. It covers the time before upstream answers at all, which is when a slow
// model is silent; the first event then commits the answer to a stream.
func (t *turn) keepAlive(every time.Duration) (stop func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	var timer *time.Timer
	timer = time.AfterFunc(every, func() {
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
		timer.Reset(wait)
	})
	return func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.ended = true
		timer.Stop()
	}
}

// finish writes the end of the answer.
func (t *turn) finish() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ended = true
	if t.answered {
		return
	}
	t.stream.End()
	if f := t.stream.Failure(); f != nil && t.failure == nil {
		t.failure = f
	}
	if t.request.Stream {
		t.flush()
		return
	}
	if t.failure != nil {
		t.failStatus(t.failure)
		return
	}
	reply(t.w, http.StatusOK, t.stream.Response())
}

// fail ends the turn with a failure: as a status while none is sent yet, else as
// the stream's last event.
func (t *turn) fail(f *translate.Failure) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.failure = f
	if t.committed {
		t.stream.Fail(f)
		return
	}
	switch {
	case !t.request.Stream:
		t.failStatus(f)
	case f.Kind == translate.FailBusy && f.RetryAfter == 0, f.Code() == "server_error":
		// Codex hides the message of a 429 and multiplies its retries of a 5xx:
		// as an event both are shown and repeated as often as the profile says.
		t.beginLocked()
		t.stream.Fail(f)
	default:
		t.failStatus(f)
	}
}

// failStatus answers with a status that no client multiplies: never a 5xx.
func (t *turn) failStatus(f *translate.Failure) {
	t.answered = true
	switch f.Code() {
	case "rate_limit_exceeded":
		failParam(t.w, http.StatusTooManyRequests, f.Code(), f.Text(), "", f.RetryAfter)
	case "server_error":
		fail(t.w, http.StatusFailedDependency, "upstream_error", f.Text())
	default:
		fail(t.w, http.StatusBadRequest, f.Code(), f.Text())
	}
}
