package clawsim

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"time"
)

const (
	heartbeat      = ": heartbeat\n\n"
	heartbeatEvery = 2 * time.Second
)

// deliver starts the call and stays with the client: it sends heartbeats while
// the gateway is silent, and notices when the client goes away.
func (s *Sim) deliver(w http.ResponseWriter, r *http.Request, x *exchange) {
	ctx, hangUp := s.ctx, context.CancelFunc(func() {})
	if atLeast(s.version, versionAbort) {
		ctx, hangUp = context.WithCancel(s.ctx)
	}
	defer hangUp()
	result := make(chan answer, 1)
	s.calls.Go(func() { result <- s.run(ctx, x) })
	early := x.stream && s.spoils(SpoilErrors)
	if early {
		startStream(w)
	}
	for {
		var beat <-chan time.Time
		if early {
			beat = s.clock.After(heartbeatEvery)
		}
		select {
		case a := <-result:
			s.countAnswer(x.id, "gateway", a.status)
			if !early {
				s.writeAnswer(w, r, a)
				return
			}
			s.writeChunks(w, r, a)
			return
		case <-beat:
			writeString(w, heartbeat)
		case <-r.Context().Done():
			s.clientGone(x)
			return
		}
	}
}

// clientGone books a client that did not wait. Those who joined its call are
// told to try again, as the real one tells them.
func (s *Sim) clientGone(x *exchange) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.book.rec.Abandoned++
	x.gone = true
	for _, c := range x.calls {
		c.ClientGone = true
	}
	s.replays.abandon(x.key)
}

func writeString(w http.ResponseWriter, text string) {
	io.WriteString(w, text)
	flush(w)
}

func startStream(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-cache")
	w.Header().Del("Keep-Alive")
	w.WriteHeader(http.StatusOK)
	writeString(w, heartbeat)
}

// writeAnswer sends status, headers and body; a stream that has not begun begins here.
func (s *Sim) writeAnswer(w http.ResponseWriter, r *http.Request, a answer) {
	if a.status == 0 {
		// The call was cancelled: only its own client could be reading.
		hijack(w, nil)
		return
	}
	for k, v := range a.header {
		w.Header()[k] = v
	}
	if a.wire != "" {
		w.Header().Del("Content-Length")
	}
	w.WriteHeader(a.status)
	if a.header.Get("Content-Length") == "" || a.wire != "" {
		flush(w)
	}
	s.writeChunks(w, r, a)
}

// writeChunks sends the rest of an answer whose head is out, and breaks the line
// where the script says so.
func (s *Sim) writeChunks(w http.ResponseWriter, r *http.Request, a answer) {
	chunks := a.chunks
	if len(a.body) > 0 {
		chunks = append([][]byte{a.body}, chunks...)
	}
	all := bytes.Join(chunks, nil)
	switch a.wire {
	case WireCut:
		w.Write(all[:len(all)/2])
		flush(w)
		hijack(w, nil)
		return
	case WireSilent:
		w.Write(all[:len(all)/2])
		flush(w)
		select {
		case <-r.Context().Done():
		case <-s.ctx.Done():
		}
		return
	case WireGarbage:
		hijack(w, []byte("\x00\x01\x02 this is no answer \xff\xfe\r\n"))
		return
	case WireHalf:
		chunks = [][]byte{bytes.Replace(all, []byte(`"content":"`), []byte("\"content\":\"caf\xc3"), 1)}
	}
	for i, c := range chunks {
		if i > 0 && a.pace > 0 && !s.pause(r, a.pace) {
			return
		}
		if _, err := w.Write(c); err != nil {
			return
		}
		if len(a.chunks) > 0 {
			flush(w)
		}
	}
}

func (s *Sim) pause(r *http.Request, d time.Duration) bool {
	select {
	case <-s.clock.After(d):
		return true
	case <-r.Context().Done():
	case <-s.ctx.Done():
	}
	return false
}

// hijack takes the connection from the server, writes what is given and hangs up
// without the end that HTTP wants.
func hijack(w http.ResponseWriter, junk []byte) {
	h, ok := w.(http.Hijacker)
	if !ok {
		panic(http.ErrAbortHandler)
	}
	conn, buf, err := h.Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	buf.Flush()
	_, _ = conn.Write(junk)
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.CloseWrite()
	}
	conn.Close()
}
