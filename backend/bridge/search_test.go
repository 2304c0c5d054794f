package bridge

import (
	"net/http"
	"testing"

	"github.com/BlockRunAI/clawrouter-codex/backend/proxy"
)

func TestWantsSearch(t *testing.T) {
	on, off := func() bool { return true }, func() bool { return false }
	for _, c := range []struct {
		name   string
		header string
		stored func() bool
		want   bool
	}{
		{"the switch", "", on, true},
		{"no switch", "", off, false},
		{"nobody said", "", nil, false},
		{"the header of older configs", "1", off, true},
		{"the header, off", "0", nil, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &Server{cfg: Config{WebSearch: c.stored, Search: &proxy.Client{}}}
			h := http.Header{}
			h.Set("X-Web-Search", c.header)
			if got := s.wantsSearch(h); got != c.want {
				t.Errorf("%v, want %v", got, c.want)
			}
		})
	}
	h := http.Header{}
	h.Set("X-Web-Search", "1")
	if (&Server{}).wantsSearch(h) {
		t.Error("wanted where nobody runs any")
	}
	h.Set("X-Codex-Turn-Metadata", `{"request_kind":"compaction"}`)
	if (&Server{cfg: Config{Search: &proxy.Client{}}}).wantsSearch(h) {
		t.Error("wanted for a summary")
	}
}
