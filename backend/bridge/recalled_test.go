package bridge

import (
	"strings"
	"testing"
)

func TestRecalledIsBounded(t *testing.T) {
	var r recalled
	big := []byte(strings.Repeat("x", maxRecalled/2))
	r.keep("", []byte("a"))
	r.keep("1", []byte("a"))
	r.keep("1", []byte("b"))
	if got := string(r.find("1")); got != "a" {
		t.Errorf("kept %q", got)
	}
	r.keep("2", big)
	r.keep("3", big)
	if r.find("1") != nil || r.find("3") == nil || r.bytes > maxRecalled || len(r.items) != len(r.order) {
		t.Errorf("%d bytes in %d items, %d in order", r.bytes, len(r.items), len(r.order))
	}
	r.keep("5", append(append(big, big...), 'x'))
	if r.find("5") != nil {
		t.Error("an item larger than all the room was kept")
	}
}
