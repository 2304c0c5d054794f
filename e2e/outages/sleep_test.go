//go:build e2e && linux

package outages

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/e2e/stage"
)

// night is how long a program sleeps here: longer than bridge and ClawRouter keep a
// connection that they do not use (4 and 5 s), and than the supervisor waits for two
// answers.
const night = 6 * time.Second

// TestSleepAndWake: the program stands still while the rest of the world goes on. What
// was answered meanwhile is not asked again; what was cut off is; who asks at the
// moment of waking meets no connection of the day before.
func TestSleepAndWake(t *testing.T) {
	t.Parallel()
	network := newRelay(t)
	link := stage.StartLink(t, stage.Through(network.before))
	begin(t, link, "before", "hello").want(t, answered)

	through := begin(t, link, "answered meanwhile", "[[slow 2]]")
	awaitRequests(t, link, 2)
	sleep([]int{link.Bridge.PID()}, nil)()
	through.want(t, answered)
	if n := link.Record(t).Requests; n != 2 {
		t.Errorf("%d requests for two turns", n)
	}

	cut := begin(t, link, "cut off", "[[slow 5]]")
	awaitRequests(t, link, 3)
	wake := sleep([]int{link.Bridge.PID()}, network.cut)
	first := begin(t, link, "the first in the morning", "hello")
	wake()
	first.want(t, answered)
	cut.want(t, answered)
	awaitEntries(t, link, map[string][]string{
		"before": {"ok"}, "answered meanwhile": {"ok"}, "cut off": {"hang_up", "ok"}, "the first in the morning": {"ok"},
	})
}

// TestTheWholeMachineSleeps, with the ClawRouter that the link has started: it is not
// taken for hung afterwards.
func TestTheWholeMachineSleeps(t *testing.T) {
	t.Parallel()
	link := stage.StartLink(t, stage.Supervised())
	begin(t, link, "before", "hello").want(t, answered)
	under := begin(t, link, "under way", "[[slow 2]]")
	awaitRequests(t, link, 2)
	wake := sleep(family(t, link.Bridge.PID()), nil)
	first := begin(t, link, "the first in the morning", "hello")
	wake()
	under.want(t, answered)
	first.want(t, answered)
	// Another one would not know of the turns before.
	if n := link.Record(t).Requests; n != 3 {
		t.Errorf("ClawRouter has had %d requests of three", n)
	}
	awaitEntries(t, link, map[string][]string{"before": {"ok"}, "under way": {"ok"}, "the first in the morning": {"ok"}})
}

// sleep stops processes for a night, in which something may happen, and returns what
// wakes them.
func sleep(pids []int, meanwhile func()) (wake func()) {
	all := func(s syscall.Signal) {
		for _, pid := range pids {
			_ = syscall.Kill(pid, s)
		}
	}
	all(syscall.SIGSTOP)
	if meanwhile != nil {
		meanwhile()
	}
	time.Sleep(night) // what is waited for is that time passes
	return func() { all(syscall.SIGCONT) }
}

// family is a process and all that it has started.
func family(t *testing.T, pid int) []int {
	t.Helper()
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	children := map[int][]int{}
	for _, path := range stats {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // it is gone
		}
		var child, parent int
		_, rest, _ := strings.Cut(string(text), ") ")
		if _, err := fmt.Sscanf(rest, "%s %d", new(string), &parent); err != nil {
			continue
		}
		child, _ = strconv.Atoi(filepath.Base(filepath.Dir(path)))
		children[parent] = append(children[parent], child)
	}
	all := []int{pid}
	for i := 0; i < len(all); i++ {
		all = append(all, children[all[i]]...)
	}
	if len(all) < 3 {
		t.Fatalf("program, guardian and ClawRouter are %v", all)
	}
	return all
}
