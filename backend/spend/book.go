package spend

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/backend/models"
)

// Options of a Book. Folder and Prices are required.
type Options struct {
	// Folder is where the ledger is kept, normally Disk("…/spend"). Only the
	// process that holds the lock of the state folder may open it.
	Folder Folder
	Prices *models.Table
	// Now is the user's clock in the user's time zone; time.Now by default.
	Now func() time.Time
	// Session distinguishes this process in the ids of entries; random by default.
	Session string
}

// Book is the ledger and the cap. Its methods are safe for concurrent use, and
// none but Sync, Ready, Close, SetCap, RemoveCap and SetPaused touches the disk.
type Book struct {
	folder  Folder
	now     func() time.Time
	session string

	mu           sync.Mutex
	closed       bool
	prices       *Prices
	profileRates map[string]rate
	date         date
	today        *day
	days         map[string]*day
	open         map[*Reservation]struct{}
	serial       uint64
	recent       []Entry // oldest first
	raised       map[string]*raise
	raisedOrder  []string

	limits       limits
	limitsUnread bool
	// limitsUnstored: what is in memory could not be written, and wins.
	limitsUnstored bool
	limitsWrite    sync.Mutex // held while limits.json is written
	warned         [len(thresholds)]*Warning
	low            *Warning
	subscribers    map[*Subscription]struct{}

	// The wallet, as it was read last at rest.
	reading      *reading
	sinceReading Micros // booked since then
	lastEnd      time.Time
	readEnd      time.Time // lastEnd at the last reading that counted
	balance      *balance

	// What the flushing goroutine has to do and how that goes.
	queue     []queued
	spare     []queued // room for the next queue
	folds     []fold
	openDirty bool
	toLoad    []string // days that are on disk and not yet counted, latest first
	waiters   []chan error
	writing   int // entries that are being written now
	damaged   int
	dropped   int
	diskErr   error
	readErr   error

	// files are the days whose file the flushing goroutine has written to.
	files map[string]bool
	// labels is room for the flushing goroutine's next work.
	labels []string

	wake   chan struct{}
	urgent chan struct{}
	quit   chan struct{}
	done   chan struct{}
	loaded chan struct{}
}

// queued is an entry on its way to disk.
type queued struct {
	entry Entry
	day   *day
}

// LimitsFile is the file of a Book's folder that holds the cap and the pause.
const LimitsFile = "limits.json"

const openFile = "open.json"

// Open reads the limits, today's ledger and what an earlier process left
// undone, and starts the goroutine that writes; Close ends it. Earlier days are
// read behind the caller's back (Ready).
//
// A folder that cannot be read is an error, since what was spent today is then
// not known. One that cannot be written is not: Status.Problem tells.
func Open(o Options) (*Book, error) {
	b := &Book{
		folder: o.Folder, now: o.Now, session: o.Session, prices: NewPrices(o.Prices),
		profileRates: map[string]rate{}, days: map[string]*day{}, open: map[*Reservation]struct{}{},
		raised: map[string]*raise{}, subscribers: map[*Subscription]struct{}{}, files: map[string]bool{},
		wake: make(chan struct{}, 1), urgent: make(chan struct{}, 1), quit: make(chan struct{}),
		done: make(chan struct{}), loaded: make(chan struct{}),
	}
	if b.now == nil {
		b.now = time.Now
	}
	if b.session == "" {
		b.session = rand.Text()[:10]
	}
	now := b.now()
	b.date, b.lastEnd = dateOf(now), now
	b.today = b.dayOf(now.Format(dayLayout))
	var err error
	if b.limits, b.limitsUnread, err = storedLimits(b.folder); err != nil {
		return nil, err
	}
	if err := b.readLedgers(); err != nil {
		return nil, err
	}
	b.lastEnd = b.lastKnownEnd(now)
	b.settleThresholds()
	earlier := len(b.toLoad) > 0
	if !earlier {
		close(b.loaded)
	}
	go b.run(earlier)
	return b, nil
}

// lastKnownEnd is when the last call of an earlier process ended, so that a wallet
// which has been at rest since can be read at once. Where that is not sure (calls
// that nobody saw the end of, midnight a moment ago) it is now.
func (b *Book) lastKnownEnd(now time.Time) time.Time {
	if b.openDirty || now.Add(-RestBefore).Format(dayLayout) != b.today.label {
		return now
	}
	end := now.Add(-RestBefore)
	for _, e := range b.recent {
		if done := e.At.Add(time.Duration(e.TotalMS) * time.Millisecond); done.After(end) {
			end = done
		}
	}
	if end.After(now) {
		return now
	}
	return end
}

// readLedgers counts today's entries, those that the clock of an earlier process
// dated after today, and books what that process left unfinished.
func (b *Book) readLedgers() error {
	names, err := b.folder.Names()
	if err != nil {
		return fmt.Errorf("read the ledger's folder: %w", err)
	}
	left := b.readUnfinished()
	wanted := map[string]bool{b.today.label: true}
	for _, u := range left {
		wanted[u.Day] = true
	}
	// The latest first: rememberEarlier and replayReadings go back in time.
	slices.Sort(names)
	slices.Reverse(names)
	seen := map[string]struct{}{}
	for _, name := range names {
		label, ok := ledgerDay(name)
		switch {
		case !ok:
			b.removeLeftover(name)
		case label > b.today.label || wanted[label]:
			if err := b.load(label, seen); err != nil {
				return err
			}
		case len(b.toLoad) < KeptDays:
			b.toLoad = append(b.toLoad, label)
		}
	}
	for _, u := range left {
		if _, booked := seen[u.ID]; !booked {
			b.adopt(u)
		}
		b.openDirty = true
	}
	b.wakeFlusher()
	return nil
}

// removeLeftover deletes what an atomic write left behind that a crash cut short.
func (b *Book) removeLeftover(name string) {
	for _, of := range [...]string{openFile, LimitsFile} {
		if strings.HasPrefix(name, "."+of+".") && strings.HasSuffix(name, ".tmp") {
			_ = b.folder.Remove(name) // in nobody's way if it stays
		}
	}
}

// unfinished is a reservation in open.json.
type unfinished struct {
	Entry
	Day      string `json:"day"`
	Reserved Micros `json:"reserved_usd"`
}

// readUnfinished reads the calls that an earlier process did not live to book,
// or not to take off its list.
func (b *Book) readUnfinished() []unfinished {
	data, err := b.read(openFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var list []unfinished
	if err == nil {
		err = json.Unmarshal(data, &list)
	}
	if err != nil {
		b.readErr = fmt.Errorf("calls that were under way when the program ended are not known: %s: %w", openFile, err)
		return nil
	}
	return slices.DeleteFunc(list, func(u unfinished) bool { return u.ID == "" || u.Reserved < 0 })
}

// adopt books an unfinished call. It may have been paid, so it costs what was
// reserved.
func (b *Book) adopt(u unfinished) {
	label := min(u.Day, b.today.label)
	if _, ok := ledgerDay(label + ledgerSuffix); !ok {
		label = b.today.label
	}
	u.Cost, u.Basis, u.Estimate = u.Reserved, BasisReservation, true
	u.Outcome, u.TokensEstimated = OutcomeInterrupted, true
	d := b.dayOf(label)
	d.count(&u.Entry)
	b.sinceReading = b.sinceReading.plus(u.Cost)
	b.remember(u.Entry)
	b.queue = append(b.queue, queued{u.Entry, d})
}

func (b *Book) read(name string) ([]byte, error) { return readWhole(b.folder, name) }

func readWhole(folder Folder, name string) ([]byte, error) {
	f, err := folder.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, 16<<20))
}

// Ready waits until the earlier days are read.
func (b *Book) Ready(ctx context.Context) error {
	select {
	case <-b.loaded:
		return nil
	case <-b.done:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Sync puts everything that was booked so far on disk. The error is the disk's.
func (b *Book) Sync(ctx context.Context) error {
	wait := make(chan error, 1)
	b.mu.Lock()
	b.waiters = append(b.waiters, wait)
	b.mu.Unlock()
	select {
	case b.urgent <- struct{}{}:
	default:
	}
	select {
	case err := <-wait:
		return err
	case <-b.done:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Close books what is still reserved as spent, since those calls may have been
// paid, writes everything to disk and ends the goroutine. The error is the
// disk's; what could not be written is lost then.
func (b *Book) Close(ctx context.Context) error {
	b.mu.Lock()
	first := !b.closed
	b.closed = true
	if first {
		for r := range b.open {
			r.interrupt()
		}
		close(b.quit)
	}
	b.mu.Unlock()
	select {
	case <-b.done:
	case <-ctx.Done():
		return ctx.Err()
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.diskErr
}

// interrupt books a call whose end nobody will see. Callers hold mu.
func (r *Reservation) interrupt() {
	e := &r.entry
	e.Outcome, e.TokensEstimated = OutcomeInterrupted, true
	e.Cost, e.Basis = r.amount, BasisReservation
	switch {
	case !r.ours:
		e.Basis = BasisElsewhere
	case r.amount == 0:
		e.Basis = BasisFree
	}
	e.Estimate = e.Basis.Estimate()
	r.book.enter(r)
}
