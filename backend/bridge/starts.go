package bridge

import (
	"sync/atomic"
	"time"
)

// starts bounds how many turns at a time are between their request and the first
// words of their answer, which is when a turn holds most: its body, what that is
// read into, and the chat request. A client whose turn waits keeps its request in the
// system's buffers meanwhile. With 256 streams of 78 KB that answer at once, memory is
// 0.65 × what it is without.
type starts chan struct{}

const (
	// maxStarts leaves the processors enough to do while some turns wait for upstream:
	// with a fifth of it, a bridge under full load answers three quarters as many. Each
	// more may take a quarter of a megabyte.
	maxStarts = 40
	// startFor is how long a start may keep others waiting. A fast upstream has
	// answered by then; a model thinks, and a client can be slow, for much longer.
	startFor = 40 * time.Millisecond
)

// begin waits for its turn, which comes as surely as startFor ends.
func (s starts) begin() *start {
	s <- struct{}{}
	st := &start{of: s}
	st.timer = time.AfterFunc(startFor, st.leave)
	return st
}

// start is one of them; nil is none.
type start struct {
	of    starts
	timer *time.Timer
	left  atomic.Bool
}

// over lets the next one begin, if startFor has not yet. It may be called again.
func (st *start) over() {
	if st != nil {
		st.timer.Stop()
		st.leave()
	}
}

func (st *start) leave() {
	if !st.left.Swap(true) {
		<-st.of
	}
}
