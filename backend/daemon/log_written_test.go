package daemon

import (
	"encoding/json"
	"errors"
	"log/slog"
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
		time.Sleep(recordDelay)
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
		w.told = []string{strings.Join(w.told, " ")} // together or not
		w.want("progress", "a", "a runs")
		w.close()
	})
}

func TestALogThatIsFullIsWrittenAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := openWritten(t)
		for range mostRecords - 1 {
			w.turn("m")
		}
		w.want("with room for one", "")
		w.turn("n")
		all := strings.Repeat("m ", mostRecords-1) + "n"
		w.want("without room", all, all)
		w.close()
	})
}

// Whoever stops the terminal stops no file, until so much waits to be told that turns
// must wait as well.
func TestAStoppedTerminalHoldsUpNoFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := openWritten(t)
		tell, goOn := w.steps.write, make(chan struct{})
		w.steps.write = func(steps []Step) error {
			<-goOn
			return tell(steps)
		}
		w.turn("a")
		time.Sleep(recordDelay)
		w.want("40 ms later", "a")
		w.turn("b")
		time.Sleep(recordDelay)
		w.want("40 ms after the next", "a b")
		const more = mostRecords - 1 // b is one of those that wait
		for range more {
			if w.due() {
				t.Error("a turn waits")
				break
			}
			w.turn("c")
			time.Sleep(recordDelay)
			synctest.Wait()
		}
		if !w.due() {
			t.Errorf("%d steps wait for the terminal, and no turn", mostRecords)
		}
		close(goOn)
		w.close()
		rest := strings.Repeat(" c", more)
		w.want("once it goes on", "a b"+rest, "a", "b"+rest)
	})
}

// What is large, or may be another thing by then, does not wait.
func TestWhatMustNotWaitIsWrittenAtOnce(t *testing.T) {
	for name, value := range map[string]any{
		"a long text": strings.Repeat("x", mostWaiting+1), "an error": errors.New("x"), "a list": []string{"x"},
		"a group": slog.GroupValue(slog.String("x", "x")), "what is asked for its value": asked{},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := openWritten(t)
				w.Info("first", "text", strings.Repeat("x", mostWaiting), "number", 1, "time", time.Now(), "on", true)
				w.want("what may wait", "")
				w.Info("x", "value", value)
				w.want("what must not", "first: x:")
				w.close()
			})
		})
	}
}

// asked is a value whose maker is asked for it.
type asked struct{}

func (asked) LogValue() slog.Value { return slog.StringValue("x") }

// The room of a request that was shown whole is given back; usual lines keep theirs.
func TestTheLogKeepsNoHugeRoom(t *testing.T) {
	w := openWritten(t)
	w.Info("x", "request", strings.Repeat("x", 2*mostLines))
	if n := cap(w.lines); n > mostLines {
		t.Errorf("%d bytes are held", n)
	}
	w.Warn("x")
	if cap(w.lines) == 0 {
		t.Error("each line makes room anew")
	}
	w.close()
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
