package bridge

import (
	"log/slog"
	"sync"
)

// toldOnce keeps what is worth a word in the log, but not at every turn: Codex
// sends the same tools and fields each time.
type toldOnce struct {
	mu   sync.Mutex // protects said
	said map[string]bool
}

// maxTold bounds what a client that invents names can make us remember.
const maxTold = 256

func (o *toldOnce) tell(log *slog.Logger, what, kind string, names []string) {
	for _, name := range names {
		if o.first(what + "\x00" + name) {
			log.Info(what, kind, name)
		}
	}
}

func (o *toldOnce) first(key string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.said[key] || len(o.said) >= maxTold {
		return false
	}
	if o.said == nil {
		o.said = make(map[string]bool)
	}
	o.said[key] = true
	return true
}
