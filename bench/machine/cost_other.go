//go:build !linux

package machine

import (
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

func ps(pid int, column string) (string, error) {
	out, err := exec.Command("ps", "-o", column+"=", "-p", strconv.Itoa(pid)).Output()
	if err != nil {
		return "", fmt.Errorf("ps: %w: %w", err, ErrUnmeasured)
	}
	return strings.TrimSpace(string(out)), nil
}

func cpu(pid int) (time.Duration, error) {
	s, err := ps(pid, "time")
	if err != nil {
		return 0, err
	}
	return parsePSTime(s)
}

func memory(pid int) (Memory, error) {
	s, err := ps(pid, "rss")
	if err != nil {
		return Memory{}, err
	}
	kb, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return Memory{}, fmt.Errorf("ps: %w", err)
	}
	return Memory{RSS: kb << 10}, nil
}

func busy() (all, ours time.Duration, err error) { return 0, 0, ErrUnmeasured }
