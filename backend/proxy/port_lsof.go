package proxy

import (
	"strconv"
	"strings"
)

// parseLsof reads the output of lsof -F pcLn: a line a field, its first letter
// naming it; p begins a process and n is an address it listens on.
func parseLsof(out string) (portOwner, bool) {
	var now, loopback, any portOwner
	for line := range strings.Lines(out) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		value := line[1:]
		switch line[0] {
		case 'p':
			pid, _ := strconv.Atoi(value)
			now = portOwner{PID: pid}
		case 'c':
			now.Name = value
		case 'L':
			now.User = value
		case 'n':
			switch host := value[:max(strings.LastIndexByte(value, ':'), 0)]; host {
			case "127.0.0.1":
				loopback = now
			case "*":
				any = now
			}
		}
	}
	if loopback.PID != 0 {
		return loopback, true
	}
	return any, any.PID != 0
}
