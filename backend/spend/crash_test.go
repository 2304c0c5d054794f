package spend

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/backend/models"
)

// crashFolder makes the test binary spend in that folder until it is killed.
const crashFolder = "SPEND_TEST_FOLDER"

// spendUntilKilled prints a line for every call that it sends, before it books
// it, as soon as the reservation had its time to get to disk.
func spendUntilKilled(dir string) {
	b, err := Open(Options{Folder: Disk(dir), Prices: models.Snapshot()})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	out := bufio.NewWriter(os.Stdout)
	for {
		var held []*Reservation
		for range 5 {
			r, err := b.Reserve(Request{Model: "openai/gpt-5.4", InputTokens: 10_000, MaxTokens: 1000, ClawRouter: true})
			if err != nil {
				panic(err)
			}
			held = append(held, r)
		}
		if err := b.Sync(context.Background()); err != nil {
			panic(err)
		}
		for _, r := range held {
			fmt.Fprintln(out, "sent", r.entry.ID)
		}
		out.Flush()
		for i, r := range held {
			if i > 0 {
				r.Book(Outcome{Used: "openai/gpt-5.4", In: 1, Out: 1, Outcome: OutcomeOK})
			}
		}
		if err := b.Sync(context.Background()); err != nil {
			panic(err)
		}
		held[0].Book(Outcome{Used: "openai/gpt-5.4", Outcome: OutcomeOK})
	}
}

// Killed at any moment, no call that was sent is missing from the ledger, and
// none counts twice.
func TestKilledWhileWriting(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "spend")
	sent := map[string]bool{}
	for round := range 12 {
		for id := range killedRun(t, dir, round) {
			sent[id] = true
		}
		b, err := Open(Options{Folder: Disk(dir), Prices: models.Snapshot()})
		if err != nil {
			t.Fatal(err)
		}
		if err := b.Sync(context.Background()); err != nil {
			t.Fatal(err)
		}
		today, label := b.Status().Today, b.Status().Date
		if err := b.Close(context.Background()); err != nil {
			t.Fatal(err)
		}
		checkAfterCrash(t, dir, label, sent, today)
	}
	if len(sent) < 100 {
		t.Fatalf("only %d calls were sent in all", len(sent))
	}
}

// killedRun kills a child in the middle of its work and returns the ids of what
// it sent.
func killedRun(t *testing.T, dir string, round int) map[string]bool {
	t.Helper()
	child := exec.Command(os.Args[0], "-test.run=^$")
	child.Env = append(os.Environ(), crashFolder+"="+dir)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	sent := map[string]bool{}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		id, ok := strings.CutPrefix(lines.Text(), "sent ")
		if !ok {
			t.Fatalf("the child says %q", lines.Text())
		}
		sent[id] = true
		if len(sent) == 10+7*round {
			// At a different point of its work in every round.
			time.AfterFunc(time.Duration(round)*700*time.Microsecond, func() { _ = child.Process.Kill() })
		}
	}
	_ = child.Wait()
	return sent
}

func checkAfterCrash(t *testing.T, dir, label string, sent map[string]bool, today Micros) {
	t.Helper()
	f, err := os.Open(filepath.Join(dir, label+ledgerSuffix))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	seen := map[string]struct{}{}
	var total Micros
	if _, err := readLedger(f, seen, func(e Entry) { total += e.Cost }); err != nil {
		t.Fatal(err)
	}
	for id := range sent {
		if _, ok := seen[id]; !ok {
			t.Errorf("%s was sent and is not in the ledger", id)
		}
	}
	if total != today || total != Micros(len(seen))*41_000 {
		t.Errorf("%d entries make %v, status says %v", len(seen), total, today)
	}
}

func TestUnfinishedCallsOfACrash(t *testing.T) {
	d := openDesk(t, nil)
	d.spendOn("openai/gpt-5.4", "openai/gpt-5.4")
	open, err := d.Reserve(turn("openai/gpt-5.4"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Reserve(turn("free/gpt-oss-120b")); err != nil {
		t.Fatal(err)
	}
	d.sync()
	crashed := d.folder.copy()
	// The call that ends after the crash's copy was made, as it were.
	open.Book(Outcome{Used: "openai/gpt-5.4", Outcome: OutcomeOK})
	d.sync()

	after := openDesk(t, crashed)
	after.sync()
	e := after.Recent(1)[0]
	if e.Cost != 41_000 || e.Outcome != OutcomeInterrupted || e.Basis != BasisReservation || !e.Estimate || e.Thread != "th" {
		t.Errorf("booked as %+v", e)
	}
	if s := after.Status(); s.Today != 82_000 || s.Reserved != 0 {
		t.Errorf("today %v, reserved %v", s.Today, s.Reserved)
	}
	if s := after.reopen().Status(); s.Today != 82_000 {
		t.Errorf("after a further restart %v: booked again", s.Today)
	}
}

// A crash between the ledger's line and the end of the reservation on disk.
func TestBookedButStillOnTheList(t *testing.T) {
	d := openDesk(t, nil)
	r, err := d.Reserve(turn("openai/gpt-5.4"))
	if err != nil {
		t.Fatal(err)
	}
	d.sync()
	list := d.folder.text(openFile)
	r.Book(Outcome{Used: "openai/gpt-5.4", Outcome: OutcomeOK})
	d.sync()
	crashed := d.folder.copy()
	crashed.put(openFile, list)
	if s := openDesk(t, crashed).Status(); s.Today != 41_000 {
		t.Errorf("today %v, want 41000 once", s.Today)
	}
}

// The program was started again on another day: the money was spent on the day
// of the crash.
func TestUnfinishedCallsOfYesterday(t *testing.T) {
	d := openDesk(t, nil)
	if _, err := d.Reserve(turn("openai/gpt-5.4")); err != nil {
		t.Fatal(err)
	}
	d.sync()
	after := openDeskAt(t, d.folder.copy(), noon.AddDate(0, 0, 1))
	after.sync()
	if s := after.Status(); s.Today != 0 || after.Days(2)[0].Cost != 41_000 {
		t.Errorf("today %v, yesterday %v", s.Today, after.Days(2)[0].Cost)
	}
	if got := after.ledger("2026-11-22"); len(got) != 1 {
		t.Errorf("yesterday's file has %d entries", len(got))
	}
}

func TestListOfReservationsIsDamaged(t *testing.T) {
	folder := newMemory()
	folder.put(openFile, "[{\"id\":")
	d := openDesk(t, folder)
	if got := strings.Join(d.Status().Problems, "\n"); !strings.Contains(got, "calls that were under way when the program ended are not known") {
		t.Errorf("problems: %s", got)
	}
}
