//go:build e2e

package soak

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/e2e/stage"
)

// world is a user with the program, before a stand-in that the program starts.
type world struct {
	t                 *testing.T
	folder, state     string
	port, upstream    int
	small             bool // the state folder is a small disk of its own
	clock             *clock
	kills             *kills
	key               string
	client            *http.Client
	books, codexHome  string
	program, simMarks string
}

// smallDisk is the size of the state folder's file system: ledger and logs of a soak
// fit, and little more.
const smallDisk = 64 << 20

func newWorld(t *testing.T) *world {
	folder := stage.Folder(t)
	w := &world{
		t: t, folder: folder, state: filepath.Join(folder, "state"), codexHome: filepath.Join(folder, "codex"), books: filepath.Join(folder, "books.jsonl"),
		port: stage.FreePort(t), program: stage.Program(), client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: sessions}},
	}
	for w.upstream = stage.FreePort(t); w.upstream == w.port; w.upstream = stage.FreePort(t) {
	}
	w.clock, w.kills = newClock(t, filepath.Join(folder, "clock")), newKills()
	w.simMarks = "sim\x00--books\x00" + w.books
	for _, dir := range []string{w.state, w.codexHome, filepath.Join(folder, "home")} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	err := syscall.Mount("tmpfs", w.state, "tmpfs", 0, fmt.Sprintf("size=%d,mode=0700", smallDisk))
	w.small = err == nil
	if err != nil {
		t.Logf("NOT RUN: the disk does not fill, because no small one can be mounted: %v", err)
	}
	t.Cleanup(func() {
		w.client.CloseIdleConnections()
		if t.Failed() {
			if err := os.CopyFS(filepath.Join(folder, "kept"), os.DirFS(w.state)); err != nil {
				t.Errorf("keep the state folder: %v", err)
			}
		}
		if w.small {
			if err := syscall.Unmount(w.state, syscall.MNT_DETACH); err != nil {
				t.Errorf("unmount: %v", err)
			}
		}
	})
	return w
}

func (w *world) url() string { return fmt.Sprintf("http://127.0.0.1:%d", w.port) }

func (w *world) env() []string {
	return []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + filepath.Join(w.folder, "home"), "LANG=C.UTF-8", "GORACE=atexit_sleep_ms=0", "GOTRACEBACK=all",
		"CODEX_HOME=" + w.codexHome, "CLAWROUTER_CODEX_HOME=" + w.state, "BLOCKRUN_MODEL_CATALOG_URL=off",
		fmt.Sprintf("PORT=%d", w.port), fmt.Sprintf("PROXY_PORT=%d", w.upstream),
		clockVar + "=" + w.clock.file.Name(),
		"CLAWROUTER_CMD=" + w.program + " sim --books " + w.books + " --balance 1000000",
	}
}

// start starts the link, sets Codex up and warms it with a turn of each session.
func (w *world) start() *stage.Process {
	w.t.Helper()
	p := stage.Start(w.t, stage.Command{Path: w.program, Args: []string{"start"}, Env: w.env(), Folder: w.folder})
	w.await("the link is up", time.Minute, func() error {
		if err := w.upstreamAnswers(); err != nil {
			return err
		}
		_, err := stage.Get(w.t.Context(), w.url()+"/health")
		return err
	})
	w.command("setup")
	key, err := os.ReadFile(filepath.Join(w.state, "key"))
	if err != nil {
		w.t.Fatal(err)
	}
	w.key = strings.TrimSpace(string(key))
	done := make(chan outcome)
	for n := range sessions {
		go func() { done <- w.ask(fmt.Sprintf("warm-%d-%d", p.PID(), n), "", false) }()
	}
	for range sessions {
		if o := <-done; o.failure != "" || o.broken != nil {
			w.t.Fatalf("before anything is broken: %+v", o)
		}
	}
	return p
}

// command runs the program beside the one that runs.
func (w *world) command(args ...string) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, w.program, args...)
	cmd.Env, cmd.Dir = w.env(), w.folder
	if out, err := cmd.CombinedOutput(); err != nil {
		w.t.Errorf("%q: %v\n%s", args, err, out)
	}
}

func (w *world) await(what string, limit time.Duration, ready func() error) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), limit)
	defer cancel()
	if err := stage.Eventually(ctx, ready); err != nil {
		w.t.Errorf("not within %v: %s: %v", limit, what, err)
	}
}

// breakThings breaks one thing after the other until ctx ends, and counts.
func (w *world) breakThings(ctx context.Context, p *stage.Process) map[string]int {
	const edited, jumped, stopped, full = "settings and configs edited", "clock of the program set", "program stopped for 3 s, as by a sleep", "disk full for 3 s"
	trouble := map[string]int{edited: 0, jumped: 0, stopped: 0}
	if w.small {
		trouble[full] = 0
	}
	for n := 0; ; n++ {
		// The order is fixed, so that the shortest run has each of them; the moment
		// is not.
		if !pause(ctx, time.Duration(1500+rand.IntN(1000))*time.Millisecond) {
			break
		}
		switch n % 4 {
		case 0:
			w.edit(trouble[edited])
			trouble[edited]++
		case 1:
			w.jump(trouble[jumped])
			trouble[jumped]++
		case 2:
			if w.small {
				w.fillDisk(ctx)
				trouble[full]++
			}
		case 3:
			p.Signal(syscall.SIGSTOP)
			pause(ctx, 3*time.Second)
			p.Signal(syscall.SIGCONT)
			trouble[stopped]++
		}
	}
	w.jump(len(jumps) - 1)
	return trouble
}

// edit changes a setting by a command, and a config by hand.
func (w *world) edit(n int) {
	edits := [...][]string{{"model", "use", "zai/glm-5.2"}, {"websearch", "on"}, {"desktop", "on"}, {"cap", "1000000"}, {"websearch", "off"}, {"desktop", "off"}, {"cap", "off"}}
	w.command(edits[n%len(edits)]...)
	config := filepath.Join(w.codexHome, "config.toml")
	if err := appendTo(config, fmt.Sprintf("# edited by hand, %d\n", n)); err != nil {
		w.t.Errorf("edit %s: %v", config, err)
	}
}

// jumps are how far ahead the program's clock is set, one after the other.
var jumps = [...]time.Duration{25 * time.Hour, 0, -25 * time.Hour, 0}

// jump sets the program's clock, and makes sure that it is.
func (w *world) jump(n int) {
	ahead := jumps[n%len(jumps)]
	if err := w.clock.set(ahead); err != nil {
		w.t.Errorf("set the clock: %v", err)
	}
	w.await("the program's clock is set", 30*time.Second, func() error {
		resp, err := w.client.Head(w.url() + "/health")
		if err != nil {
			return err
		}
		_ = resp.Body.Close()
		shows, err := http.ParseTime(resp.Header.Get("Date"))
		if off := time.Until(shows) - ahead; err == nil && off.Abs() > time.Minute {
			return fmt.Errorf("it shows %v", shows)
		}
		return err
	})
}

func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

func appendTo(path, text string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}

func (w *world) fillDisk(ctx context.Context) {
	path := filepath.Join(w.state, "filler")
	f, err := os.Create(path)
	if err != nil {
		w.t.Errorf("fill the disk: %v", err)
		return
	}
	for {
		if _, err := f.Write(make([]byte, 64<<10)); err != nil {
			if !errors.Is(err, syscall.ENOSPC) {
				w.t.Errorf("fill the disk: %v", err)
			}
			break
		}
	}
	pause(ctx, 3*time.Second)
	if err := errors.Join(f.Close(), os.Remove(path)); err != nil {
		w.t.Errorf("empty the disk: %v", err)
	}
}

// rest is what a program holds while it does nothing.
type rest struct {
	memory float64 // RSS in MB
	own    float64 // without pages of files
	files  int     // open descriptors
}

func (w *world) look(p *stage.Process) (r rest) {
	w.t.Helper()
	dir := fmt.Sprintf("/proc/%d", p.PID())
	status, err := os.ReadFile(filepath.Join(dir, "status"))
	if err != nil {
		w.t.Fatal(err)
	}
	for name, to := range map[string]*float64{"VmRSS": &r.memory, "RssAnon": &r.own} {
		if m := regexp.MustCompile(name + `:\s+(\d+) kB`).FindSubmatch(status); m != nil {
			kb, _ := strconv.Atoi(string(m[1]))
			*to = float64(kb) / 1024
		}
	}
	files, err := os.ReadDir(filepath.Join(dir, "fd"))
	if err != nil {
		w.t.Fatal(err)
	}
	r.files = len(files)
	return r
}

// restFor is longer than the program keeps a connection to the stand-in that it has
// no use for, and than it waits before it gives memory back.
const restFor = 20

// atRest looks at a program whose clients are gone. Its supervisor goes on asking
// after the stand-in's health, so of several looks the least counts.
func (w *world) atRest(p *stage.Process) rest {
	w.t.Helper()
	w.client.CloseIdleConnections()
	least := w.look(p)
	for range restFor {
		time.Sleep(time.Second) // what is waited for is that nothing happens
		now := w.look(p)
		least = rest{memory: min(least.memory, now.memory), own: min(least.own, now.own), files: min(least.files, now.files)}
	}
	return least
}

// settled waits for what the start's level was.
func (w *world) settled(p *stage.Process, before rest) rest {
	w.t.Helper()
	now := w.atRest(p)
	for range 3 {
		if now.files <= before.files && now.memory <= before.memory*maxGrowth {
			break
		}
		now = w.atRest(p)
	}
	return now
}

// goroutinesAtRest is the number in a program that has just done its first turns.
func (w *world) goroutinesAtRest() int {
	w.t.Helper()
	p := w.start()
	w.atRest(p)
	return w.goroutines(p)
}

// goroutines has the program end with a dump of all that it does, and counts. Those of
// a connection to the stand-in are left out, since a look at its health is under way
// now and then; a connection that were held has a descriptor.
func (w *world) goroutines(p *stage.Process) int {
	w.t.Helper()
	before := len(p.Output())
	p.Signal(syscall.SIGQUIT)
	if _, err := p.ExitCode(20 * time.Second); err != nil {
		w.t.Fatal(err)
	}
	dump := p.Output()[before:]
	w.await("the stand-in ends with the program", 20*time.Second, func() error {
		resp, err := w.client.Get(fmt.Sprintf("http://127.0.0.1:%d/health", w.upstream))
		if err != nil {
			return nil
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
		return errors.New("it answers")
	})
	n := 0
	for one := range strings.SplitSeq(dump, "\n\n") {
		if strings.HasPrefix(one, "goroutine ") && !strings.Contains(one, "net/http.(*Transport)") {
			n++
		}
	}
	return n
}
