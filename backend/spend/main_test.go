package spend

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/BlockRunAI/clawrouter-codex/backend/models"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(crashFolder); dir != "" {
		spendUntilKilled(dir)
	}
	goleak.VerifyTestMain(m)
}

// priceList is a small list with round prices: $ per million tokens.
func priceList(t testing.TB) *models.Table {
	t.Helper()
	list := &models.Table{
		Aliases: map[string]string{
			"opus": "anthropic/claude-opus-5", "openai/gpt-5-nano": "openai/gpt-5.4", "nemotron": "free/nemotron", "free": "free/gpt-oss-120b",
		},
		Models: []models.Model{
			{ID: "auto", Output: 128000}, {ID: "eco", Output: 128000}, {ID: "premium", Output: 200000}, {ID: "free", Output: 16384},
			{ID: "anthropic/claude-opus-5", In: 5, Out: 25, Output: 128000, Reasoning: true},
			{ID: "anthropic/claude-fable-5", In: 10, Out: 50, Output: 128000, Reasoning: true},
			{ID: "openai/gpt-5.5", In: 5, Out: 30, Output: 128000, Reasoning: true},
			{ID: "openai/gpt-5.5-pro", In: 30, Out: 180, Output: 128000, Reasoning: true},
			{ID: "openai/gpt-5.4", In: 2.5, Out: 15, Output: 128000, Reasoning: true},
			{ID: "openai/gpt-5-nano", In: 0.05, Out: 0.4, Output: 32768},
			{ID: "google/gemini-2.5-flash", In: 0.3, Out: 2.5, Output: 65536},
			{ID: "moonshot/kimi-k2.6", In: 0.95, Out: 4, Output: 65536},
			{ID: "deepseek/deepseek-chat", In: 0.14, Out: 0.28, Output: 8192},
			{ID: "zai/glm-4.7", In: 1, Out: 2, Successor: "zai/glm-5.2"}, {ID: "zai/glm-5.2", In: 1.4, Out: 4.4},
			{ID: "xai/grok-new", In: 0, Out: 0},
			{ID: "free/gpt-oss-120b", Output: 16384},
		},
	}
	list, err := list.Update([]byte(`{"data":[{"id":"free/nemotron","pricing":{"input":0,"output":0}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// clock is a wall clock that a test sets.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

// noon is a Sunday in Berlin.
var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, berlin)

var berlin = zone("Europe/Berlin")

func zone(name string) *time.Location {
	loc, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}
	return loc
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = t
}

func (c *clock) add(d time.Duration) { c.set(c.now().Add(d)) }

// memory is a Folder that a test can look into and break.
type memory struct {
	mu    sync.Mutex
	files map[string][]byte
	// fail is asked before every change of a file; its error is the disk's. A disk
	// that is full takes half of what is appended, one that forbids it nothing.
	fail func(operation, name string) error
	log  []string
}

func newMemory() *memory { return &memory{files: map[string][]byte{}} }

func (m *memory) Names() ([]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var names []string
	for name := range m.files {
		names = append(names, name)
	}
	slices.Sort(names)
	return names, nil
}

func (m *memory) Open(name string) (io.ReadCloser, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	data, ok := m.files[name]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return io.NopCloser(bytes.NewReader(bytes.Clone(data))), nil
}

func (m *memory) step(operation, name string) error {
	m.log = append(m.log, operation+" "+name)
	if m.fail == nil {
		return nil
	}
	return m.fail(operation, name)
}

func (m *memory) Append(name string, lines []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	have := m.files[name]
	if len(have) > 0 && have[len(have)-1] != '\n' {
		lines = append([]byte("\n"), lines...)
	}
	err := m.step("append", name)
	if errors.Is(err, fs.ErrPermission) {
		return err
	}
	if err != nil {
		m.files[name] = append(have, lines[:len(lines)/2]...)
		return err
	}
	m.files[name] = append(have, lines...)
	return nil
}

func (m *memory) Replace(name string, data []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.step("replace", name); err != nil {
		return err
	}
	m.files[name] = bytes.Clone(data)
	return nil
}

func (m *memory) Remove(name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.step("remove", name); err != nil {
		return err
	}
	delete(m.files, name)
	return nil
}

func (m *memory) breakWith(fail func(operation, name string) error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fail = fail
}

func (m *memory) text(name string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return string(m.files[name])
}

func (m *memory) put(name, text string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.files[name] = []byte(text)
}

// copy is what a crash now would leave.
func (m *memory) copy() *memory {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := newMemory()
	for name, data := range m.files {
		c.files[name] = bytes.Clone(data)
	}
	return c
}

// desk is a Book with its folder and clock.
type desk struct {
	*Book
	*clock
	folder *memory
	t      testing.TB
}

var sessions = func() func() string {
	var mu sync.Mutex
	n := 0
	return func() string { mu.Lock(); defer mu.Unlock(); n++; return fmt.Sprintf("s%d", n) }
}()

// openDesk opens a Book at noon on folder; nil is an empty one.
func openDesk(t testing.TB, folder *memory) *desk {
	t.Helper()
	return openDeskAt(t, folder, noon)
}

func openDeskAt(t testing.TB, folder *memory, at time.Time) *desk {
	t.Helper()
	if folder == nil {
		folder = newMemory()
	}
	d := &desk{clock: &clock{t: at}, folder: folder, t: t}
	b, err := Open(Options{Folder: folder, Prices: priceList(t), Now: d.clock.now, Session: sessions()})
	if err != nil {
		t.Fatal(err)
	}
	d.Book = b
	t.Cleanup(func() { d.close() })
	if err := b.Ready(context.Background()); err != nil {
		t.Fatal(err)
	}
	return d
}

func (d *desk) close() error { return d.Book.Close(context.Background()) }

// sync puts everything on disk.
func (d *desk) sync() {
	d.t.Helper()
	if err := d.Sync(context.Background()); err != nil {
		d.t.Fatal(err)
	}
}

// reopen closes the Book in order and opens it again.
func (d *desk) reopen() *desk {
	d.t.Helper()
	if err := d.close(); err != nil {
		d.t.Fatal(err)
	}
	return openDeskAt(d.t, d.folder, d.clock.now())
}

// turn is a request whose quote on gpt-5.4 is easy to tell: 2.5 micro-dollars a
// token in, 15 a token out, and the fee of 1000.
func turn(model string) Request {
	return Request{Thread: "th", TurnID: "tu", Model: model, InputTokens: 10_000, MaxTokens: 1000, ClawRouter: true}
}

// spendOn makes a turn and books it.
func (d *desk) spendOn(model, used string) Entry {
	d.t.Helper()
	r, err := d.Reserve(turn(model))
	if err != nil {
		d.t.Fatal(err)
	}
	return r.Book(Outcome{Used: used, In: 9000, Out: 200, Outcome: OutcomeOK, Finish: "stop"})
}

// refused is the Refusal of a request that must be refused.
func (d *desk) refused(q Request) *Refusal {
	d.t.Helper()
	r, err := d.Reserve(q)
	var no *Refusal
	if !errors.As(err, &no) {
		d.t.Fatalf("Reserve(%s) = %v, %v; want a refusal", q.Model, r, err)
	}
	return no
}

func (d *desk) setCap(m Micros) {
	d.t.Helper()
	if err := d.SetCap(m); err != nil {
		d.t.Fatal(err)
	}
}

// ledger is the ledger of a day as it is on disk.
func (d *desk) ledger(label string) []Entry {
	d.t.Helper()
	var entries []Entry
	_, err := readLedger(strings.NewReader(d.folder.text(label+ledgerSuffix)), map[string]struct{}{}, func(e Entry) { entries = append(entries, e) })
	if err != nil {
		d.t.Fatal(err)
	}
	return entries
}

func sum(entries []Entry) Micros {
	var total Micros
	for _, e := range entries {
		total += e.Cost
	}
	return total
}

// unreadable forbids one file.
type unreadable struct {
	*memory
	name string
}

func (u unreadable) Open(name string) (io.ReadCloser, error) {
	if name == u.name {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	return u.memory.Open(name)
}
