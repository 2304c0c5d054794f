//go:build e2e

package soak

import (
	"fmt"
	"os"
	"testing"

	"github.com/BlockRunAI/clawrouter-codex/e2e/stage"
)

// TestMain builds a program of its own, whatever there is already: one whose clock
// can be set.
func TestMain(m *testing.M) {
	program, err := buildWithClock()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if err := os.Setenv(stage.ProgramVar, program); err != nil {
		panic(err)
	}
	stage.Main(m)
}
