//go:build e2e

package outages

import (
	"io"
	"net"
	"sync"
	"testing"
)

// relay is the network between bridge and upstream.
type relay struct {
	t       *testing.T
	address string // its own
	target  string

	mu       sync.Mutex
	listener net.Listener // nil while nothing answers here
	conns    map[*net.TCPConn]bool
	silent   bool
}

func newRelay(t *testing.T) *relay {
	t.Helper()
	r := &relay{t: t, address: "127.0.0.1:0", conns: map[*net.TCPConn]bool{}}
	r.restore()
	t.Cleanup(r.goAway)
	return r
}

// before is for stage.Through.
func (r *relay) before(target string) string {
	r.target = target
	return r.address
}

// restore brings the network back.
func (r *relay) restore() {
	r.t.Helper()
	l, err := net.Listen("tcp", r.address)
	if err != nil {
		r.t.Fatal(err)
	}
	r.mu.Lock()
	r.listener, r.address, r.silent = l, l.Addr().String(), false
	r.mu.Unlock()
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go r.carry(conn.(*net.TCPConn))
		}
	}()
}

func (r *relay) carry(near *net.TCPConn) {
	conn, err := net.Dial("tcp", r.target)
	if err != nil {
		_ = near.Close()
		return
	}
	far := conn.(*net.TCPConn)
	r.mu.Lock()
	r.conns[near], r.conns[far] = true, true
	r.mu.Unlock()
	var both sync.WaitGroup
	both.Go(func() { r.copy(far, near) })
	both.Go(func() { r.copy(near, far) })
	both.Wait()
	r.mu.Lock()
	delete(r.conns, near)
	delete(r.conns, far)
	r.mu.Unlock()
	_, _ = near.Close(), far.Close()
}

func (r *relay) copy(to, from *net.TCPConn) {
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		r.mu.Lock()
		silent := r.silent
		r.mu.Unlock()
		if !silent && n > 0 {
			if _, werr := to.Write(buf[:n]); werr != nil {
				err = werr
			}
		}
		if err == io.EOF {
			_ = to.CloseWrite()
			return
		}
		if err != nil {
			_, _ = to.Close(), from.Close()
			return
		}
	}
}

// hush swallows what is sent from now on, as a network does that went away without a
// word.
func (r *relay) hush() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.silent = true
}

// speak ends what hush began.
func (r *relay) speak() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.silent = false
}

// up reports whether new connections are made.
func (r *relay) up() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.listener != nil
}

// cut resets all connections; new ones are made.
func (r *relay) cut() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for conn := range r.conns {
		_ = conn.SetLinger(0)
		_ = conn.Close()
	}
}

// goAway resets all connections and refuses new ones.
func (r *relay) goAway() {
	r.mu.Lock()
	if r.listener != nil {
		_ = r.listener.Close()
		r.listener = nil
	}
	r.mu.Unlock()
	r.cut()
}
