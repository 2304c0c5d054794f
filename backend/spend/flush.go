package spend

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"slices"
	"time"
)

const (
	// groupDelay is how long a booking waits for others to go to disk with it.
	groupDelay = 40 * time.Millisecond
	// retryDelay is the pause after the disk refused.
	retryDelay = 2 * time.Second
	// mostQueued bounds the memory while the disk refuses.
	mostQueued = 10_000
	// mostSpare is how many entries' room is kept for the next burst.
	mostSpare = 4096
)

// wakeFlusher says that there is something to write. Callers hold mu.
func (b *Book) wakeFlusher() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// run is the flushing goroutine: after Open it alone touches the ledger. earlier
// tells that there are days to read.
func (b *Book) run(earlier bool) {
	defer close(b.done)
	// Ready while there are earlier days to read; what is to be written may come
	// between two of them.
	var more chan struct{}
	if earlier {
		more = make(chan struct{})
		close(more)
	}
	var due <-chan time.Time // set while something waits to be written
	for {
		wake := b.wake
		if due != nil {
			// A flush writes all that waits. After a failure, too, it comes at its
			// time and not with every booking.
			wake = nil
		}
		select {
		case <-wake:
			due = time.After(groupDelay)
			continue
		case <-more:
			if !b.loadEarlier() {
				more = nil
				close(b.loaded)
				b.mu.Lock()
				b.changed()
				b.mu.Unlock()
			}
			continue
		case <-due:
		case <-b.urgent:
		case <-b.quit:
			b.flush()
			return
		}
		due = nil
		if b.flush() != nil {
			due = time.After(retryDelay)
		}
	}
}

// work is what one flush writes. What is left of it after an error is still to
// be done.
type work struct {
	folds   []fold
	entries []queued
	labels  []string // of the file that each entry goes to
	// open is the new content of open.json, nil for no change.
	open []byte
}

// flush writes what there is to write. No lock is held meanwhile.
func (b *Book) flush() error {
	b.mu.Lock()
	w := b.takeWork()
	waiters := b.waiters
	b.waiters = nil
	b.mu.Unlock()
	taken := w.entries[:0]
	err := b.write(&w)
	b.labels = w.labels[:0]
	b.mu.Lock()
	b.returnWork(w, err)
	if err == nil && cap(taken) <= mostSpare {
		b.spare = taken
	}
	b.mu.Unlock()
	for _, wait := range waiters {
		wait <- err
	}
	return err
}

func (b *Book) takeWork() work {
	w := work{folds: b.folds, entries: b.queue, labels: b.labels[:0]}
	for i := range b.queue {
		w.labels = append(w.labels, b.queue[i].day.current().label)
	}
	b.writing = len(b.queue)
	b.folds, b.queue, b.spare = nil, b.spare, nil
	if !b.openDirty {
		return w
	}
	b.openDirty = false
	list := []unfinished{}
	for r := range b.open {
		if r.amount > 0 {
			list = append(list, unfinished{r.entry, r.day.current().label, r.amount})
		}
	}
	slices.SortFunc(list, func(a, b unfinished) int { return a.At.Compare(b.At) })
	open, err := json.MarshalIndent(list, "", " ")
	if err == nil {
		w.open = append(open, '\n')
	}
	return w
}

// returnWork takes back what could not be written.
func (b *Book) returnWork(w work, err error) {
	b.writing = 0
	b.folds = append(w.folds, b.folds...)
	if len(w.entries) > 0 {
		b.queue = append(w.entries, b.queue...)
	}
	b.openDirty = b.openDirty || w.open != nil
	if over := len(b.queue) - mostQueued; err != nil && over > 0 {
		b.queue = slices.Delete(b.queue, 0, over)
		b.dropped += over
	}
	if (err == nil) != (b.diskErr == nil) {
		b.changed()
	}
	b.diskErr = err
}

// write does the work in the order in which a crash between two steps counts
// nothing twice and loses nothing: a call leaves open.json after it is in the
// ledger.
func (b *Book) write(w *work) error {
	for len(w.folds) > 0 {
		if err := b.foldFile(w.folds[0]); err != nil {
			return err
		}
		w.folds = w.folds[1:]
	}
	for len(w.entries) > 0 {
		label, n := w.labels[0], 0
		var lines bytes.Buffer
		for n < len(w.entries) && w.labels[n] == label {
			appendLine(&lines, &w.entries[n].entry)
			n++
		}
		if err := b.appendTo(label, lines.Bytes()); err != nil {
			return err
		}
		w.entries, w.labels = w.entries[n:], w.labels[n:]
	}
	if w.open != nil {
		if err := b.folder.Replace(openFile, w.open); err != nil {
			return err
		}
		w.open = nil
	}
	return nil
}

// appendTo adds lines to a day's file. What is in the file has to be counted
// before, since what is added is counted already.
func (b *Book) appendTo(label string, lines []byte) error {
	if err := b.loadNow(label); err != nil {
		return err
	}
	if err := b.folder.Append(label+ledgerSuffix, lines); err != nil {
		return err
	}
	if !b.files[label] {
		b.files[label] = true
		b.prune()
	}
	return nil
}

// foldFile makes a day's file a part of another's.
func (b *Book) foldFile(f fold) error {
	if err := b.loadNow(f.from); err != nil {
		return err
	}
	data, err := b.read(f.from + ledgerSuffix)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if len(data) > 0 && data[len(data)-1] != '\n' {
		data = append(data, '\n')
	}
	if err := b.appendTo(f.to, data); err != nil {
		return err
	}
	delete(b.files, f.from)
	// A file that stays is read twice by the next Open, and counts once.
	_ = b.folder.Remove(f.from + ledgerSuffix)
	return nil
}

// prune keeps the latest files. What cannot be removed stays.
func (b *Book) prune() {
	names, err := b.folder.Names()
	if err != nil {
		return
	}
	names = slices.DeleteFunc(names, func(name string) bool { _, ok := ledgerDay(name); return !ok })
	slices.Sort(names)
	for len(names) > KeptDays {
		_ = b.folder.Remove(names[0])
		names = names[1:]
	}
}
