package clawsim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// tally is requests and cost under one name, in the order of first use, as
// JavaScript objects print.
type tally struct {
	names []string
	of    map[string]*tallyEntry
}

type tallyEntry struct {
	Count int
	Cost  float64
}

func newTally() *tally { return &tally{of: map[string]*tallyEntry{}} }

func (t *tally) add(name string, count int, cost float64) {
	e := t.of[name]
	if e == nil {
		e = &tallyEntry{}
		t.of[name] = e
		t.names = append(t.names, name)
	}
	e.Count += count
	e.Cost += cost
}

// object prints the tally; with a total, each entry tells its share in percent.
func (t *tally) object(total int) *object {
	o := newObject()
	for _, n := range t.names {
		e := newObject()
		e.set("count", t.of[n].Count)
		e.set("cost", t.of[n].Cost)
		if total > 0 {
			e.set("percentage", float64(t.of[n].Count)/float64(total)*100)
		}
		o.set(n, e)
	}
	return o
}

// day is one log file of ClawRouter: a day (UTC) on which something was asked.
type day struct {
	date     string
	requests int
	cost     float64
	baseline float64
	latency  float64
	tiers    *tally
	models   *tally
}

// usageLog stands for ClawRouter's log files. Its methods want Sim.mu.
type usageLog struct {
	days   []*day
	errors []string
	failed map[string]*providerErrors
}

type providerErrors struct {
	AuthFailure   int `json:"auth_failure"`
	QuotaExceeded int `json:"quota_exceeded"`
	RateLimited   int `json:"rate_limited"`
	Overloaded    int `json:"overloaded"`
	ServerError   int `json:"server_error"`
	PaymentError  int `json:"payment_error"`
	ConfigError   int `json:"config_error"`
}

func newUsageLog() usageLog { return usageLog{failed: map[string]*providerErrors{}} }

func (l *usageLog) add(at time.Time, model, tier string, cost, baseline float64, took time.Duration) {
	date := at.UTC().Format(time.DateOnly)
	if n := len(l.days); n == 0 || l.days[n-1].date != date {
		l.days = append(l.days, &day{date: date, tiers: newTally(), models: newTally()})
	}
	d := l.days[len(l.days)-1]
	d.requests++
	d.cost += cost
	d.baseline += baseline
	d.latency += float64(took.Milliseconds())
	d.tiers.add(tier, 1, cost)
	d.models.add(model, 1, cost)
}

// logUsage books a chat call under what it cost, failed ones as well.
func (s *Sim) logUsage(x *exchange, used string) {
	p, _ := loadCatalog().price(used)
	tier := "DIRECT"
	if x.route != nil {
		tier = x.route.tier
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var paid Micros
	for _, c := range x.calls {
		if c.Paid {
			paid += c.Quote
		}
	}
	baseline := float64(x.size)/4/1e6*baselineIn + float64(min(assumedOutput, max(p.MaxOutput, 1)))/1e6*baselineOut
	now := s.clock.Now()
	s.usage.add(now, used, tier, paid.USD(), max(baseline, paid.USD()), now.Sub(x.began))
}

// noteProviderError counts a failure after which another model is tried; those
// of explicit models are not counted.
func (s *Sim) noteProviderError(model string, r reply) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.usage.failed[model]
	if e == nil {
		e = &providerErrors{}
		s.usage.failed[model] = e
		s.usage.errors = append(s.usage.errors, model)
	}
	switch {
	case r.status == http.StatusUnauthorized, r.status == http.StatusForbidden:
		e.AuthFailure++
	case r.status == http.StatusPaymentRequired:
		e.PaymentError++
	case r.status == http.StatusTooManyRequests:
		e.RateLimited++
	case r.status == http.StatusServiceUnavailable, r.status == 529:
		e.Overloaded++
	default:
		e.ServerError++
	}
}

func (s *Sim) serveStats(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodDelete {
		s.mu.Lock()
		n := len(s.usage.days)
		s.usage.days = nil
		s.mu.Unlock()
		writeJSON(w, http.StatusOK, fmt.Sprintf(`{"cleared":true,"deletedFiles":%d}`, n))
		return
	}
	w.Header().Set("Cache-Control", "no-cache")
	days, period := s.statsDays(r.URL.Query().Get("days"))
	s.mu.Lock()
	body := s.usage.report(days, period).bytes()
	s.mu.Unlock()
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, body, "", "  "); err != nil {
		panic(err) // it was put together here
	}
	writeJSON(w, http.StatusOK, pretty.String())
}

// statsDays reads ?days=: 7 without, 30 at most. What is no number gives an
// empty report in old releases and the default in later ones.
func (s *Sim) statsDays(q string) (int, string) {
	n, err := strconv.Atoi(or(q, "7"))
	switch {
	case err != nil && !atLeast(s.version, versionDays):
		return 0, "last NaN days"
	case err != nil || n < 1:
		n = 7
	}
	n = min(n, 30)
	if n == 1 {
		return n, "today"
	}
	return n, fmt.Sprintf("last %d days", n)
}

func (l *usageLog) report(days int, period string) *object {
	all := &day{tiers: newTally(), models: newTally()}
	var list []*object
	for _, d := range l.days[max(0, len(l.days)-days):] {
		all.merge(d)
		list = append(list, d.object())
	}
	o := newObject()
	o.set("period", period)
	all.sums(o)
	savings := all.baseline - all.cost
	o.set("totalSavings", savings)
	o.set("savingsPercentage", ratio(savings*100, all.baseline))
	o.set("avgLatencyMs", ratio(all.latency, float64(all.requests)))
	o.set("avgCostPerRequest", ratio(all.cost, float64(all.requests)))
	o.set("byTier", all.tiers.object(all.requests))
	o.set("byModel", all.models.object(all.requests))
	if list == nil {
		list = []*object{}
	}
	o.set("dailyBreakdown", list)
	o.set("entriesWithBaseline", all.requests)
	failed := newObject()
	for _, m := range l.errors {
		failed.set(m, l.failed[m])
	}
	o.set("providerErrors", failed)
	return o
}

func ratio(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}

func (d *day) merge(o *day) {
	d.requests += o.requests
	d.cost += o.cost
	d.baseline += o.baseline
	d.latency += o.latency
	for _, t := range []struct{ to, from *tally }{{d.tiers, o.tiers}, {d.models, o.models}} {
		for _, n := range t.from.names {
			t.to.add(n, t.from.of[n].Count, t.from.of[n].Cost)
		}
	}
}

func (d *day) sums(o *object) {
	o.set("totalRequests", d.requests)
	o.set("totalCost", d.cost)
	o.set("totalBaselineCost", d.baseline)
}

func (d *day) object() *object {
	o := newObject()
	o.set("date", d.date)
	d.sums(o)
	o.set("totalSavings", d.baseline-d.cost)
	o.set("avgLatencyMs", ratio(d.latency, float64(d.requests)))
	o.set("byTier", d.tiers.object(0))
	o.set("byModel", d.models.object(0))
	return o
}

func (s *Sim) serveCache(w http.ResponseWriter) {
	s.mu.Lock()
	c := &s.cache
	rate := "0%"
	if n := c.hits + c.misses; n > 0 {
		rate = fmt.Sprintf("%.1f%%", float64(c.hits)/float64(n)*100)
	}
	body := fmt.Sprintf(`{"size":%d,"maxSize":%d,"hits":%d,"misses":%d,"evictions":%d,"hitRate":%q}`,
		len(c.items), cacheMax, c.hits, c.misses, c.evictions, rate)
	s.mu.Unlock()
	writeJSON(w, http.StatusOK, body)
}
