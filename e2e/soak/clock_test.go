//go:build e2e

package soak

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/e2e/stage"
)

// clockVar names the file that says how far ahead a program's wall clock is.
const clockVar = "SOAK_CLOCK"

// now is where package time reads the wall clock for Now.
const now = "\tsec, nsec, mono := runtimeNow()\n\tif mono == 0 {\n\t\treturn Time{uint64(nsec), sec"

// shift is added to package time. The file is mapped, so that it is read as often as
// the clock is.
const shift = `package time

import (
	"syscall"
	"unsafe"
)

var shifted = mapShift()

func shift() int64 {
	if shifted == nil {
		return 0
	}
	return *shifted
}

func mapShift() *int64 {
	path, ok := syscall.Getenv("` + clockVar + `")
	if !ok {
		return nil
	}
	fd, err := syscall.Open(path, syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
	if err != nil {
		panic("` + clockVar + `: " + err.Error())
	}
	page, err := syscall.Mmap(fd, 0, 8, syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		panic("` + clockVar + `: " + err.Error())
	}
	syscall.Close(fd)
	return (*int64)(unsafe.Pointer(&page[0]))
}
`

// buildWithClock builds the program with such a package time: with the race detector,
// unless CGO_ENABLED=0 rules it out.
func buildWithClock() (program string, err error) {
	folder := filepath.Join(stage.Root(), ".cache", "soak")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return "", err
	}
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return "", fmt.Errorf("go env GOROOT: %w", err)
	}
	std := filepath.Join(strings.TrimSpace(string(root)), "src", "time")
	source, err := os.ReadFile(filepath.Join(std, "time.go"))
	if err != nil {
		return "", err
	}
	if strings.Count(string(source), now) != 1 {
		return "", errors.New("this Go reads the wall clock otherwise: correct now in e2e/soak/clock_test.go")
	}
	text := strings.Replace(string(source), now, strings.Replace(now, "()\n", "()\n\tsec += shift()\n", 1), 1)
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {
		filepath.Join(std, "time.go"):  filepath.Join(folder, "time.go"),
		filepath.Join(std, "shift.go"): filepath.Join(folder, "shift.go"),
	}})
	if err != nil {
		return "", err
	}
	for name, data := range map[string]string{"time.go": text, "shift.go": shift, "overlay.json": string(overlay)} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(data), 0o600); err != nil {
			return "", err
		}
	}
	program = filepath.Join(folder, "clawrouter-codex")
	args := []string{"build", "-trimpath", "-overlay", filepath.Join(folder, "overlay.json"), "-o", program}
	if raced() {
		args = append(args, "-race")
	}
	build := exec.Command("go", append(args, ".")...)
	build.Dir = stage.Root()
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return program, nil
}

// clock is the wall clock of the program under test.
type clock struct {
	file *os.File

	mu   sync.Mutex
	sets []setting // oldest first
}

type setting struct {
	at    time.Time // true time
	ahead time.Duration
}

func newClock(t *testing.T, path string) *clock {
	t.Helper()
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close() })
	c := &clock{file: file}
	if err := c.set(0); err != nil {
		t.Fatal(err)
	}
	return c
}

// set sets the clock; ahead is whole seconds.
func (c *clock) set(ahead time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sets = append(c.sets, setting{time.Now(), ahead})
	var b [8]byte
	binary.NativeEndian.PutUint64(b[:], uint64(int64(ahead/time.Second)))
	_, err := c.file.WriteAt(b[:], 0)
	return err
}

// true are the moments at which the program's clock showed at: mostly one.
func (c *clock) true(at time.Time) (moments []time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, s := range c.sets {
		moment := at.Add(-s.ahead)
		// The program reads its clock a moment before or after it is set.
		const reading = time.Second
		until := time.Now()
		if i+1 < len(c.sets) {
			until = c.sets[i+1].at
		}
		if !moment.After(until.Add(reading)) && !moment.Before(s.at.Add(-reading)) {
			moments = append(moments, moment)
		}
	}
	return moments
}
