package machine

import (
	"bytes"
	"errors"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// The test binary is its own child: with this variable set it plays a part
// instead of running tests.
const part = "MACHINE_TEST_PART"

func TestMain(m *testing.M) {
	switch os.Getenv(part) {
	case "work":
		for start := time.Now(); time.Since(start) < 100*time.Millisecond; {
		}
		os.Stdout.WriteString("worked\n")
		os.Stdin.Read(make([]byte, 1))
	case "deaf":
		signal.Ignore(syscall.SIGTERM)
		os.Stdout.WriteString("ready\n")
		os.Stdin.Read(make([]byte, 1))
	case "":
		goleak.VerifyTestMain(m)
	}
}

// waiter is an Output that tells when a word was printed.
type waiter struct {
	word string
	seen chan struct{}
	got  bytes.Buffer
}

func (w *waiter) Write(b []byte) (int, error) {
	had := strings.Contains(w.got.String(), w.word)
	w.got.Write(b)
	if !had && strings.Contains(w.got.String(), w.word) {
		close(w.seen)
	}
	return len(b), nil
}

func child(t *testing.T, play, word string) *Process {
	t.Helper()
	w := &waiter{word: word, seen: make(chan struct{})}
	p, err := Start(t.Context(), Command{Path: os.Args[0], Env: append(os.Environ(), part+"="+play), Output: w})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Stop)
	select {
	case <-w.seen:
	case <-p.Exited():
		t.Fatalf("the child ended: %s", p.Output())
	}
	return p
}

func TestCostOfAProcess(t *testing.T) {
	p := child(t, "work", "worked")
	cpu, err := p.CPU()
	if errors.Is(err, ErrUnmeasured) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	// It was busy for 100 ms of time; on a machine with other work, it may
	// have had only part of that.
	if cpu < 5*time.Millisecond || cpu > 5*time.Second {
		t.Errorf("CPU = %v", cpu)
	}
	m, err := p.Memory()
	if err != nil {
		t.Fatal(err)
	}
	if m.RSS < 1<<20 || m.RSS > 1<<30 {
		t.Errorf("RSS = %d bytes", m.RSS)
	}
	if runtime.GOOS == "linux" && (m.PSS <= 0 || m.PSS > m.RSS || m.Peak < m.RSS/2) {
		t.Errorf("memory = %+v", m)
	}
	if p.Output() != "worked\n" {
		t.Errorf("output %q", p.Output())
	}
}

func TestStopKillsAProcessThatDoesNotListen(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no SIGTERM to be deaf to")
	}
	p := child(t, "deaf", "ready")
	p.Stop()
	if p.err == nil || p.err.Error() != "signal: killed" {
		t.Errorf("it ended with %v, want it killed", p.err)
	}
}

func TestTailKeepsTheEnd(t *testing.T) {
	var b tail
	b.Write(bytes.Repeat([]byte("x"), 3*tailSize))
	b.Write([]byte("the end"))
	if s := b.String(); len(s) != tailSize || !strings.HasSuffix(s, "xthe end") {
		t.Errorf("%d bytes ending in %q", len(s), s[max(0, len(s)-10):])
	}
}

func TestPSTime(t *testing.T) {
	for s, want := range map[string]time.Duration{
		"0:00.42":    420 * time.Millisecond,
		"12:03":      12*time.Minute + 3*time.Second,
		"01:02:03":   time.Hour + 2*time.Minute + 3*time.Second,
		"2-00:00:01": 48*time.Hour + time.Second,
	} {
		if got, err := parsePSTime(s); err != nil || got.Round(time.Millisecond) != want {
			t.Errorf("parsePSTime(%q) = %v, %v; want %v", s, got, err, want)
		}
	}
	for _, s := range []string{"", "7", "a:b", "1:2:3:4", "x-1:02"} {
		if got, err := parsePSTime(s); err == nil {
			t.Errorf("parsePSTime(%q) = %v, want an error", s, got)
		}
	}
}

func TestNoiseIsMeasured(t *testing.T) {
	others, err := Listen().Others()
	if errors.Is(err, ErrUnmeasured) {
		t.Skip(err)
	}
	if err != nil || others < 0 {
		t.Errorf("others = %v, %v", others, err)
	}
}

func TestDescription(t *testing.T) {
	d := Describe()
	if d.CPU == "" || d.Cores < 1 || !strings.Contains(d.OS, runtime.GOOS) || d.Go == "" {
		t.Errorf("%+v", d)
	}
}
