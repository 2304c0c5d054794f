package main

import (
	"bytes"
	"regexp"
	"strconv"
	"sync"
)

// heapEnv makes a Go program report its live heap at each collection, and
// collect often. How often does not change what is live; without it, the figure
// would be mostly garbage that nobody has looked at yet.
var heapEnv = []string{"GODEBUG=gctrace=1", "GOGC=10"}

// heap reads those reports from a process's output.
type heap struct {
	mu      sync.Mutex
	partial []byte
	seen    int
	live    int64 // bytes, at the last collection: heap and stacks
}

// collection is the report of one collection (package runtime, GODEBUG
// gctrace): "gc 7 @1.2s 1%: … 4->5->2 MB, 6 MB goal, 1 MB stacks, …".
var collection = regexp.MustCompile(`^gc \d+ @.* \d+->\d+->(\d+) MB, .* (\d+) MB stacks`)

func (h *heap) Write(b []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.partial = append(h.partial, b...)
	for {
		line, rest, ok := bytes.Cut(h.partial, []byte("\n"))
		if !ok {
			return len(b), nil
		}
		h.partial = rest
		if m := collection.FindSubmatch(line); m != nil {
			h.report(m[1], m[2])
		}
	}
}

func (h *heap) report(live, stacks []byte) {
	var megabytes int64
	for _, digits := range [][]byte{live, stacks} {
		n, err := strconv.ParseInt(string(digits), 10, 64)
		if err != nil {
			return
		}
		megabytes += n
	}
	h.live, h.seen = megabytes*megabyte, h.seen+1
}

// now is the number of collections so far, and the live heap at the last one.
func (h *heap) now() (seen int, live int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.seen, h.live
}
