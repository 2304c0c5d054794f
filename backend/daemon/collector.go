package daemon

import (
	"runtime"
	"runtime/debug"
	"strings"
)

// The garbage collector runs when the heap has grown by a share of what is live.
// Between turns hardly anything is, so with Go's usual share of 100 % a busy bridge
// collects every few milliseconds, which is a seventh of its CPU time; a larger share
// would let a few hundred streams grow to twice the memory. Memory that is counted
// and never touched, so that the system does not give it, makes the collector wait
// for 5 MB of garbage and a tenth of what is live, however much that is. 16 MB would
// save another thirtieth of the CPU time, and be 10 MB more of memory.
const (
	uncollected  = 48 << 20
	collectShare = 10 // %
)

// collectLess sets the collector until restore is called. A GOGC of the user's own
// counts more.
func collectLess(environ []string) (restore func()) {
	for _, line := range environ {
		if v, ok := strings.CutPrefix(line, "GOGC="); ok && v != "" {
			return func() {}
		}
	}
	untouched := make([]byte, uncollected)
	before := debug.SetGCPercent(collectShare)
	return func() {
		debug.SetGCPercent(before)
		runtime.KeepAlive(untouched)
	}
}
