package proxy

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"time"
)

// guardianArg, as first argument, makes our executable a guardian.
const guardianArg = "__guardian"

// Exit codes of a guardian besides its child's own.
const (
	exitCannotStart = 127 // as a shell says "not found"
	exitBadUsage    = 125
)

// GuardianMain runs the guardian if args, the program's arguments without its
// name, ask for one; main calls it before anything else and exits with the code.
//
// A guardian stands between us and ClawRouter. It starts the command in a group
// of its own and ends the whole tree (SIGTERM, then after the grace SIGKILL)
// when its standard input closes, which the system does however we die; when it
// is told to stop; and when the command itself is gone, since npx leaves its
// node behind. It returns the command's exit code, or 128 + the signal.
//
//	clawrouter-codex __guardian GRACE_MS PROGRAM ARGV0 ARG...
//
// The wallet key passes through it in the environment only.
func GuardianMain(args []string) (handled bool, exitCode int) {
	if len(args) == 0 || args[0] != guardianArg {
		return false, 0
	}
	if len(args) < 4 {
		fmt.Fprintln(os.Stderr, "clawrouter-codex: this is an internal command")
		return true, exitBadUsage
	}
	ms, err := strconv.Atoi(args[1])
	if err != nil || ms < 0 {
		fmt.Fprintln(os.Stderr, "clawrouter-codex: this is an internal command")
		return true, exitBadUsage
	}
	return true, guard(time.Duration(ms)*time.Millisecond, args[2], args[3:])
}

// lifeline returns a channel that closes when r ends: nobody writes to it, so
// that its end means the end of whoever holds the other side.
func lifeline(r io.Reader) <-chan struct{} {
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		_, _ = io.Copy(io.Discard, r)
	}()
	return gone
}
