package daemon

import (
	"encoding/json"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/BlockRunAI/clawrouter-codex/backend/settings"
)

// writtenLog is a program's log, and what has been written of it.
type writtenLog struct {
	*programLog
	t     *testing.T
	paths settings.Paths

	mu   sync.Mutex
	told []string // the models and messages told, those told together in one
}

func openWritten(t *testing.T) *writtenLog {
	t.Helper()
	w := &writtenLog{t: t, paths: settings.Paths{Root: t.TempDir()}}
	log, err := openLog(w.paths, logChoice{}, nil, func(steps ...Step) {
		var names []string
		for _, s := range steps {
			name, _, _ := strings.Cut(s.Text, ",")
			names = append(names, name)
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		w.told = append(w.told, strings.Join(names, " "))
	})
	if err != nil {
		t.Fatal(err)
	}
	w.programLog = log
	return w
}

// turn is the line of a turn, which names its model alone.
func (w *writtenLog) turn(model string) { w.Info(turnMessage, "model", model) }

// want compares the file and what was told with what they must hold by now.
func (w *writtenLog) want(when, file string, told ...string) {
	w.t.Helper()
	synctest.Wait()
	text, err := os.ReadFile(w.paths.ProgramLog())
	if err != nil {
		w.t.Fatal(err)
	}
	var lines []string
	for line := range strings.Lines(string(text)) {
		var record struct{ Msg, Model string }
		if err := json.Unmarshal([]byte(line), &record); err != nil {
			w.t.Fatalf("not JSON: %s", line)
		}
		lines = append(lines, strings.TrimPrefix(record.Msg+":"+record.Model, turnMessage+":"))
	}
	if diff := cmp.Diff(file, strings.Join(lines, " ")); diff != "" {
		w.t.Errorf("%s, the file: %s", when, diff)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if diff := cmp.Diff(told, w.told); diff != "" {
		w.t.Errorf("%s, told: %s", when, diff)
	}
}

func (w *writtenLog) close() {
	w.t.Helper()
	if err := w.Close(); err != nil {
		w.t.Error(err)
	}
}

func TestATurnDoesNotWaitForItsLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := openWritten(t)
		w.turn("a")
		w.turn("b")
		w.want("as the answers end", "")
		time.Sleep(gatherDelay)
		w.want("40 ms later", "a b", "a b")
		w.close()
	})
}

// Whoever looks for the reason of a crash finds it, and what was before.
func TestAWarningIsWrittenAtOnceBehindWhatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := openWritten(t)
		w.turn("a")
		w.Warn("w", "model", "m")
		w.want("a warning", "a w:m", "a w")
		w.turn("b")
		w.want("a turn after it", "a w:m", "a w")
		untold(w.Logger).Error("e")
		w.want("an error that is for the file alone", "a w:m b e:", "a w", "b")
		w.With("model", "n").WithGroup("g").Error("e")
		w.want("one with attributes", "a w:m b e: e:n", "a w", "b", "e")
		w.close()
	})
}

// What a person waits for is told at once, and never before what came first.
func TestProgressIsToldAtOnceBehindWhatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := openWritten(t)
		w.turn("a")
		w.tell(Step{Text: "runs"})
		w.want("progress", "", "a runs")
		w.close()
	})
}

func TestALogThatIsFullIsWrittenAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := openWritten(t)
		var steps, lines int
		for len(w.told) == 0 { // by this goroutine: no time passes
			w.turn("m")
			steps++
		}
		if steps != mostSteps {
			t.Errorf("told after %d turns, want %d", steps, mostSteps)
		}
		length := func() int64 {
			info, err := os.Stat(w.paths.ProgramLog())
			if err != nil {
				t.Fatal(err)
			}
			return info.Size()
		}
		const text = 1000
		for length() == 0 {
			w.Info("x", "text", strings.Repeat("x", text))
			lines++
		}
		if size := length(); size < mostLines || size > mostLines+2*text {
			t.Errorf("%d bytes were written together, want %d and a line", size, mostLines)
		}
		w.close()
	})
}

// The program's end loses nothing, and a goroutine that outlives the log can still
// tell what it has to.
func TestTheEndOfTheLogWritesWhatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := openWritten(t)
		w.turn("a")
		w.close()
		w.want("the end", "a", "a")
		w.turn("b")
		w.want("a line after it", "a", "a", "b")
		time.Sleep(time.Hour)
		w.want("an hour later", "a", "a", "b")
	})
}

// The last line of a run is there when the run is over, and each for whoever asks the
// link for its log, however soon.
func TestWhoAsksForTheLogGetsTheLatestLine(t *testing.T) {
	s := load(t, map[string]string{"CLAWROUTER_PROXY_URL": clawRouter(t)})
	r := run(t, Options{Settings: s, Command: "start"})
	link := r.waitReady()
	turn := func(thread string) {
		t.Helper()
		if got := post(t, link.Bridge+"/v1/responses", `{"model":"free/gpt-oss-120b","stream":true,"input":"`+thread+`"}`); !strings.Contains(got, "response.completed") {
			t.Fatalf("no turn: %s", got)
		}
	}
	for i := range 3 {
		turn(strconv.Itoa(i))
		list, err := link.Local.Log(t.Context(), 100)
		if err != nil {
			t.Fatal(err)
		}
		turns := 0
		for _, line := range list {
			if strings.HasPrefix(line.Text, "turn ") {
				turns++
			}
		}
		if turns != i+1 {
			t.Errorf("after %d turns the log shows %d", i+1, turns)
		}
	}
	turn("last")
	r.stop()
	if err := r.wait(); err != nil {
		t.Error(err)
	}
	text, err := os.ReadFile(s.Paths.ProgramLog())
	if n := strings.Count(string(text), `"msg":"turn"`); err != nil || n != 4 {
		t.Errorf("%d of 4 turns in the file: %v", n, err)
	}
	if n := strings.Count(strings.Join(r.told(), "\n"), " turn "); n != 4 {
		t.Errorf("%d of 4 turns told", n)
	}
}
