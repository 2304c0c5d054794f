package bridge

import "testing"

// A small request does not keep the room of a huge one from the collector, and what is
// larger than any request is nobody's to keep.
func TestHugeRoomIsForHugeRequests(t *testing.T) {
	var p bodyPool
	const small, huge, beyond = 80_000, 32 << 20, maxPooledBody + 1
	for range 8 {
		for _, size := range []int{small, huge, beyond} {
			p.give(make([]byte, size))
		}
	}
	for range 24 { // the race detector has the pool forget some of what it is given
		if got := cap(p.take(small)); got > hugeBody {
			t.Fatalf("a small request has room for %d bytes", got)
		}
		if got := cap(p.take(huge)); got > 0 && got <= hugeBody || got > maxPooledBody {
			t.Fatalf("a huge request has room for %d bytes", got)
		}
	}
}
