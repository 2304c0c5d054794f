package spend

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

var errDiskFull = &os.PathError{Op: "write", Path: "spend", Err: syscall.ENOSPC}

func TestBookingsAreOnDiskWithinATenthOfASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := openDesk(t, nil)
		for range 500 {
			d.spendOn("openai/gpt-5.4", "openai/gpt-5.4")
		}
		if got := d.ledger("2026-11-22"); len(got) != 0 {
			t.Fatalf("%d entries were written before their callers went on", len(got))
		}
		time.Sleep(100 * time.Millisecond)
		synctest.Wait()
		if got := d.ledger("2026-11-22"); len(got) != 500 {
			t.Errorf("%d of 500 entries after 100 ms", len(got))
		}
		if n := strings.Count(strings.Join(d.folder.log, "\n"), "append"); n != 1 {
			t.Errorf("%d writes for one burst", n)
		}
	})
}

func TestReservationsAreOnDiskWithinATenthOfASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := openDesk(t, nil)
		if _, err := d.Reserve(turn("openai/gpt-5.4")); err != nil {
			t.Fatal(err)
		}
		time.Sleep(100 * time.Millisecond)
		synctest.Wait()
		if s := openDeskAt(t, d.folder.copy(), noon).Status(); s.Today != 41_000 {
			t.Errorf("after a crash %v is spent, want what was reserved", s.Today)
		}
	})
}

// A person reads the ledger; so its form is fixed.
func TestLedgerForPeople(t *testing.T) {
	d := openDesk(t, nil)
	session := d.session
	r, err := d.Reserve(Request{Thread: "019a-thread", TurnID: "7", Model: "blockrun/auto", InputTokens: 18_000, MaxTokens: 8192, ClawRouter: true})
	if err != nil {
		t.Fatal(err)
	}
	r.Book(Outcome{
		Used: "openai/gpt-5.4", In: 17_321, Cached: 12_000, Written: 5, Out: 1200, Reasoning: 300,
		First: 412 * time.Millisecond, Total: 1100 * time.Millisecond, Outcome: OutcomeOK, Finish: "tool_calls",
	})
	d.sync()
	want := `{"id":"` + session + `-1","at":"2026-11-22T12:00:00+01:00","thread":"019a-thread","turn":"7","asked":"blockrun/auto","used":"openai/gpt-5.4",` +
		`"in":17321,"cached":12000,"cache_write":5,"out":1200,"reasoning":300,"max_tokens":8192,"cost_usd":0.16888,"basis":"quote","estimate":true,` +
		`"first_ms":412,"ms":1100,"outcome":"ok","finish":"tool_calls"}` + "\n"
	if diff := cmp.Diff(want, d.folder.text("2026-11-22.jsonl")); diff != "" {
		t.Error(diff)
	}
}

func TestFullDiskStopsNoTurn(t *testing.T) {
	d := openDesk(t, nil)
	d.setCap(10 * Dollar)
	d.spendOn("openai/gpt-5.4", "openai/gpt-5.4")
	d.sync()
	d.folder.breakWith(func(string, string) error { return errDiskFull })
	for range 10 {
		d.spendOn("openai/gpt-5.4", "openai/gpt-5.4")
	}
	if err := d.Sync(context.Background()); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("Sync on a full disk: %v", err)
	}
	s := d.Status()
	want := []string{"The ledger cannot be written (write spend: no space left on device). Turns go on; 10 entries wait in memory. " +
		"Make room on the disk, or look at the folder's permissions."}
	if diff := cmp.Diff(want, s.Problems); diff != "" || s.Today != 11*41_000 || s.Unwritten != 10 {
		t.Errorf("today %v, %d unwritten, problems %s", s.Today, s.Unwritten, diff)
	}
	d.folder.breakWith(nil)
	d.sync()
	if s := d.Status(); s.Problems != nil || s.Unwritten != 0 {
		t.Errorf("with room again: %+v", s)
	}
	// Half of the first attempt is still in the file; every call counts once.
	if got := d.ledger("2026-11-22"); len(got) != 11 || sum(got) != s.Today {
		t.Errorf("the ledger has %d entries, %v", len(got), sum(got))
	}
	if s := d.reopen().Status(); s.Today != 11*41_000 {
		t.Errorf("after a restart %v", s.Today)
	}
}

func TestReadOnlyFolderFillsNoMemory(t *testing.T) {
	d := openDesk(t, nil)
	d.folder.breakWith(func(string, string) error { return fs.ErrPermission })
	_ = d.Sync(context.Background())
	for range mostQueued + 7 {
		d.spendOn("google/gemini-2.5-flash", "google/gemini-2.5-flash")
	}
	_ = d.Sync(context.Background())
	s := d.Status()
	if s.Unwritten > mostQueued || s.Today != (mostQueued+7)*6500 {
		t.Errorf("%d entries in memory, today %v", s.Unwritten, s.Today)
	}
	if got := strings.Join(s.Problems, "\n"); !strings.Contains(got, "7 entries of the ledger are lost") {
		t.Errorf("problems: %s", got)
	}
	d.folder.breakWith(nil)
	d.sync()
	if got := d.ledger("2026-11-22"); len(got) != mostQueued {
		t.Errorf("%d entries on disk", len(got))
	}
}

// The disk is tried again after a while, not with every booking.
func TestRetryAfterAFullDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := openDesk(t, nil)
		d.folder.breakWith(func(string, string) error { return errDiskFull })
		for range 100 {
			d.spendOn("openai/gpt-5.4", "openai/gpt-5.4")
			time.Sleep(10 * time.Millisecond)
		}
		if n := strings.Count(strings.Join(d.folder.log, "\n"), "append"); n != 1 {
			t.Errorf("%d attempts within a second", n)
		}
		d.folder.breakWith(nil)
		time.Sleep(2 * retryDelay)
		synctest.Wait()
		if s := d.Status(); s.Unwritten != 0 || len(d.ledger("2026-11-22")) != 100 {
			t.Errorf("%+v", s)
		}
	})
}

// hanging is a disk that takes its time.
type hanging struct {
	*memory
	entered, leave chan struct{}
}

func (h *hanging) Append(name string, lines []byte) error {
	h.entered <- struct{}{}
	<-h.leave
	return h.memory.Append(name, lines)
}

func TestNobodyWaitsForTheDisk(t *testing.T) {
	folder := &hanging{newMemory(), make(chan struct{}), make(chan struct{})}
	b, err := Open(Options{Folder: folder, Prices: priceList(t), Now: (&clock{t: noon}).now})
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{Book: b, folder: folder.memory, t: t}
	d.spendOn("openai/gpt-5.4", "openai/gpt-5.4")
	<-folder.entered
	d.spendOn("openai/gpt-5.4", "openai/gpt-5.4")
	if s := d.Status(); s.Today != 82_000 || s.Unwritten != 2 {
		t.Errorf("while the disk hangs: %+v", s)
	}
	close(folder.leave)
	go func() {
		for range folder.entered {
		}
	}()
	if err := d.close(); err != nil {
		t.Fatal(err)
	}
	close(folder.entered)
	if len(d.ledger("2026-11-22")) != 2 {
		t.Error("not everything was written")
	}
}

func TestCloseTellsWhatIsLost(t *testing.T) {
	d := openDesk(t, nil)
	d.folder.breakWith(func(string, string) error { return errDiskFull })
	d.spendOn("openai/gpt-5.4", "openai/gpt-5.4")
	if err := d.close(); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("Close on a full disk: %v", err)
	}
}

func TestCloseWaitsNoLongerThanAsked(t *testing.T) {
	folder := &hanging{newMemory(), make(chan struct{}), make(chan struct{})}
	b, err := Open(Options{Folder: folder, Prices: priceList(t), Now: (&clock{t: noon}).now})
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{Book: b, folder: folder.memory, t: t}
	d.spendOn("openai/gpt-5.4", "openai/gpt-5.4")
	<-folder.entered
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	if err := b.Close(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("Close: %v", err)
	}
	close(folder.leave)
	if err := d.close(); err != nil {
		t.Fatal(err)
	}
}

func TestOnARealDisk(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "spend")
	open := func() *Book {
		b, err := Open(Options{Folder: Disk(dir), Prices: priceList(t), Now: (&clock{t: noon}).now})
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	b := open()
	d := &desk{Book: b, t: t}
	d.setCap(Dollar)
	d.spendOn("openai/gpt-5.4", "openai/gpt-5.4")
	d.sync()
	path := filepath.Join(dir, "2026-11-22.jsonl")
	// A crash cut the last line short, and an atomic write.
	tear(t, path, `{"id":"x-9","at":"2026-11-`)
	if err := os.WriteFile(filepath.Join(dir, ".open.json.123.tmp"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	d.spendOn("openai/gpt-5.4", "openai/gpt-5.4")
	if err := b.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	b = open()
	defer b.Close(context.Background())
	s := b.Status()
	if s.Today != 82_000 || s.Cap == nil || *s.Cap != Dollar || len(s.Problems) != 1 {
		t.Errorf("after a restart: %+v", s)
	}
	for _, name := range []string{path, filepath.Join(dir, "open.json"), filepath.Join(dir, "limits.json")} {
		info, err := os.Stat(name)
		if err != nil || info.Mode().Perm() != 0o600 && runtime.GOOS != "windows" { // which has no such bits
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".*")); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

func tear(t *testing.T, path, text string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprint(f, text); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}
