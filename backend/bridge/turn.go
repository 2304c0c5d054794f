package bridge

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/backend/proxy"
	"github.com/BlockRunAI/clawrouter-codex/backend/spend"
	"github.com/BlockRunAI/clawrouter-codex/backend/translate"
)

// turn is one /v1/responses call, from its request to its last event.
type turn struct {
	server     *Server
	start      *start
	body       []byte // of the client's request, until it is translated
	request    *translate.Request
	chat       []byte      // nil when it can no more have to be sent again
	answer     chatAnswer  // the body of upstream's answer, nil where that cannot tell
	header     http.Header // what goes upstream beside the body
	translated *translate.Turn
	stream     *translate.Stream
	clawRouter bool
	compacts   bool // the answer is that of /v1/responses/compact
	codex      bool
	thread     string
	key        uint64   // recognises the same request when it comes again
	have       []string // ids of items that the client has from an answer that broke off
	newID      func(prefix string) string
	turnID     string             // Codex's id of the user's turn
	to         translate.Target   // how this round asks upstream
	asked      []translate.Search // what the last answer wants to be searched for
	model      string             // what upstream is asked for
	maxTokens  int                // the limit of output that goes with it, 0 for none
	attempt    int                // how often the request was sent before
	again      int                // what the marks of the client's own repeats begin at
	hold       *spend.Reservation // of the call under way
	cost       spend.Micros       // of the calls that are over
	began      time.Time
	firstByte  time.Duration // from began to the first byte of upstream's answer
	failure    *translate.Failure
	sent       bool // the last attempt may have reached upstream

	// mu is held while the stream is fed and while the client is written to: the
	// keep-alive timer does both beside the turn's own goroutine.
	mu        sync.Mutex
	w         http.ResponseWriter
	control   *http.ResponseController // of w
	conn      *gatherConn              // under w, nil for none
	beat      *time.Timer              // of keepAlive
	committed bool                     // the answer has begun as a stream, or will be a JSON object
	gone      bool                     // the client went away; upstream's answer is read to its end
	ended     bool
	lastWrite time.Time
}

// chatAnswer is what the body of an answer of *proxy.Client's tells besides.
type chatAnswer interface{ RequestRead() bool }

// translate makes the chat request. A ClawRouter is asked for a buffered answer:
// its streams are no faster and lose reasoning, usage details and the status.
func (t *turn) translate(ctx context.Context, h http.Header) error {
	t.clawRouter = t.server.cfg.Upstream.ClawRouter(ctx)
	model, swapped := t.server.choice.choose(ctx, t.request.Model, h)
	if swapped {
		t.server.cfg.Log.Info("Codex asked in the background for a model that upstream does not have; the thread's own is used instead", "asked", t.request.Model, "used", model)
	}
	if err := t.server.refusePaid(model); err != nil {
		return err
	}
	to := t.server.target(model, t.clawRouter)
	to.WebSearch = t.clawRouter && t.server.wantsSearch(h)
	to.EnvelopeKey = t.server.cfg.EnvelopeKey
	t.limit(&to)
	to.Tools = &t.server.tools
	t.to = to
	to.Room = bodies.take(len(t.body))
	chat, tr, err := t.request.Chat(to)
	if err != nil {
		return err
	}
	tr.Codex = t.codex
	if !t.once() {
		t.have = nil // only a whole answer can leave items out
	}
	t.chat, t.translated, t.stream = chat, tr, tr.Stream(translate.StreamOptions{
		Have:  t.have,
		NewID: func(prefix string) string { return t.newID(prefix) },
	})
	t.header = t.server.header(t.clawRouter, t.thread, tr.Model, t.key)
	t.server.told.tell(t.server.cfg.Log, "a tool that no chat model can have is left out", "type", tr.Dropped)
	t.server.told.tell(t.server.cfg.Log, "an input item of a type that is not known here is left out", "type", t.request.UnknownItems)
	t.server.told.tell(t.server.cfg.Log, "a request field that is not known here is ignored", "field", t.request.Unknown)
	return nil
}

func (t *turn) run(ctx context.Context, w http.ResponseWriter, r *http.Request) {
	t.w, t.control, t.conn, t.lastWrite = w, http.NewResponseController(w), gatherOf(r.Context()), time.Now()
	if t.request.Stream {
		stop := t.keepAlive(t.server.cfg.KeepAlive)
		defer stop()
	}
	for t.round(ctx, r.Context()) {
	}
}

// round asks upstream for one answer, again where that may mend a failure, and
// reports whether the turn has another round: the one after a web search.
func (t *turn) round(ctx, client context.Context) (another bool) {
	for attempt := 0; ; attempt++ {
		t.attempt = attempt
		err := t.exchange(ctx)
		t.settle(err)
		if err == nil {
			return t.goOn(ctx, client)
		}
		f := t.asFailure(ctx, client, err)
		remedy := f.Remedy(t.situation())
		// Whoever comes again asks for itself; nothing more is paid for nobody.
		if attempt >= remedy.Repeats || t.chat == nil || client.Err() != nil || !t.pause(ctx, attempt) {
			t.fail(f, t.limitRepeats(remedy.Code), attempt)
			return false
		}
		t.server.cfg.Log.Warn("the request is sent upstream again", "thread", t.thread, "attempt", attempt+1, "cause", f.Message)
		t.restart(remedy, attempt)
	}
}

// situation tells what has happened to the turn so far.
func (t *turn) situation() translate.Situation {
	t.mu.Lock()
	defer t.mu.Unlock()
	return translate.Situation{Paid: t.clawRouter && t.sent, Output: t.stream.Produced()}
}

// pause waits before a request is sent again; false means that the turn ended
// meanwhile. A crashed ClawRouter is back within seconds.
func (t *turn) pause(ctx context.Context, attempt int) bool {
	timer := time.NewTimer(t.server.cfg.Backoff(attempt))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// restart makes the turn ready for the answer to a repeated request.
func (t *turn) restart(r translate.Remedy, attempt int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.stream.Restart()
	t.sent = false
	if !r.SameBody && !t.server.cfg.Unshielded["repeats"] {
		t.chat = translate.Vary(t.chat, t.again+attempt+1)
	}
}

// once reports whether the turn's answer is kept, so that it is paid once: where
// paying comes first and a thread tells turns apart.
func (t *turn) once() bool { return t.clawRouter && t.codex && t.thread != "" }

// exchange sends the chat request and feeds the answer to the stream, its end
// included.
func (t *turn) exchange(ctx context.Context) error {
	if t.once() {
		return t.exchangeOnce(ctx)
	}
	resp, err := t.send(ctx)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if strings.Contains(resp.Header.Get("Content-Type"), "event-stream") {
		err = t.readEvents(resp.Body)
	} else {
		err = t.readBuffered(resp.Body)
	}
	if err != nil {
		return err
	}
	return t.end()
}

// end ends the answer, unless it asks for web searches: these are run first.
func (t *turn) end() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.asked = t.stream.Searches(); len(t.asked) > 0 {
		t.flush()
		return nil
	}
	return t.stream.End()
}

// send posts the chat request; an answer other than 200 is an error.
func (t *turn) send(ctx context.Context) (*http.Response, error) {
	if t.attempt > 0 && !t.clawRouter && t.server.cfg.Upstream.ClawRouter(ctx) {
		// It would be paid for a request that was made for another server: without a
		// reservation, and with no limit of output.
		return nil, &translate.Failure{Kind: translate.FailBusy, RetryAfter: time.Second, Message: "A ClawRouter has just come up where another server was expected."}
	}
	if err := t.reserve(); err != nil {
		return nil, err
	}
	t.answer = nil
	resp, err := t.server.cfg.Upstream.Chat(ctx, t.chat, t.header)
	if t.firstByte == 0 {
		t.firstByte = time.Since(t.began)
	}
	if err != nil {
		var send *proxy.SendError
		t.sent = !errors.As(err, &send) || send.Sent
		return nil, err
	}
	t.sent = true
	if resp.StatusCode != http.StatusOK {
		defer resp.Body.Close()
		return nil, refusal(resp)
	}
	t.answer, _ = resp.Body.(chatAnswer)
	return resp, nil
}

// maxErrorBody is how much of an error page is read, in bytes.
const maxErrorBody = 64 << 10

func refusal(resp *http.Response) error {
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxErrorBody))
	if err != nil && len(body) == 0 {
		return err
	}
	f := translate.ClassifyError(resp.StatusCode, body, "")
	if d := retryAfter(resp.Header.Get("Retry-After"), time.Now()); d > 0 {
		f.RetryAfter = d // more exact than words
	}
	return f
}

// retryAfter reads a Retry-After header: seconds, or a date.
func retryAfter(v string, now time.Time) time.Duration {
	if d, err := time.ParseDuration(strings.TrimSpace(v) + "s"); err == nil && d > 0 {
		return d
	}
	if at, err := http.ParseTime(v); err == nil && at.After(now) {
		return at.Sub(now)
	}
	return 0
}

// maxAnswer is the largest buffered answer, in bytes.
const maxAnswer = 64 << 20

func (t *turn) readBuffered(body io.Reader) error {
	data, err := io.ReadAll(io.LimitReader(body, maxAnswer))
	if err != nil {
		return err
	}
	return t.complete(data)
}

// complete feeds a whole answer to the stream.
func (t *turn) complete(data []byte) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if looksLikeEvents(data) {
		t.beginLocked()
		var dec translate.SSEDecoder
		if err := dec.Feed(data, t.stream.Chunk); err != nil {
			return err
		}
		return dec.Close(t.stream.Chunk)
	}
	t.beginLocked()
	return t.stream.Completion(data)
}

// looksLikeEvents recognises an event stream that calls itself something else.
func looksLikeEvents(data []byte) bool {
	head := strings.TrimLeft(string(data[:min(len(data), 64)]), "\ufeff \r\n\t")
	return strings.HasPrefix(head, "data:") || strings.HasPrefix(head, ":") || strings.HasPrefix(head, "event:")
}

// asFailure tells what an error of the exchange means.
func (t *turn) asFailure(ctx, client context.Context, err error) *translate.Failure {
	var f *translate.Failure
	switch {
	case errors.As(err, &f):
		return f
	case errors.Is(context.Cause(ctx), errStopping):
		return &translate.Failure{Kind: translate.FailStopped, Message: "clawrouter-codex was stopped while this turn was running. Start it again (clawrouter-codex up) and repeat the turn."}
	case client.Err() != nil:
		return &translate.Failure{Kind: translate.FailHangUp, Message: "The client went away."}
	case errors.Is(err, translate.ErrLineTooLong):
		return &translate.Failure{Kind: translate.FailGarbage, Message: "The upstream sent a line of over 16 MB."}
	case t.sent:
		return &translate.Failure{Kind: translate.FailHangUp, Message: "The connection to the upstream broke before its answer was complete (" + err.Error() + ")."}
	}
	return &translate.Failure{Kind: translate.FailUnreachable, Message: "ClawRouter cannot be reached (" + err.Error() + "). Run: clawrouter-codex doctor"}
}

// used is the model that answered as upstream names it, "" where it named none:
// the stream then says what the client asked for, which may stand for another.
func (t *turn) used(named string) string {
	if named == t.request.Model && named != t.model {
		return ""
	}
	return named
}

func (t *turn) log() {
	r := t.stream.Result()
	level, outcome := slog.LevelInfo, "ok"
	attrs := []any{
		"thread", t.thread, "model", t.request.Model, "used", r.Model,
		"in", r.Usage.Input, "cached", r.Usage.Cached, "out", r.Usage.Output, "usd", t.cost.USD(),
		"first_ms", t.firstByte.Milliseconds(), "ms", time.Since(t.began).Milliseconds(),
	}
	if r.Notice != "" && t.server.told.first(r.Notice) {
		t.server.cfg.Log.Warn("ClawRouter says", "notice", r.Notice)
	}
	if n := t.to.SearchRounds; n > 0 {
		attrs = append(attrs, "search_rounds", n)
	}
	if n := t.stream.Recovered(); n > 0 {
		attrs = append(attrs, "recovered_calls", n)
	}
	if t.failure != nil {
		level, outcome = slog.LevelWarn, string(t.failure.Kind)
		attrs = append(attrs, "error", t.failure.Message)
	} else if t.server.cfg.Answered != nil {
		t.server.cfg.Answered(Answer{Asked: t.model, Used: t.used(r.Model), Notice: r.Notice})
	}
	t.server.cfg.Log.Log(context.Background(), level, "turn", append(attrs, "outcome", outcome)...)
}
