package daemon

import (
	"testing"

	"github.com/BlockRunAI/clawrouter-codex/backend/settings"
)

// Every turn makes its line: with 5 allocations, and 11 by the race detector, whose
// pools forget. Boxing every value to look at it makes it 15.
func TestALineOfATurnAllocatesLittle(t *testing.T) {
	log, err := openLog(settings.Paths{Root: t.TempDir()}, logChoice{}, nil, func(...Step) {})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = log.Close() }()
	line := func() {
		log.Info(turnMessage, "thread", "0199b1f2-7c4e-7abc-9def-0123456789ab",
			"model", "auto", "used", "deepseek/deepseek-v4-pro", "in", int64(20000), "cached", int64(0), "out", int64(50),
			"usd", 0.0021, "first_ms", int64(1240), "ms", int64(4000), "outcome", "ok")
	}
	if n := testing.AllocsPerRun(100, line); n > 13 {
		t.Errorf("%.0f allocations", n)
	}
}
