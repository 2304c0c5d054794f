package machine

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// cpu reads the process's own clock, which counts nanoseconds and keeps what
// ended threads have used; /proc/PID/stat counts in steps of 10 ms.
func cpu(pid int) (time.Duration, error) {
	// clock_getcpuclockid(3): the clock of all threads of pid, CPUCLOCK_SCHED.
	clock := int32((^pid)<<3 | 2)
	var t unix.Timespec
	if err := unix.ClockGettime(clock, &t); err != nil {
		return 0, fmt.Errorf("read the CPU clock of process %d: %w", pid, err)
	}
	return time.Duration(t.Nano()), nil
}

func memory(pid int) (Memory, error) {
	dir := "/proc/" + strconv.Itoa(pid)
	maps, err := fields(dir + "/smaps_rollup")
	if err != nil {
		return Memory{}, err
	}
	status, err := fields(dir + "/status")
	if err != nil {
		return Memory{}, err
	}
	return Memory{RSS: maps["Rss"], PSS: maps["Pss"], Peak: status["VmHWM"]}, nil
}

// fields reads the lines "Name: 123 kB" of a file in /proc as bytes.
func fields(path string) (map[string]int64, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read memory: %w", err)
	}
	out := map[string]int64{}
	for line := range strings.Lines(string(b)) {
		name, rest, _ := strings.Cut(line, ":")
		if f := strings.Fields(rest); len(f) == 2 && f[1] == "kB" {
			kb, err := strconv.ParseInt(f[0], 10, 64)
			if err != nil {
				return nil, fmt.Errorf("read memory: %s of %s: %w", name, path, err)
			}
			out[name] = kb << 10
		}
	}
	return out, nil
}

// busy is the time that all cores have worked, and the part of it that was this
// process, its threads and its ended children.
func busy() (all, ours time.Duration, err error) {
	b, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, 0, fmt.Errorf("read the machine's load: %w", err)
	}
	first, _, _ := strings.Cut(string(b), "\n")
	const tick = 10 * time.Millisecond
	for i, f := range strings.Fields(first) {
		// user nice system idle iowait irq softirq steal; guests are in user.
		if i == 0 || i == 4 || i == 5 || i > 8 {
			continue
		}
		n, err := strconv.ParseInt(f, 10, 64)
		if err != nil {
			return 0, 0, fmt.Errorf("read the machine's load: %w", err)
		}
		all += time.Duration(n) * tick
	}
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var u syscall.Rusage
		if err := syscall.Getrusage(who, &u); err != nil {
			return 0, 0, fmt.Errorf("read own load: %w", err)
		}
		ours += time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	return all, ours, nil
}
