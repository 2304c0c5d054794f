package load

import (
	"bytes"
	"fmt"
	"net"
	"strings"

	"github.com/BlockRunAI/clawrouter-codex/bench/body"
)

// Protocol is the API a target speaks, which decides what its answer's first
// token and end look like.
type Protocol int

const (
	Chat      Protocol = iota // Chat Completions: the stub, and a hop in front of it
	Responses                 // the Responses API: a bridge
)

// Target is one server under load.
type Target struct {
	Name     string
	Addr     string // host:port
	Protocol Protocol
	Header   []string // further header lines, "Name: value"
}

func (t Target) path() string {
	if t.Protocol == Responses {
		return "/v1/responses"
	}
	return "/v1/chat/completions"
}

// Request is one request to one target, cut where the ids of session and turn
// go, so that sending it copies nothing.
type Request struct{ pieces [][]byte }

// NewRequest prepares, for t's protocol, what r says. Body and headers may hold
// body.Thread and body.Turn.
func NewRequest(t Target, r body.Request) *Request {
	b := r.Chat
	if t.Protocol == Responses {
		b = r.Responses
	}
	var head strings.Builder
	fmt.Fprintf(&head, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n", t.path(), t.Addr, len(b))
	for _, line := range append(codexHeader(), t.Header...) {
		head.WriteString(line + "\r\n")
	}
	head.WriteString("\r\n")
	return &Request{cut(append([]byte(head.String()), b...))}
}

// codexHeader is what Codex 0.169 sends. Every target gets it, since reading it
// costs every target something.
func codexHeader() []string {
	metadata := fmt.Sprintf(`{"installation_id":"7c6c4b87-21df-4ee8-bbe6-74e0dd5b661f","session_id":%q,"thread_id":%q,"agent_name":"/root",`+
		`"turn_id":%q,"window_number":0,"request_kind":"turn","thread_source":"user","sandbox":"none","model":%q,"reasoning_effort":"medium"}`,
		body.Thread, body.Thread, body.Turn, body.Model)
	return []string{
		"Accept: text/event-stream",
		"Content-Type: application/json",
		"Originator: codex_exec",
		"User-Agent: codex_exec/0.169.0 (Debian 12.0.0; x86_64) xterm (codex_exec; 0.169.0)",
		"Session-Id: " + body.Thread,
		"Thread-Id: " + body.Thread,
		"X-Client-Request-Id: " + body.Thread,
		"X-Codex-Window-Id: " + body.Thread + ":0",
		"X-Codex-Beta-Features: remote_compaction_v2",
		"X-Codex-Turn-Metadata: " + metadata,
	}
}

// cut splits whole at each id; the odd pieces are the ids to replace.
func cut(whole []byte) [][]byte {
	var pieces [][]byte
	for {
		i, id := next(whole)
		if i < 0 {
			return append(pieces, whole)
		}
		pieces = append(pieces, whole[:i], []byte(id))
		whole = whole[i+len(id):]
	}
}

func next(b []byte) (int, string) {
	thread, turn := bytes.Index(b, []byte(body.Thread)), bytes.Index(b, []byte(body.Turn))
	if thread >= 0 && (turn < 0 || thread < turn) {
		return thread, body.Thread
	}
	return turn, body.Turn
}

// uuid has the length of body.Thread, looks like Codex's ids, and tells kind
// and number apart.
func uuid(kind, n uint64) []byte {
	return fmt.Appendf(nil, "01a20383-%04x-7000-8000-%012x", kind&0xffff, n&0xffffffffffff)
}

// buffers is the request with its ids filled in, for one writev.
func (r *Request) buffers(dst net.Buffers, thread, turn []byte) net.Buffers {
	dst = dst[:0]
	for i, p := range r.pieces {
		switch {
		case i%2 == 0:
			dst = append(dst, p)
		case string(p) == body.Thread:
			dst = append(dst, thread)
		default:
			dst = append(dst, turn)
		}
	}
	return dst
}
