package stub

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/bench/body"
)

// Server is the stub's HTTP surface.
type Server struct {
	// ClawRouter makes /health look like a ClawRouter's, so that a bridge in
	// front does all that it does for one: ledger, cap, key, buffered answers.
	ClawRouter bool
	// Parse makes the stub decode each request's JSON, as a real upstream must,
	// instead of looking for its marker only. The time to the first token is
	// then what a user would see; what stands between adds the same.
	Parse bool

	gate gate

	mu      sync.Mutex // guards scripts
	scripts map[scriptKey]*script
}

type scriptKey struct {
	answer   Answer
	streamed bool
}

// GatePath is where a benchmark works the gate: GET with ?waiting=N answers when
// N answers wait there, POST opens it.
const GatePath = "/stub/gate"

// ServeHTTP answers /v1/chat/completions, /v1/models, /health and GatePath.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Method == http.MethodPost && r.URL.Path == "/v1/chat/completions":
		s.chat(w, r)
	case r.URL.Path == "/v1/models":
		writeJSON(w, []byte(fmt.Sprintf(`{"object":"list","data":[{"id":%q,"object":"model","created":%d,"owned_by":"stub"}]}`, body.Model, created)))
	case r.URL.Path == "/health" && s.ClawRouter:
		// Full answers and short ones differ by the balance; more is tolerated.
		writeJSON(w, []byte(`{"status":"ok","wallet":"0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266","paymentChain":"base","balance":"$1000.00","isLow":false,"isEmpty":false}`))
	case r.URL.Path == GatePath:
		s.workGate(w, r)
	default:
		http.Error(w, `{"error":"Not found"}`, http.StatusNotFound)
	}
}

func writeJSON(w http.ResponseWriter, b []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(b)))
	w.Write(b)
}

func (s *Server) workGate(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPost {
		s.gate.open()
		return
	}
	n, err := count(r.URL.Query().Get("waiting"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	// An error means that the one who asked has gone.
	_ = s.gate.await(r.Context(), n)
}

func (s *Server) chat(w http.ResponseWriter, r *http.Request) {
	read := scan
	if s.Parse {
		read = parse
	}
	marker, streamed, err := read(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	answer, err := ParseMarker(marker)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	script := s.script(scriptKey{answer, streamed})
	if answer.Gated && s.gate.pass(r.Context()) != nil {
		return
	}
	if script.json != nil {
		writeJSON(w, script.json)
		return
	}
	script.play(r.Context(), w, &s.gate)
}

// script renders an answer once. The number kept is bounded for the sake of a
// long run with many scenarios.
func (s *Server) script(key scriptKey) *script {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.scripts[key] == nil {
		if s.scripts == nil || len(s.scripts) >= 32 {
			s.scripts = map[scriptKey]*script{}
		}
		s.scripts[key] = key.answer.render(key.streamed)
	}
	return s.scripts[key]
}

// scanWindow is how much of the request is held at once while looking for the
// marker: the stub must not need memory for the bodies of 256 open streams.
const scanWindow = 64 << 10

// windows are used again: what the stub throws away has it collect garbage, more often
// the fewer connections it has, and whoever keeps fewer would look slower.
var windows = sync.Pool{New: func() any { b := make([]byte, scanWindow); return &b }}

// longestMarker bounds a marker, in bytes.
const longestMarker = 512

// overlap is what two windows have in common, so that neither a marker nor the options
// at the end are cut in two.
const overlap = max(longestMarker, optionsWindow)

// optionsWindow is where a client puts whether it wants a stream: so many bytes at the
// beginning of its request, or at the end. Nowhere else is looked, because a search
// through what lies between would cost a tenth of a millisecond for the one whose
// request says it last, and nothing for the one that says it first.
const optionsWindow = 1 << 10

func wantsStream(options []byte) bool {
	return bytes.Contains(options, []byte(`"stream":true`)) || bytes.Contains(options, []byte(`"stream": true`))
}

// scan reads all of r and returns the text from the marker on, and whether the
// request asks for a stream.
func scan(r io.Reader) (marker string, streamed bool, err error) {
	window := windows.Get().(*[]byte)
	defer windows.Put(window)
	buf := (*window)[:0]
	for first := true; ; first = false {
		n, err := io.ReadFull(r, buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		last := err == io.EOF || err == io.ErrUnexpectedEOF
		if err != nil && !last {
			return "", false, fmt.Errorf("read request: %w", err)
		}
		if first {
			streamed = wantsStream(buf[:min(len(buf), optionsWindow)])
		}
		if i := bytes.Index(buf, []byte(markerOpen)); i >= 0 && marker == "" && (last || len(buf)-i >= longestMarker) {
			marker = string(buf[i:min(len(buf), i+longestMarker)])
		}
		if last {
			return marker, streamed || wantsStream(buf[max(0, len(buf)-optionsWindow):]), nil
		}
		buf = buf[:copy(buf, buf[len(buf)-overlap:])]
	}
}

// parse is scan for a stub that decodes its requests.
func parse(r io.Reader) (marker string, streamed bool, err error) {
	b, err := io.ReadAll(r)
	if err != nil {
		return "", false, fmt.Errorf("read request: %w", err)
	}
	var request struct {
		Stream   bool
		Messages []struct {
			Role, ToolCallID string
			Content          any
			ToolCalls        []wireCall `json:"tool_calls"`
		}
		Tools []struct {
			Type     string
			Function struct {
				Name, Description string
				Parameters        any
			}
		}
	}
	if err := json.Unmarshal(b, &request); err != nil {
		return "", false, fmt.Errorf("decode request: %w", err)
	}
	at := bytes.Index(b, []byte(markerOpen))
	if at < 0 {
		return "", request.Stream, nil
	}
	return string(b[at:min(len(b), at+longestMarker)]), request.Stream, nil
}

// play writes the script's chunks on their timetable, which counts from the
// headers, so that a chunk written late does not make the next ones late too.
func (s *script) play(ctx context.Context, w http.ResponseWriter, g *gate) {
	w.Header().Set("Content-Type", "text/event-stream")
	a, start := s.answer, time.Now()
	if a.Buffered {
		io.WriteString(w, ": heartbeat\n\n")
	}
	var out []byte
	control := http.NewResponseController(w)
	for i := 0; i < len(s.chunks); {
		if a.Delay > 0 && wait(ctx, start.Add(time.Duration(i)*a.Delay)) != nil {
			return
		}
		next := min(i+s.group(), len(s.chunks))
		out = out[:0]
		for ; i < next; i++ {
			out = s.appendChunk(out, i, time.Now())
		}
		if _, err := w.Write(out); err != nil {
			return
		}
		if control.Flush() != nil {
			return
		}
		if a.Gated && i == s.firstText+1 && g.pass(ctx) != nil {
			return
		}
	}
}

// group is how many chunks go out in one write.
func (s *script) group() int {
	if s.answer.Delay > 0 || s.answer.Gated {
		return 1
	}
	return max(s.answer.Write, 1)
}

// wait returns at the given time, or with an error as soon as ctx ends.
func wait(ctx context.Context, until time.Time) error {
	d := time.Until(until)
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
