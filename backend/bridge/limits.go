package bridge

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/backend/translate"
)

// DefaultMaxTurns is far above what one person's agents ask at a time.
const DefaultMaxTurns = 512

// busyFor is how long a client that comes when all places are taken is told to wait.
const busyFor = 2 * time.Second

// atMost lets MaxTurns in at a time. The others are answered with 429 and
// Retry-After, which Codex obeys; it would multiply its repeats of a 503.
func (s *Server) atMost(next http.HandlerFunc) http.HandlerFunc {
	n := s.cfg.MaxTurns
	return func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			s.running.Add(-1)
			s.rest.turnEnded()
		}()
		if s.running.Add(1) > int64(n) {
			w.Header().Set("Connection", "close") // the body is not read
			failParam(w, http.StatusTooManyRequests, translate.CodeWait,
				fmt.Sprintf("The bridge is busy with %d turns, as many as it takes at a time. Please try again in %.0fs.", n, busyFor.Seconds()), "", busyFor)
			return
		}
		next(w, r)
	}
}

// Patience is how long the bridge waits for a client. None of it bounds an answer,
// which may take a model as long as it takes.
type Patience struct {
	Header time.Duration // for the end of the request line and headers (slow loris)
	Body   time.Duration // for the end of the body, from the end of the headers
	// Read is how long a client may take nothing of what is written to it. One on
	// this machine that takes that long is not slow, it is gone or hostile; and what
	// it does not take is held in memory.
	Read time.Duration
	Idle time.Duration // between two requests on one connection
}

// DefaultPatience is plenty on loopback.
func DefaultPatience() Patience {
	return Patience{Header: 10 * time.Second, Body: time.Minute, Read: time.Minute, Idle: 2 * time.Minute}
}

func (p Patience) orDefault() Patience {
	d := DefaultPatience()
	return Patience{cmp.Or(p.Header, d.Header), cmp.Or(p.Body, d.Body), cmp.Or(p.Read, d.Read), cmp.Or(p.Idle, d.Idle)}
}

// slowSenders ends connections whose client does not send the body that it announced.
// It stands before every guard: net/http waits for what is left of a body that
// nobody wanted to read, and would do so without end.
func slowSenders(limit time.Duration, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength == 0 {
			next.ServeHTTP(w, r)
			return
		}
		control := http.NewResponseController(w)
		// Not every ResponseWriter has deadlines; those of net/http do.
		_ = control.SetReadDeadline(time.Now().Add(limit))
		// A copy, because net/http goes by the type of its own request's body.
		r = r.WithContext(r.Context())
		r.Body = &timedBody{r.Body, control}
		next.ServeHTTP(w, r)
	})
}

// timedBody takes the deadline off when the body is there: what is read from then
// on is only whether the client goes away, for as long as the model takes.
type timedBody struct {
	io.ReadCloser
	control *http.ResponseController
}

// Read implements io.Reader.
func (b *timedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if errors.Is(err, io.EOF) {
		_ = b.control.SetReadDeadline(time.Time{})
	}
	return n, err
}

// slowReaders ends connections whose client does not read. There is no limit on the
// time that an answer takes as a whole.
func slowReaders(limit time.Duration, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(&patientWriter{ResponseWriter: w, control: http.NewResponseController(w), limit: limit}, r)
	})
}

// patientWriter gives every write its own deadline. Without one of its own, a write
// would have that of the write before it.
type patientWriter struct {
	http.ResponseWriter
	control *http.ResponseController
	limit   time.Duration
}

// Write implements io.Writer.
func (w *patientWriter) Write(p []byte) (int, error) {
	w.extend()
	return w.ResponseWriter.Write(p)
}

// WriteHeader implements http.ResponseWriter.
func (w *patientWriter) WriteHeader(status int) {
	w.extend()
	w.ResponseWriter.WriteHeader(status)
}

// FlushError is for http.ResponseController.
func (w *patientWriter) FlushError() error {
	w.extend()
	return w.control.Flush()
}

// Unwrap is for http.ResponseController.
func (w *patientWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// extend has no effect on a writer without deadlines; those of net/http have them.
func (w *patientWriter) extend() { _ = w.control.SetWriteDeadline(time.Now().Add(w.limit)) }
