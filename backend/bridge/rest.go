package bridge

import (
	"runtime"
	"runtime/debug"
	"time"
)

// restAfter is how long after its last turn the bridge gives its memory back to the
// system. Go does so by itself only when it collects, and a program that rests has
// nothing to collect.
const restAfter = 15 * time.Second

// rest gives memory back when nothing is going on.
type rest struct {
	timer *time.Timer
	busy  func() bool
}

func newRest(busy func() bool, free func()) *rest {
	r := &rest{busy: busy}
	r.timer = time.AfterFunc(restAfter, func() {
		if !r.busy() {
			free()
		}
	})
	r.timer.Stop() // nothing was used yet
	return r
}

// turnEnded starts the wait again, if that was the last turn.
func (r *rest) turnEnded() {
	if !r.busy() {
		r.timer.Reset(restAfter)
	}
}

func (r *rest) stop() { r.timer.Stop() }

// freeMemory takes a few milliseconds. Pools keep what they have for one collection,
// so there is one before that of FreeOSMemory.
func freeMemory() {
	runtime.GC()
	debug.FreeOSMemory()
}
