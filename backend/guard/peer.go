package guard

import (
	"context"
	"net"
	"net/http"
	"sync"

	"github.com/BlockRunAI/clawrouter-codex/backend/socket"
)

// KeyHeader carries the bridge's key, as it stands in the key file.
const KeyHeader = "X-Clawrouter-Key"

// codeTell is the one error code whose message Codex shows as it is, once, and does
// not repeat the request for.
const codeTell = "invalid_prompt"

// OtherUsers stops other users of the machine, whose turns this user would pay for.
// A request with the key passes; one without passes where the system proves that
// its sender is this user's. The key goes no further than here.
func OtherUsers(refuse Refuse, matches func(key string) bool) Guard {
	return func(next http.Handler) http.Handler {
		known := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			r.Header.Del(KeyHeader)
			next.ServeHTTP(w, r)
		})
		return check(refuse, http.StatusBadRequest, func(r *http.Request) (string, string) {
			key := r.Header.Get(KeyHeader)
			switch {
			case key != "" && matches(key), SameUser(r):
				return "", ""
			case key != "":
				return codeTell, "The bridge's key in Codex's config is not the one in force. Run clawrouter-codex setup, and start Codex again."
			}
			return codeTell, "The bridge takes requests only from the user who runs it, and this one came without its key. Run as that user: clawrouter-codex setup"
		})(known)
	}
}

// peer is the other end of one connection. It is looked up once, and only when a
// request asks for it.
type peer struct {
	conn  net.Conn
	look  sync.Once
	ours  bool
	known bool
}

type peerKey struct{}

// ConnContext is http.Server's: it lets SameUser and OtherUser remember what they
// found for as long as the connection lasts.
func ConnContext(ctx context.Context, conn net.Conn) context.Context {
	return context.WithValue(ctx, peerKey{}, &peer{conn: conn})
}

// SameUser reports whether the sender of a request is proven to be the user who
// runs this program. Without ConnContext nobody is proven to be anybody.
func SameUser(r *http.Request) bool {
	ours, known := whose(r)
	return known && ours
}

// OtherUser reports whether the sender is proven to be somebody else.
func OtherUser(r *http.Request) bool {
	ours, known := whose(r)
	return known && !ours
}

func whose(r *http.Request) (ours, known bool) {
	p, ok := r.Context().Value(peerKey{}).(*peer)
	if !ok {
		return false, false
	}
	p.look.Do(func() {
		local, ok := p.conn.LocalAddr().(*net.TCPAddr)
		remote, okRemote := p.conn.RemoteAddr().(*net.TCPAddr)
		if !ok || !okRemote {
			return
		}
		// Not the first request's context: the answer is for all of them.
		ours, err := socket.Peer(context.WithoutCancel(r.Context()), local.AddrPort(), remote.AddrPort())
		p.ours, p.known = ours, err == nil
	})
	return p.ours, p.known
}
