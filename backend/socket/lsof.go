package socket

import (
	"iter"
	"net/netip"
	"strconv"
	"strings"
)

// lsofFields yields each name in the output of lsof -F pcLn with its process: a
// line a field, its first letter telling which; p begins a process, and n is an
// address that it listens on, or both ends of a connection.
func lsofFields(out string) iter.Seq2[string, Owner] {
	return func(yield func(string, Owner) bool) {
		var now Owner
		for line := range strings.Lines(out) {
			line = strings.TrimSpace(line)
			if line == "" {
				continue
			}
			value := line[1:]
			switch line[0] {
			case 'p':
				pid, _ := strconv.Atoi(value)
				now = Owner{PID: pid}
			case 'c':
				now.Name = value
			case 'L':
				now.User = value
			case 'n':
				if !yield(value, now) {
					return
				}
			}
		}
	}
}

// lsofListener picks who serves addr; "*" is printed for all addresses of a
// family or of both.
func lsofListener(out string, addr netip.Addr) (Owner, bool) {
	var exact, any Owner
	for name, o := range lsofFields(out) {
		switch host := strings.Trim(name[:max(strings.LastIndexByte(name, ':'), 0)], "[]"); host {
		case addr.String():
			exact = o
		case "*":
			any = o
		}
	}
	if exact.PID != 0 {
		return exact, true
	}
	return any, any.PID != 0
}

// lsofPeer picks who holds the end of a connection that is not ours.
func lsofPeer(out string, local, remote netip.AddrPort) (Owner, bool) {
	want := remote.String() + "->" + local.String()
	for name, o := range lsofFields(out) {
		if name == want {
			return o, o.PID != 0
		}
	}
	return Owner{}, false
}
