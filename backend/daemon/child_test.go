package daemon

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"go.uber.org/goleak"

	"github.com/BlockRunAI/clawrouter-codex/backend/clawsim"
	"github.com/BlockRunAI/clawrouter-codex/backend/proxy"
)

// TestMain also makes the test binary the programs that a supervised link starts:
// the guardian, and a ClawRouter that writes its process id down.
func TestMain(m *testing.M) {
	if guardian, code := proxy.GuardianMain(os.Args[1:]); guardian {
		os.Exit(code)
	}
	if len(os.Args) > 2 && os.Args[1] == standInRole {
		os.Exit(standIn(os.Args[2], os.Args[3:]))
	}
	goleak.VerifyTestMain(m)
}

const standInRole = "stand-in"

// standIn is ClawRouter's stand-in as a process of its own.
func standIn(pidFile string, args []string) int {
	if err := os.WriteFile(pidFile, []byte(strconv.Itoa(os.Getpid())), 0o600); err != nil {
		return 1
	}
	return clawsim.Run(context.Background(), clawsim.RunOptions{Args: args, Stdout: os.Stdout, Stderr: os.Stderr})
}

// standInCommand is the CLAWROUTER_CMD that starts one.
func standInCommand(t *testing.T) (command, pidFile string) {
	t.Helper()
	pidFile = filepath.Join(t.TempDir(), "pid")
	return os.Args[0] + " " + standInRole + " " + pidFile, pidFile
}
