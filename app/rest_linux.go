package app

import (
	"bufio"
	"os"
	"runtime/debug"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// rest gives back to the system what a program that waits does not need: memory that
// was collected, and the pages of our code, of which it runs next to nothing. What
// is needed again is mapped again, from the file that the system keeps in memory.
func rest() {
	debug.FreeOSMemory()
	maps, err := os.Open("/proc/self/maps")
	if err != nil {
		return
	}
	defer func() { _ = maps.Close() }()
	for lines := bufio.NewScanner(maps); lines.Scan(); {
		from, to, ok := code(lines.Text())
		if ok {
			// A hint: where it is not taken, nothing is lost.
			_, _, _ = unix.Syscall(unix.SYS_MADVISE, from, to-from, unix.MADV_DONTNEED)
		}
	}
}

// code reads a line of /proc/self/maps and returns the addresses of a part of a file
// that can be run and not written: such pages are as they are in the file.
func code(line string) (from, to uintptr, ok bool) {
	fields := strings.Fields(line)
	if len(fields) < 6 || fields[1] != "r-xp" || !strings.HasPrefix(fields[5], "/") {
		return 0, 0, false
	}
	low, high, _ := strings.Cut(fields[0], "-")
	start, errStart := strconv.ParseUint(low, 16, strconv.IntSize)
	end, errEnd := strconv.ParseUint(high, 16, strconv.IntSize)
	return uintptr(start), uintptr(end), errStart == nil && errEnd == nil && end > start
}
