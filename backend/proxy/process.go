package proxy

import (
	"os"
	"slices"
)

// process is one line of the system's process table.
type process struct {
	PID, PPID, PGID int
	Dead            bool // ended, not yet waited for
}

// processID tells a process from a later one with the same number.
type processID struct {
	PID   int    `json:"pid"`
	Start string `json:"start"` // when it started, in the system's own notation
	Exe   string `json:"exe"`
}

// below returns the numbers of all living descendants of root, root excluded.
func below(all []process, root int) []int {
	children := make(map[int][]process)
	for _, p := range all {
		children[p.PPID] = append(children[p.PPID], p)
	}
	var out []int
	for queue := []int{root}; len(queue) > 0; queue = queue[1:] {
		for _, p := range children[queue[0]] {
			// A dead one may have living children until they are inherited.
			if p.PID != root && p.PID != 0 && !slices.Contains(queue, p.PID) {
				queue = append(queue, p.PID)
				if !p.Dead {
					out = append(out, p.PID)
				}
			}
		}
	}
	return out
}

// inGroup returns the living members of a process group.
func inGroup(all []process, pgid int) []int {
	var out []int
	for _, p := range all {
		if p.PGID == pgid && !p.Dead {
			out = append(out, p.PID)
		}
	}
	return out
}

// marked returns the processes that carry a run's mark in their environment.
// It finds what escaped its group and its parents, where the system shows the
// environment of the user's own processes (Linux, macOS).
func marked(all []process, mark string) []int {
	var out []int
	for _, p := range all {
		if !p.Dead && p.PID != os.Getpid() && startedWith(p.PID, markName+"="+mark) {
			out = append(out, p.PID)
		}
	}
	return out
}

func union(lists ...[]int) []int {
	var out []int
	for _, l := range lists {
		for _, pid := range l {
			if !slices.Contains(out, pid) {
				out = append(out, pid)
			}
		}
	}
	return out
}
