package daemon

import (
	"runtime/debug"
	"testing"
)

func TestCollectLess(t *testing.T) {
	now := func() int {
		p := debug.SetGCPercent(100)
		debug.SetGCPercent(p)
		return p
	}
	before := now()
	for _, c := range []struct {
		environ []string
		want    int
	}{{nil, collectShare}, {[]string{"GOGC="}, collectShare}, {[]string{"HOME=/", "GOGC=50"}, before}} {
		restore := collectLess(c.environ)
		if got := now(); got != c.want {
			t.Errorf("with %q: %d %%, want %d", c.environ, got, c.want)
		}
		restore()
		if got := now(); got != before {
			t.Errorf("with %q: %d %% after it, want %d", c.environ, got, before)
		}
	}
}
