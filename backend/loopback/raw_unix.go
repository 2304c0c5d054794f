//go:build darwin || linux

package loopback

import (
	"errors"
	"io"
	"os"
	"runtime"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// Supported tells whether this system can be asked what a connection takes, or has, at
// this moment.
const Supported = true

// readSize is what one read may bring, in bytes.
const readSize = 16 << 10

// buffers are taken for a read, and given back when all was taken from them: a
// connection that waits for an answer has none, which is 16 KB less for each.
var buffers = sync.Pool{New: func() any { b := make([]byte, readSize); return &b }}

// wire makes system calls on a connection. Its functions are made once, because they
// would be allocated with every call.
type wire struct {
	raw    syscall.RawConn
	fd     int32
	onWait func() // called before a read waits, nil for none
	over   bool   // the server ended the connection, or it broke
	// waited tells that there was nothing to read the last time. In a crowd what has come
	// since then is the first of more: others go on before it is read.
	waited bool
	crowd  func() bool

	buffer *[]byte // nil where nothing is left to be taken
	left   []byte  // of buffer
	out    [2][]byte
	n      int
	err    error
	reads  func(fd uintptr) bool
	looks  func(fd uintptr) bool
	writes func(fd uintptr) bool
}

func newWire(raw syscall.RawConn, crowd func() bool) (*wire, error) {
	w := &wire{crowd: crowd, raw: raw}
	if err := raw.Control(func(fd uintptr) { w.fd = int32(fd) }); err != nil {
		return nil, err
	}
	w.reads = w.read
	w.looks = func(fd uintptr) bool {
		var one [1]byte
		w.system(fd, one[:])
		return true
	}
	w.writes = func(fd uintptr) bool {
		beforeWrite()
		w.n, w.err = unix.Writev(int(fd), w.out[:])
		return true
	}
	return w, nil
}

// read reports false where it has to be called again when there is something to read.
func (w *wire) read(fd uintptr) bool {
	if w.waited {
		w.waited = false
		if w.crowd() {
			runtime.Gosched()
		}
	}
	w.buffer = buffers.Get().(*[]byte)
	w.system(fd, *w.buffer)
	if w.n > 0 {
		w.left = (*w.buffer)[:w.n]
		return true
	}
	w.drop()
	if !errors.Is(w.err, syscall.EAGAIN) {
		return true
	}
	if w.onWait != nil {
		w.onWait()
	}
	w.waited = true
	return false
}

// system asks the system for what is there now.
func (w *wire) system(fd uintptr, p []byte) {
	for {
		w.n, w.err = syscall.Read(int(fd), p)
		if !errors.Is(w.err, syscall.EINTR) {
			break
		}
	}
	w.over = w.n <= 0 && !errors.Is(w.err, syscall.EAGAIN)
}

// drop lets go of what is left.
func (w *wire) drop() {
	if w.buffer != nil {
		buffers.Put(w.buffer)
		w.buffer, w.left = nil, nil
	}
}

// Read reads what is there, and waits where there is nothing.
func (w *wire) Read(p []byte) (int, error) {
	if len(w.left) == 0 {
		if err := w.raw.Read(w.reads); err != nil {
			return 0, err
		}
		switch {
		case w.over && w.err == nil:
			return 0, io.EOF
		case w.over:
			// The system says it once: who reads again meets an end.
			return 0, os.NewSyscallError("read", w.err)
		}
	}
	n := copy(p, w.left)
	if w.left = w.left[n:]; len(w.left) == 0 {
		w.drop()
	}
	return n, nil
}

// quiet reports whether a read would wait, of a wire of which nothing is left.
func (w *wire) quiet() bool {
	return w.raw.Read(w.looks) == nil && errors.Is(w.err, syscall.EAGAIN)
}

// lookout asks for many connections at once whether one of them is not quiet, as a turn
// does before it begins: one by one, 256 of them take 7 × the time.
type lookout []unix.PollFd

// allQuiet is said of connections that nobody uses, and nobody closes meanwhile. false
// is not certain.
func (l *lookout) allQuiet(conns []*conn) bool {
	*l = (*l)[:0]
	for _, c := range conns {
		*l = append(*l, unix.PollFd{Fd: c.wire.fd, Events: unix.POLLIN})
	}
	if len(*l) == 0 {
		return true
	}
	n, err := unix.Poll(*l, 0)
	return n == 0 && err == nil
}

// Writev sends what the system takes of head and body at once.
func (w *wire) Writev(head, body []byte) (int, error) {
	w.out = [2][]byte{head, body}
	err := w.raw.Write(w.writes)
	w.out = [2][]byte{}
	switch {
	case err != nil:
		return 0, err
	case errors.Is(w.err, syscall.EAGAIN), errors.Is(w.err, syscall.EINTR):
		return 0, nil
	}
	w.over = w.err != nil
	return max(w.n, 0), os.NewSyscallError("write", w.err)
}
