package spend

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

func TestMaxTokens(t *testing.T) {
	tests := []struct {
		name, model, effort string
		want                int
	}{
		{"room for a patch and the thoughts before it", "openai/gpt-5.4", "", 8192},
		{"the usual effort", "openai/gpt-5.4", "medium", 8192},
		{"thinking hard needs room", "openai/gpt-5.4", "high", 16384},
		{"harder still", "openai/gpt-5.4", "xhigh", 16384},
		{"an effort that nobody knows is not a small one", "openai/gpt-5.4", "turbo", 16384},
		{"a routing profile", "blockrun/auto", "", 8192},
		{"half of what a small model can write", "deepseek/deepseek-chat", "high", 4096},
		{"a model that is on no list", "acme/large", "", 8192},
		{"a free model's room costs nothing", "free/gpt-oss-120b", "", 16384},
	}
	d := openDesk(t, nil)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := d.MaxTokens(tt.model, "", tt.effort); got != tt.want {
				t.Errorf("%d, want %d", got, tt.want)
			}
		})
	}
}

// docs/money.md shows the figures as they are.
func TestMaxTokensAreDocumented(t *testing.T) {
	doc, err := os.ReadFile("../../docs/money.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []string{
		fmt.Sprintf("| any other | none to medium | %d |", tableMaxTokens("medium")),
		fmt.Sprintf("| any other | high and above | %d |", tableMaxTokens("high")),
	} {
		if !strings.Contains(string(doc), row) {
			t.Errorf("missing: %s", row)
		}
	}
}

// answer makes a turn without max_tokens of its own.
func (d *desk) answer(thread, finish string, out int) Entry {
	d.t.Helper()
	r, err := d.Reserve(Request{Thread: thread, Model: "openai/gpt-5.4", InputTokens: 100, ClawRouter: true})
	if err != nil {
		d.t.Fatal(err)
	}
	return r.Book(Outcome{Used: "openai/gpt-5.4", In: 100, Out: out, Outcome: OutcomeOK, Finish: finish})
}

func TestRoomGrowsWithTheThreadThatNeedsIt(t *testing.T) {
	d := openDesk(t, nil)
	room := func(thread string) int { return d.MaxTokens("openai/gpt-5.4", thread, "") }
	d.answer("long", "length", 8192)
	if room("long") != 16384 || room("other") != 8192 {
		t.Fatalf("after one cut %d, in another thread %d", room("long"), room("other"))
	}
	for range 10 {
		d.answer("long", "length", room("long"))
	}
	if got := room("long"); got != 128000 {
		t.Fatalf("after many cuts %d, want all that the model can write", got)
	}
	for range 5 {
		r, err := d.Reserve(Request{Thread: "long", Model: "openai/gpt-5.4", InputTokens: 100, ClawRouter: true})
		if err != nil {
			t.Fatal(err)
		}
		r.Book(Outcome{Outcome: "server"})
	}
	if got := room("long"); got != 128000 {
		t.Fatalf("failures took the room away: %d", got)
	}
	d.answer("long", "stop", 100)
	d.answer("long", "stop", 100)
	d.answer("long", "stop", 100_000)
	d.answer("long", "tool_calls", 100)
	d.answer("long", "tool_calls", 100)
	if got := room("long"); got != 128000 {
		t.Fatalf("two short answers in a row took the room away: %d", got)
	}
	d.answer("long", "stop", 100)
	if got := room("long"); got != 8192 {
		t.Fatalf("after three short answers in a row %d", got)
	}
}

// What is reserved, what is sent and what is booked is one figure.
func TestOneFigureForRoom(t *testing.T) {
	d := openDesk(t, nil)
	d.answer("th", "length", 8192)
	q := turn("openai/gpt-5.4")
	q.MaxTokens = 0
	r, err := d.Reserve(q)
	if err != nil {
		t.Fatal(err)
	}
	send, held := r.MaxTokens(), r.Amount()
	e := r.Book(Outcome{Used: "openai/gpt-5.4", In: 1, Out: 1, Outcome: OutcomeOK})
	want := NewPrices(priceList(t)).Quote("openai/gpt-5.4", 10_000, 16384)
	if send != 16384 || e.MaxTokens != 16384 || held != want || e.Cost != want {
		t.Errorf("to send %d, in the ledger %d; held %v, booked %v, want %v", send, e.MaxTokens, held, e.Cost, want)
	}
}

func TestRoomIsRememberedOverARestart(t *testing.T) {
	d := openDesk(t, nil)
	d.answer("long", "length", 8192)
	if got := d.reopen().MaxTokens("openai/gpt-5.4", "long", ""); got != 16384 {
		t.Errorf("%d, want 16384", got)
	}
}

func TestThreadsWithMoreRoomAreBounded(t *testing.T) {
	d := openDesk(t, nil)
	for i := range raisedThreads + 10 {
		d.answer(fmt.Sprint("thread ", i), "length", 8192)
	}
	if len(d.raised) != raisedThreads || len(d.raisedOrder) != raisedThreads {
		t.Errorf("%d threads, %d in order", len(d.raised), len(d.raisedOrder))
	}
	if got := d.MaxTokens("openai/gpt-5.4", fmt.Sprint("thread ", raisedThreads+9), ""); got != 16384 {
		t.Errorf("the latest thread has %d", got)
	}
}
