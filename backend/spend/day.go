package spend

import (
	"time"

	"github.com/BlockRunAI/clawrouter-codex/backend/models"
)

// day is what is known of one day of the user's. Its fields belong to Book.mu.
type day struct {
	label       string // 2006-01-02
	spent       Micros
	reserved    Micros
	unexplained Micros
	turns       int
	models      map[string]*ModelSum
	// routed counts, by routing profile, the turns that each model answered.
	routed map[string]map[string]int
	// into is the day that this one became a part of.
	into *day
}

// ModelSum is a day's use of one model.
type ModelSum struct {
	Model string `json:"model"`
	Turns int    `json:"turns"`
	Cost  Micros `json:"cost_usd"`
	In    int    `json:"in"`
	Out   int    `json:"out"`
}

func newDay(label string) *day {
	return &day{label: label, models: map[string]*ModelSum{}, routed: map[string]map[string]int{}}
}

// current follows folded days to the one that counts.
func (d *day) current() *day {
	for d.into != nil {
		d = d.into
	}
	return d
}

// count adds an entry. It reports a model that answered for a routing profile
// for the first time that day.
func (d *day) count(e *Entry) (newRoute bool) {
	d.unexplained = d.unexplained.plus(e.Unexplained)
	if e.Kind == KindBalance {
		return false
	}
	d.spent = d.spent.plus(e.Cost)
	sum := d.models[e.Model()]
	if sum == nil {
		sum = &ModelSum{Model: e.Model()}
		d.models[sum.Model] = sum
	}
	if !e.Repeat && e.Kind == "" {
		sum.Turns++
		d.turns++
	}
	sum.Cost = sum.Cost.plus(e.Cost)
	sum.In += e.In
	sum.Out += e.Out
	profile := models.RoutingProfile(e.Asked)
	if profile == "" || e.Used == "" || isFree(canonical(e.Used)) {
		return false
	}
	if d.routed[profile] == nil {
		d.routed[profile] = map[string]int{}
	}
	d.routed[profile][canonical(e.Used)]++
	return d.routed[profile][canonical(e.Used)] == 1
}

// fold makes d a part of to.
func (d *day) fold(to *day) {
	to.spent = to.spent.plus(d.spent)
	to.reserved = to.reserved.plus(d.reserved)
	to.unexplained = to.unexplained.plus(d.unexplained)
	to.turns += d.turns
	for name, sum := range d.models {
		have := to.models[name]
		if have == nil {
			to.models[name] = sum
			continue
		}
		have.Turns += sum.Turns
		have.Cost = have.Cost.plus(sum.Cost)
		have.In += sum.In
		have.Out += sum.Out
	}
	for profile, used := range d.routed {
		if to.routed[profile] == nil {
			to.routed[profile] = map[string]int{}
		}
		for model, n := range used {
			to.routed[profile][model] += n
		}
	}
	d.into = to
}

// date is a day of the calendar, cheap to compare.
type date struct {
	year  int
	month time.Month
	day   int
}

func dateOf(t time.Time) date {
	y, m, d := t.Date()
	return date{y, m, d}
}

// turnDay makes b.today the user's day at now, by the clock and the time zone
// of now. A later day begins with what the ledger has of it. On an earlier day
// everything dated after it counts for it: neither a clock that goes back nor a
// flight west gives the cap a second time. Callers hold mu.
func (b *Book) turnDay(now time.Time) {
	if dateOf(now) == b.date {
		return
	}
	b.date = dateOf(now)
	label := now.Format(dayLayout)
	back := label < b.today.label
	b.today = b.dayOf(label)
	if back {
		b.foldLater()
		// Nothing after now has happened yet.
		b.lastEnd = now
	}
	clear(b.profileRates)
	b.settleThresholds()
	b.forgetDays()
	b.changed()
}

func (b *Book) dayOf(label string) *day {
	d := b.days[label]
	if d == nil {
		d = newDay(label)
		b.days[label] = d
	}
	return d
}

// foldLater makes all days after today a part of today, in memory at once and
// on disk soon. Callers hold mu.
func (b *Book) foldLater() {
	for label, d := range b.days {
		if label > b.today.label {
			d.fold(b.today)
			delete(b.days, label)
			b.folds = append(b.folds, fold{from: label, to: b.today.label})
		}
	}
	b.wakeFlusher()
}

// fold is a day's file that is to become part of another's.
type fold struct{ from, to string }

// KeptDays is how many days with traffic the ledger holds. They are counted by
// file, not by date: a clock that is wrong by years must not empty the ledger.
const KeptDays = 62

// forgetDays bounds the memory of a program that runs for months.
func (b *Book) forgetDays() {
	for len(b.days) > KeptDays {
		oldest := b.today.label
		for label := range b.days {
			oldest = min(oldest, label)
		}
		if oldest == b.today.label {
			return
		}
		delete(b.days, oldest)
	}
}
