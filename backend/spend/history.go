package spend

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"
)

// loadEarlier reads one more of the earlier days, the latest first. It reports
// whether there was one.
func (b *Book) loadEarlier() bool {
	b.mu.Lock()
	if len(b.toLoad) == 0 {
		b.mu.Unlock()
		return false
	}
	label := b.toLoad[0]
	b.mu.Unlock()
	if err := b.loadNow(label); err != nil {
		b.mu.Lock()
		b.readErr = err
		b.toLoad = b.toLoad[1:]
		b.mu.Unlock()
	}
	return true
}

// loadNow reads a day's file if that is still to be done. Only the flushing
// goroutine calls it.
func (b *Book) loadNow(label string) error {
	b.mu.Lock()
	i := slices.Index(b.toLoad, label)
	b.mu.Unlock()
	if i < 0 {
		return nil
	}
	if err := b.load(label, map[string]struct{}{}); err != nil {
		return err
	}
	b.mu.Lock()
	b.toLoad = slices.Delete(b.toLoad, i, i+1)
	b.mu.Unlock()
	return nil
}

// load counts what the disk has of a day, but for entries with an id in seen;
// it adds theirs.
func (b *Book) load(label string, seen map[string]struct{}) error {
	f, err := b.folder.Open(label + ledgerSuffix)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the ledger: %w", err)
	}
	defer f.Close()
	var entries []Entry
	damaged, err := readLedger(f, seen, func(e Entry) { entries = append(entries, e) })
	if err != nil {
		return fmt.Errorf("read the ledger of %s: %w", label, err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.damaged += damaged
	b.countLoaded(label, entries)
	return nil
}

// countLoaded counts the entries of a day's file. Callers hold mu.
func (b *Book) countLoaded(label string, entries []Entry) {
	d := b.dayOf(min(label, b.today.label))
	if label > d.label {
		b.folds = append(b.folds, fold{label, d.label})
		b.wakeFlusher()
	}
	for i := range entries {
		d.count(&entries[i])
		if d == b.today {
			b.learnLength(&entries[i])
		}
	}
	b.replayReadings(entries)
	b.rememberEarlier(entries)
	clear(b.profileRates)
	b.changed()
}

// keptRecent is how many of the latest entries are in memory.
const keptRecent = 300

// remember adds the latest entry. Callers hold mu.
func (b *Book) remember(e Entry) {
	if len(b.recent) >= 2*keptRecent {
		b.recent = append(b.recent[:0], b.recent[len(b.recent)-keptRecent+1:]...)
	}
	b.recent = append(b.recent, e)
}

// rememberEarlier adds entries that are older than all in memory.
func (b *Book) rememberEarlier(entries []Entry) {
	room := keptRecent - len(b.recent)
	if room <= 0 {
		return
	}
	entries = slices.DeleteFunc(slices.Clone(entries), func(e Entry) bool { return e.Kind == KindBalance })
	b.recent = slices.Insert(b.recent, 0, entries[max(0, len(entries)-room):]...)
}

// Recent are the latest calls, the last one first, at most 300. Refused and
// released ones are among them until the program ends.
func (b *Book) Recent(n int) []Entry {
	b.mu.Lock()
	defer b.mu.Unlock()
	n = min(n, len(b.recent), keptRecent)
	if n <= 0 {
		return nil
	}
	latest := slices.Clone(b.recent[len(b.recent)-n:])
	slices.Reverse(latest)
	return latest
}

// Day is a day of the ledger.
type Day struct {
	Date        string     `json:"date"` // 2006-01-02, by the user's midnight
	Cost        Micros     `json:"cost_usd"`
	Turns       int        `json:"turns"`
	Unexplained Micros     `json:"unexplained_usd"`
	Models      []ModelSum `json:"models"` // the dearest first
}

// Days are the last n days, the oldest first and today last; quiet ones are
// there with zeros. Until Ready returns, earlier days may lack entries.
func (b *Book) Days(n int) []Day {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.turnDay(b.now())
	n = min(max(n, 0), KeptDays)
	days := make([]Day, n)
	for i := range days {
		// Noon: a day is not always 24 hours long.
		noon := time.Date(b.date.year, b.date.month, b.date.day-(n-1-i), 12, 0, 0, 0, time.UTC)
		days[i] = b.dayReport(noon.Format(dayLayout))
	}
	return days
}

func (b *Book) dayReport(label string) Day {
	report := Day{Date: label, Models: []ModelSum{}}
	d := b.days[label]
	if d == nil {
		return report
	}
	report.Cost, report.Turns, report.Unexplained = d.spent, d.turns, d.unexplained
	for _, m := range d.models {
		report.Models = append(report.Models, *m)
	}
	slices.SortFunc(report.Models, func(x, y ModelSum) int {
		switch {
		case x.Cost != y.Cost:
			return int(max(min(y.Cost-x.Cost, 1), -1))
		case x.Turns != y.Turns:
			return y.Turns - x.Turns
		}
		return strings.Compare(x.Model, y.Model)
	})
	return report
}
