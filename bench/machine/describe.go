package machine

import (
	"bufio"
	"bytes"
	"os"
	"runtime"
	"strings"
	"time"
)

// Description is where a run took place.
type Description struct {
	CPU   string `json:"cpu"`
	Cores int    `json:"cores"`
	OS    string `json:"os"`
	Go    string `json:"go"`
}

// Describe describes this machine.
func Describe() Description {
	return Description{CPU: cpuName(), Cores: runtime.NumCPU(), OS: runtime.GOOS + "/" + runtime.GOARCH + osName(), Go: runtime.Version()}
}

func cpuName() string {
	b, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "unknown CPU"
	}
	for lines := bufio.NewScanner(bytes.NewReader(b)); lines.Scan(); {
		if name, value, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "unknown CPU"
}

func osName() string {
	b, err := os.ReadFile("/etc/os-release")
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(b)) {
		if name, ok := strings.CutPrefix(line, "PRETTY_NAME="); ok {
			return ", " + strings.Trim(strings.TrimSpace(name), `"`)
		}
	}
	return ""
}

// Noise measures what other processes do to the machine meanwhile.
type Noise struct {
	start     time.Time
	all, ours time.Duration
	err       error
}

// Listen begins to measure.
func Listen() *Noise {
	n := &Noise{start: time.Now()}
	n.all, n.ours, n.err = busy()
	return n
}

// Others is how many cores, on average, processes that are not ours have kept
// busy since Listen. Our own children count as ours once they have been waited
// for, so it is to be asked at the end.
func (n *Noise) Others() (cores float64, err error) {
	if n.err != nil {
		return 0, n.err
	}
	all, ours, err := busy()
	if err != nil {
		return 0, err
	}
	others := (all - n.all) - (ours - n.ours)
	return max(0, others.Seconds()/time.Since(n.start).Seconds()), nil
}
