package proxy

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

func processes() ([]process, error) {
	names, err := procNumbers()
	if err != nil {
		return nil, err
	}
	out := make([]process, 0, len(names))
	for _, pid := range names {
		if f, ok := procStat(pid); ok {
			ppid, _ := strconv.Atoi(f[1])
			pgid, _ := strconv.Atoi(f[2])
			out = append(out, process{PID: pid, PPID: ppid, PGID: pgid, Dead: f[0] == "Z" || f[0] == "X"})
		}
	}
	return out, nil
}

func procNumbers() ([]int, error) {
	d, err := os.Open("/proc")
	if err != nil {
		return nil, err
	}
	defer d.Close()
	names, err := d.Readdirnames(-1)
	if err != nil {
		return nil, err
	}
	var pids []int
	for _, n := range names {
		if pid, err := strconv.Atoi(n); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids, nil
}

// procStat returns the fields after the program's name, which may itself hold
// spaces and parentheses: state, ppid, pgrp, …, start time as the 20th.
func procStat(pid int) ([]string, bool) {
	b, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return nil, false
	}
	f := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
	return f, len(f) >= 20
}

// bootID makes a start time, which counts from boot, unique across boots.
var bootID = sync.OnceValue(func() string {
	b, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	return strings.TrimSpace(string(b))
})

func inspect(pid int) (processID, bool) {
	f, ok := procStat(pid)
	if !ok || f[0] == "Z" || f[0] == "X" {
		return processID{}, false
	}
	exe, err := os.Readlink(filepath.Join("/proc", strconv.Itoa(pid), "exe"))
	if err != nil {
		return processID{}, false
	}
	// An update replaces the file under a running program.
	exe = strings.TrimSuffix(exe, " (deleted)")
	return processID{PID: pid, Start: f[19] + "@" + bootID(), Exe: exe}, true
}

// startedWith reports whether a process was started with this line in its
// environment, if it is this user's.
func startedWith(pid int, line string) bool {
	b, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "environ"))
	return err == nil && bytes.Contains(append([]byte{0}, b...), []byte("\x00"+line+"\x00"))
}

// adoptOrphans makes this process the parent of descendants whose own parent
// dies, so that none can leave the tree.
func adoptOrphans() error { return unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) }

// renameSelf keeps a "killall clawrouter-codex" from ending the guardian along
// with the program that it guards against.
func renameSelf(name string) { _ = os.WriteFile("/proc/self/comm", []byte(name), 0) }
