package proxy

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

// TestMain also makes the test binary the programs that the tests start: a
// guardian, a stand-in npx, a stand-in ClawRouter, and a supervisor that can be
// killed. See fakes_test.go.
func TestMain(m *testing.M) {
	if handled, code := GuardianMain(os.Args[1:]); handled {
		os.Exit(code)
	}
	if len(os.Args) > 1 {
		if role, ok := roles[os.Args[1]]; ok {
			role(os.Args[2:])
			os.Exit(0)
		}
	}
	goleak.VerifyTestMain(m)
}
