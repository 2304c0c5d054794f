package spend

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const good = `{"id":"a-1","at":"2026-11-22T12:00:00+01:00","asked":"openai/gpt-5.4","cost_usd":0.041}`

func TestLedgerSurvivesItsFile(t *testing.T) {
	line := func(id string) string { return strings.Replace(good, "a-1", id, 1) }
	tests := []struct {
		name, text string
		entries    int
		damaged    int
	}{
		{"empty", "", 0, 0},
		{"two calls", line("a-1") + "\n" + line("a-2") + "\n", 2, 0},
		{"the last line has no end, but is whole", line("a-1") + "\n" + line("a-2"), 2, 0},
		{"the last line is torn", line("a-1") + "\n" + line("a-2")[:40], 1, 1},
		{"torn in the middle of a character", line("a-1") + "\n" + `{"id":"a-2","thread":"` + "\xe2\x82", 1, 1},
		{"a torn line, then others", line("a-1")[:20] + "\n" + line("a-2") + "\n", 1, 1},
		{"a line twice", line("a-1") + "\n" + line("a-1") + "\n", 1, 0},
		{"lines of Windows, and empty ones", line("a-1") + "\r\n\r\n" + line("a-2") + "\r\n\n", 2, 0},
		{"zeros, as a power cut leaves them", line("a-1") + "\n" + strings.Repeat("\x00", 4096) + "\n" + line("a-2") + "\n", 2, 1},
		{"a line of a megabyte", line("a-1") + "\n" + strings.Repeat("x", 1<<20) + "\n" + line("a-2") + "\n", 2, 1},
		{"a megabyte without an end", line("a-1") + "\n" + strings.Repeat("x", 1<<20), 1, 1},
		{"a negative cost would open the cap", strings.Replace(good, "0.041", "-5", 1) + "\n", 0, 1},
		{"a cost beyond all money", strings.Replace(good, "0.041", "1e300", 1) + "\n", 0, 1},
		{"a cost in words", strings.Replace(good, "0.041", `"much"`, 1) + "\n", 0, 1},
		{"no date", strings.Replace(good, "2026-11-22T12:00:00+01:00", "today", 1) + "\n", 0, 1},
		{"a field of a later version", strings.Replace(good, `"id"`, `"mood":"good","id"`, 1) + "\n", 1, 0},
		{"not a ledger", "<html>\n</html>\n", 0, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			n := 0
			damaged, err := readLedger(strings.NewReader(tt.text), map[string]struct{}{}, func(Entry) { n++ })
			if err != nil || n != tt.entries || damaged != tt.damaged {
				t.Errorf("%d entries, %d damaged, %v; want %d, %d", n, damaged, err, tt.entries, tt.damaged)
			}
			// What is written next is never lost with the damage.
			folder := newMemory()
			folder.put("2026-11-22.jsonl", tt.text)
			d := openDesk(t, folder)
			before := d.Status()
			d.spendOn("openai/gpt-5.4", "openai/gpt-5.4")
			after := d.reopen().Status()
			if after.Today != before.Today+41_000 {
				t.Errorf("%v before, %v after another turn", before.Today, after.Today)
			}
			if said := strings.Contains(strings.Join(after.Problems, " "), fmt.Sprintf("%d lines of the ledger are damaged", tt.damaged)); said != (tt.damaged > 0) {
				t.Errorf("problems: %v", after.Problems)
			}
		})
	}
}

// Sums stay at their end: one that wrapped round would open the cap.
func TestAbsurdLedger(t *testing.T) {
	var text strings.Builder
	for i := range 20 {
		fmt.Fprintf(&text, `{"id":"%d","at":"2026-11-22T12:00:00Z","asked":"m","cost_usd":2e12}`+"\n", i)
	}
	folder := newMemory()
	folder.put("2026-11-22.jsonl", text.String())
	d := openDesk(t, folder)
	d.setCap(Dollar)
	d.refused(turn("openai/gpt-5.4"))
	if s := d.Status(); s.Today != mostMicros {
		t.Errorf("today %d", s.Today)
	}
}

func TestLedgerDay(t *testing.T) {
	for name, want := range map[string]bool{
		"2026-11-22.jsonl": true, "2026-02-30.jsonl": false, "2026-11-22.jsonl.bak": false,
		"notes.jsonl": false, "open.json": false, "..jsonl": false, "../2026-11-22.jsonl": false,
	} {
		if _, ok := ledgerDay(name); ok != want {
			t.Errorf("%s: %v", name, ok)
		}
	}
}

func TestAYearThatJSONCannotWrite(t *testing.T) {
	var b bytes.Buffer
	appendLine(&b, &Entry{ID: "a-1", At: time.Date(12026, 1, 1, 0, 0, 0, 0, time.UTC), Cost: 7})
	e, err := parseLine(b.Bytes())
	if err != nil || e.Cost != 7 {
		t.Errorf("%+v, %v", e, err)
	}
}

// Whatever is in the file: reading ends, sums are sane, what is read is written
// the same, and a line added after it is read.
func FuzzReadLedger(f *testing.F) {
	f.Add([]byte(good + "\n"))
	f.Add([]byte(good + "\n" + good[:30]))
	f.Add([]byte(`{"id":"b","at":"2026-11-22T12:00:00Z","kind":"balance","wallet":"0x1","balance_usd":9.9,"unexplained_usd":-0.06,"cost_usd":0}` + "\n"))
	f.Add([]byte("{\"cost_usd\":1e9}\n\x00\x00\n[]\n\"\"\nnull\n"))
	f.Add([]byte(`{"at":"2026-11-22T12:00:00Z","in":9223372036854775807,"cost_usd":0.0000001}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		folder := newMemory()
		folder.put("d", string(data))
		if err := folder.Append("d", []byte(good+"\n")); err != nil {
			t.Fatal(err)
		}
		d := newDay("d")
		seen := map[string]struct{}{}
		_, err := readLedger(strings.NewReader(folder.text("d")), seen, func(e Entry) {
			d.count(&e)
			var line bytes.Buffer
			appendLine(&line, &e)
			if bytes.Count(line.Bytes(), []byte("\n")) != 1 {
				t.Fatalf("not one line: %q", line.Bytes())
			}
			again, err := parseLine(line.Bytes())
			if err != nil {
				t.Fatalf("%s: %v", line.Bytes(), err)
			}
			if diff := cmp.Diff(e, again); diff != "" {
				t.Fatal(diff)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := seen["a-1"]; !ok {
			t.Fatal("the added line is not read")
		}
		if d.spent < 0 || d.spent > mostMicros {
			t.Fatalf("spent %d", d.spent)
		}
	})
}
