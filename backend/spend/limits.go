package spend

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
)

// limits is what limits.json holds.
type limits struct {
	Cap    *Micros `json:"cap_usd,omitempty"` // none when absent
	Paused bool    `json:"paused"`
}

// storedLimits are the cap and the pause on disk. What is there and cannot be
// understood may have been a cap: paid turns wait until it is set again.
func storedLimits(f Folder) (l limits, unread bool, err error) {
	data, err := readWhole(f, LimitsFile)
	if errors.Is(err, fs.ErrNotExist) {
		return limits{}, false, nil
	}
	if err != nil {
		return limits{}, false, fmt.Errorf("read the daily cap: %w", err)
	}
	if err := json.Unmarshal(data, &l); err != nil || l.Cap != nil && *l.Cap < 0 {
		return limits{Paused: true}, true, nil
	}
	if l.Cap != nil {
		*l.Cap = min(*l.Cap, mostPrice)
	}
	return l, false, nil
}

// SetCap limits what paid turns may cost on one day of the user's, from the
// next Reserve on; 0 stops them all. An error means that the limit holds only
// until the program ends.
func (b *Book) SetCap(limit Micros) error {
	if limit < 0 || limit > mostPrice {
		return fmt.Errorf("a daily cap of %s is not possible: it is between $0 and %s", limit, mostPrice)
	}
	return b.change(func() { b.limits.Cap, b.limitsUnread = &limit, false })
}

// RemoveCap lets paid turns cost whatever they cost.
func (b *Book) RemoveCap() error {
	return b.change(func() { b.limits.Cap, b.limitsUnread = nil, false })
}

// SetPaused refuses every paid call from the next Reserve on, or no longer.
// Calls under way are paid already and go on. The error is as SetCap's.
func (b *Book) SetPaused(paused bool) error {
	return b.change(func() { b.limits.Paused = paused })
}

// ReloadLimits takes over limits that somebody else wrote to disk.
func (b *Book) ReloadLimits() {
	// Taken first, so that a change of our own is on disk, or will not be.
	b.limitsWrite.Lock()
	defer b.limitsWrite.Unlock()
	l, unread, err := storedLimits(b.folder)
	b.mu.Lock()
	defer b.mu.Unlock()
	if err != nil || b.limitsUnstored || unread == b.limitsUnread && l.equal(b.limits) {
		return
	}
	b.turnDay(b.now())
	b.limits, b.limitsUnread = l, unread
	b.settleThresholds()
	b.changed()
}

func (l limits) equal(m limits) bool {
	if l.Cap == nil || m.Cap == nil {
		return l == m
	}
	return *l.Cap == *m.Cap && l.Paused == m.Paused
}

// change applies a change of the limits at once and then stores them.
func (b *Book) change(apply func()) error {
	// Taken first, so that of two changes the later one is also stored last.
	b.limitsWrite.Lock()
	defer b.limitsWrite.Unlock()
	b.mu.Lock()
	b.turnDay(b.now())
	apply()
	b.settleThresholds()
	l, unread := b.limits, b.limitsUnread
	b.changed()
	b.mu.Unlock()
	if unread {
		// The unreadable file is the only trace of the cap; a resume alone must not
		// write one without it.
		return nil
	}
	data, err := json.Marshal(l)
	if err == nil {
		err = b.folder.Replace(LimitsFile, append(data, '\n'))
	}
	b.mu.Lock()
	b.limitsUnstored = err != nil
	b.mu.Unlock()
	if err != nil {
		return fmt.Errorf("the change holds until clawrouter-codex ends, since it could not be stored: %w", err)
	}
	return nil
}
