package daemon

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/backend/proxy"
	"github.com/BlockRunAI/clawrouter-codex/backend/socket/testport"
)

const sessions = 8

// A ClawRouter that is killed again and again while sessions run costs at most the
// turns that it was answering, each of which says why; and leaves nothing behind.
// KILLS says how often.
func TestKillsOfTheProxyLoseTheTurnsInFlightOnly(t *testing.T) {
	kills := 20
	if n, err := strconv.Atoi(os.Getenv("KILLS")); err == nil {
		kills = n
	}
	command, pidFile := standInCommand(t)
	s := load(t, map[string]string{"CLAWROUTER_CMD": command, "PROXY_PORT": strconv.Itoa(testport.Free(t))})
	r := run(t, Options{
		Settings: s, Command: "start", Home: t.TempDir(), Program: os.Args[0],
		Environ: []string{"PATH=" + os.Getenv("PATH"), "GORACE=atexit_sleep_ms=0"},
		timing: proxy.Timing{
			HealthEvery: 50 * time.Millisecond, BackoffMin: 10 * time.Millisecond, BackoffMax: 50 * time.Millisecond, CrashLimit: -1,
		},
	})
	link := r.waitReady()
	before := descriptors(t)

	ctx, stop := context.WithTimeout(t.Context(), 4*time.Minute)
	defer stop()
	var talk conversation
	var talking sync.WaitGroup
	for n := range sessions {
		talking.Go(func() { talk.session(ctx, link.Bridge, n) })
	}
	for n := range kills {
		talk.awaitTurns(t, ctx, 1)
		if n%2 == 0 {
			kill(t, ctx, link, pidFile)
		} else {
			killGuardian(t, ctx, link)
		}
	}
	talk.awaitTurns(t, ctx, 2*sessions) // they go on
	talk.end()
	talking.Wait()

	t.Logf("%d turns were answered, %d told why not, over %d kills", talk.answered, len(talk.failures), kills)
	if len(talk.broken) > 0 {
		t.Errorf("%d turns ended without a word, the first: %s", len(talk.broken), talk.broken[0])
	}
	if lost := len(talk.failures); lost > kills*sessions {
		t.Errorf("%d turns were lost by %d kills of %d sessions", lost, kills, sessions)
	}
	for _, message := range talk.failures {
		if !readable.MatchString(message) {
			t.Errorf("no user understands %q", message)
		}
	}
	http.DefaultClient.CloseIdleConnections()
	awaitTrue(t, ctx, "the descriptors of before", func() bool { return descriptors(t) <= before+sessions })
	r.stop()
	if err := r.wait(); err != nil {
		t.Error(err)
	}
	awaitTrue(t, ctx, "no process of ours", func() bool { return len(relatives(t, pidFile)) == 0 })
}

// readable is what Codex may show of a turn that a kill cost.
var readable = regexp.MustCompile(`^(The connection to the upstream broke before its answer was complete|ClawRouter cannot be reached) \(.+\)\.( .+)?$`)

// conversation is what sessions hear.
type conversation struct {
	mu       sync.Mutex
	ended    bool
	turns    int // that came to an end of any kind
	answered int
	failures []string // messages
	broken   []string // answers that are neither
}

// session asks one turn after the other, as a Codex of its own does.
func (c *conversation) session(ctx context.Context, bridge string, n int) {
	for turn := 0; ctx.Err() == nil && !c.over(); turn++ {
		body := fmt.Sprintf(`{"model":"zai/glm-5.2","stream":true,"input":[{"type":"message","role":"user","content":"[[slow 0.05]] session %d turn %d"}]}`, n, turn)
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, bridge+"/v1/responses", strings.NewReader(body))
		if err != nil {
			c.note("", err)
			return
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Originator", "codex_exec")
		req.Header.Set("Thread-Id", fmt.Sprintf("thread-%d", n))
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			c.note("", err)
			continue
		}
		answer, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		c.note(string(answer), err)
	}
}

func (c *conversation) note(answer string, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.turns++
	switch {
	case err != nil:
		c.broken = append(c.broken, err.Error())
	case strings.Contains(answer, `"type":"response.completed"`):
		c.answered++
	default:
		if message := failureOf(answer); message != "" {
			c.failures = append(c.failures, message)
			return
		}
		c.broken = append(c.broken, answer)
	}
}

// failureOf is the message of a response.failed event.
func failureOf(answer string) string {
	for line := range strings.Lines(answer) {
		data, ok := strings.CutPrefix(strings.TrimSpace(line), "data:")
		var event struct {
			Type     string
			Response struct{ Error struct{ Message string } }
		}
		if ok && json.Unmarshal([]byte(data), &event) == nil && event.Type == "response.failed" {
			return event.Response.Error.Message
		}
	}
	return ""
}

func (c *conversation) over() bool { c.mu.Lock(); defer c.mu.Unlock(); return c.ended }
func (c *conversation) end()       { c.mu.Lock(); defer c.mu.Unlock(); c.ended = true }

// awaitTurns returns when n more turns were answered.
func (c *conversation) awaitTurns(t *testing.T, ctx context.Context, n int) {
	t.Helper()
	count := func() int { c.mu.Lock(); defer c.mu.Unlock(); return c.answered }
	from := count()
	awaitTrue(t, ctx, "more turns", func() bool { return count() >= from+n })
}

// kill ends ClawRouter itself, as its crash would.
func kill(t *testing.T, ctx context.Context, l Link, pidFile string) {
	t.Helper()
	awaitTrue(t, ctx, "a healthy ClawRouter", func() bool { return l.Local != nil && healthy(t, l) })
	text, err := os.ReadFile(pidFile)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(string(text))
	if err != nil {
		t.Fatal(err)
	}
	_ = syscall.Kill(pid, syscall.SIGKILL) // one that is gone already was killed by the kill before
}

// killGuardian ends the process that watches over it, and it with it.
func killGuardian(t *testing.T, ctx context.Context, l Link) {
	t.Helper()
	pid := 0
	awaitTrue(t, ctx, "a guardian", func() bool {
		s, err := l.Local.State(t.Context())
		pid = s.Proxy.PID
		return err == nil && s.Proxy.Phase == proxy.PhaseHealthy && pid != 0
	})
	_ = syscall.Kill(pid, syscall.SIGKILL)
}

func healthy(t *testing.T, l Link) bool {
	t.Helper()
	s, err := l.Local.State(t.Context())
	return err == nil && s.Proxy.Phase == proxy.PhaseHealthy
}

// awaitTrue looks until it is so.
func awaitTrue(t *testing.T, ctx context.Context, what string, so func() bool) {
	t.Helper()
	for !so() {
		select {
		case <-ctx.Done():
			t.Fatalf("waited in vain for %s", what)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// descriptors is how many files this process has open.
func descriptors(t *testing.T) int {
	t.Helper()
	names, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(names)
}

// relatives are the processes that name the file in their command line, and the
// zombies of this one.
func relatives(t *testing.T, file string) (pids []int) {
	t.Helper()
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range stats {
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		command, _ := os.ReadFile(filepath.Join(filepath.Dir(path), "cmdline"))
		stat, _ := os.ReadFile(path)
		_, after, _ := bytes.Cut(stat, []byte(") "))
		fields := strings.Fields(string(after)) // state, parent, …
		zombie := len(fields) > 1 && fields[0] == "Z" && fields[1] == strconv.Itoa(os.Getpid())
		if zombie || bytes.Contains(command, []byte(file)) {
			pids = append(pids, pid)
		}
	}
	return pids
}
