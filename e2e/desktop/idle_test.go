//go:build e2e && linux

package desktop

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/e2e/stage"
)

// memory is what a process takes, pages that it shares with others in part, in
// kilobytes: all of it, and what of it are no pages of its file.
func memory(t *testing.T, pid int) (all, anonymous int) {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) != 3 {
			continue
		}
		kilobytes, err := strconv.Atoi(fields[1])
		switch {
		case fields[0] == "Pss:" && err == nil:
			all = kilobytes
		case fields[0] == "Pss_Anon:" && err == nil:
			anonymous = kilobytes
		}
	}
	if all == 0 {
		t.Fatal("the system does not say how much memory a process takes")
	}
	return all, anonymous
}

// busy is the processor time of a process so far, of its threads one by one, in
// nanoseconds: the usual counters count in hundredths of a second.
func busy(t *testing.T, pid int) time.Duration {
	t.Helper()
	threads, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	if err != nil {
		t.Fatal(err)
	}
	var sum time.Duration
	for _, thread := range threads {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%s/schedstat", pid, thread.Name()))
		if err != nil {
			continue // it ended
		}
		nanoseconds, err := strconv.ParseInt(strings.Fields(string(text))[0], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		sum += time.Duration(nanoseconds)
	}
	return sum
}

// goroutines ends a program with its own account of them.
func goroutines(t *testing.T, p *stage.Process) int {
	t.Helper()
	if err := syscall.Kill(p.PID(), syscall.SIGQUIT); err != nil {
		t.Fatal(err)
	}
	if _, err := p.ExitCode(patience); err != nil {
		t.Fatal(err)
	}
	return strings.Count(p.Output(), "\ngoroutine ")
}

// idleFor is how long idling is looked at. IDLE=1h looks for an hour.
func idleFor(t *testing.T) time.Duration {
	t.Helper()
	text := os.Getenv("IDLE")
	if text == "" {
		return 30 * time.Second
	}
	watch, err := time.ParseDuration(text)
	if err != nil {
		t.Fatalf("IDLE is a time, like 1h: %v", err)
	}
	return watch
}

// The app costs next to nothing while nobody uses it: at most 20 MB, and a
// thousandth of a core. The link is to a stand-in that the app does not start, so
// that what is measured is tray and bridge.
func TestIdle(t *testing.T) {
	b := newBus(t)
	h := newHost(t, b)
	d := newDesk(t, "DISPLAY=:9999", "DBUS_SESSION_BUS_ADDRESS="+b.address)
	d.write("codex/config.toml", mine)
	d.run("setup")
	// A file of its own: pages that it shares with the stand-in would count half.
	text, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	alone := d.path("bin/clawrouter-codex")
	if err := os.WriteFile(alone, text, 0o700); err != nil {
		t.Fatal(err)
	}
	app := stage.Start(t, stage.Command{Path: alone, Env: d.env(), Folder: d.folder})
	h.icon(t, 1).await(t, "the menu", checked("Subscription"))
	d.said(app, "The link is up")
	const settle = 15 * time.Second
	watch := idleFor(t)
	time.Sleep(settle) // idling is what this test looks at
	before := busy(t, app.PID())
	time.Sleep(watch)
	share := 100 * float64(busy(t, app.PID())-before) / float64(watch)
	kilobytes, anonymous := memory(t, app.PID())
	t.Logf("idle for %v: %.1f MB PSS, of which %.1f MB are no pages of the program's file; %.3f %% of a core", watch, float64(kilobytes)/1024, float64(anonymous)/1024, share)
	if kilobytes > 20*1024 {
		t.Errorf("it takes %d kB", kilobytes)
	}
	if share > 0.1 {
		t.Errorf("it takes %.3f %% of a core", share)
	}
}

// Use leaves nothing behind: after a hundred switches there are as many goroutines
// as after the first.
func TestNoGoroutineGrows(t *testing.T) {
	var counts []int
	for _, rounds := range []int{1, 50} {
		b := newBus(t)
		h := newHost(t, b)
		d := newDesk(t, "DISPLAY=:9999", "DBUS_SESSION_BUS_ADDRESS="+b.address, "GOTRACEBACK=all")
		app := d.start()
		i := h.icon(t, 1)
		d.said(app, "The link is up")
		for range rounds {
			for _, on := range []bool{true, false} {
				i.click(t, "Web search")
				i.await(t, "web search", func(rows []row) error {
					if r, ok := find(rows, "Web search"); !ok || r.checked != on {
						return fmt.Errorf("the menu is\n%s", seen(rows))
					}
					return nil
				})
			}
		}
		counts = append(counts, goroutines(t, app))
	}
	t.Logf("%d goroutines after 2 clicks, %d after 100", counts[0], counts[1])
	// A read of the menu that is under way, and an idle connection, come and go.
	if counts[1] > counts[0]+4 {
		t.Errorf("%d goroutines after 2 clicks, %d after 100", counts[0], counts[1])
	}
}
