package proxy

import (
	"bytes"
	"fmt"

	"golang.org/x/sys/unix"
)

// zombie is SZOMB of sys/proc.h.
const zombie = 5

func processes() ([]process, error) {
	all, err := unix.SysctlKinfoProcSlice("kern.proc.all")
	if err != nil {
		return nil, fmt.Errorf("list processes: %w", err)
	}
	out := make([]process, 0, len(all))
	for _, p := range all {
		out = append(out, process{
			PID: int(p.Proc.P_pid), PPID: int(p.Eproc.Ppid), PGID: int(p.Eproc.Pgid), Dead: p.Proc.P_stat == zombie,
		})
	}
	return out, nil
}

func inspect(pid int) (processID, bool) {
	p, err := unix.SysctlKinfoProc("kern.proc.pid", pid)
	if err != nil || int(p.Proc.P_pid) != pid || p.Proc.P_stat == zombie {
		return processID{}, false
	}
	exe, _, ok := procArgs(pid)
	if !ok {
		return processID{}, false
	}
	start := p.Proc.P_starttime
	return processID{PID: pid, Start: fmt.Sprintf("%d.%06d", start.Sec, start.Usec), Exe: exe}, true
}

// procArgs splits kern.procargs2: the count of arguments, the executable's
// path, then arguments and environment. The system gives it for the user's own
// processes.
func procArgs(pid int) (exe string, rest []byte, ok bool) {
	b, err := unix.SysctlRaw("kern.procargs2", pid)
	if err != nil || len(b) < 5 {
		return "", nil, false
	}
	path, rest, found := bytes.Cut(b[4:], []byte{0})
	return string(path), rest, found
}

// startedWith reports whether a process was started with this line in its
// environment, if it is this user's.
func startedWith(pid int, line string) bool {
	_, rest, ok := procArgs(pid)
	return ok && bytes.Contains(rest, []byte("\x00"+line+"\x00"))
}

// adoptOrphans has no counterpart here: orphans go to launchd and are found by
// their group and mark.
func adoptOrphans() error { return nil }

func renameSelf(string) {}
