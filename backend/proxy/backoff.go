package proxy

import "time"

// Timing holds the supervisor's durations and limits. A zero field takes its
// value from DefaultTiming.
type Timing struct {
	HealthEvery    time.Duration // between looks at a healthy ClawRouter
	HealthTimeout  time.Duration // of one look
	HealthFailures int           // in a row mean that it hangs
	StartSilence   time.Duration // without a line of output before health: it hangs
	Grace          time.Duration // from SIGTERM to SIGKILL
	BackoffMin     time.Duration
	BackoffMax     time.Duration
	StableAfter    time.Duration // of health, after which the backoff begins anew
	ShortLife      time.Duration // of health; a shorter one counts towards CrashLimit
	CrashLimit     int           // short lives in a row, after which it is given up; negative: never
	RetryFailed    time.Duration // before looking again whether a failure's cause has gone
}

// DefaultTiming is what users get.
func DefaultTiming() Timing {
	return Timing{
		HealthEvery: 5 * time.Second, HealthTimeout: 2500 * time.Millisecond, HealthFailures: 3,
		StartSilence: 2 * time.Minute, Grace: 5 * time.Second,
		BackoffMin: 500 * time.Millisecond, BackoffMax: time.Minute, StableAfter: 2 * time.Minute,
		ShortLife: 10 * time.Second, CrashLimit: 8, RetryFailed: 15 * time.Second,
	}
}

func (t Timing) withDefaults() Timing {
	d := DefaultTiming()
	for _, f := range []struct{ have, want *time.Duration }{
		{&t.HealthEvery, &d.HealthEvery}, {&t.HealthTimeout, &d.HealthTimeout}, {&t.StartSilence, &d.StartSilence},
		{&t.Grace, &d.Grace}, {&t.BackoffMin, &d.BackoffMin}, {&t.BackoffMax, &d.BackoffMax},
		{&t.StableAfter, &d.StableAfter}, {&t.ShortLife, &d.ShortLife}, {&t.RetryFailed, &d.RetryFailed},
	} {
		if *f.have == 0 {
			*f.have = *f.want
		}
	}
	if t.HealthFailures == 0 {
		t.HealthFailures = d.HealthFailures
	}
	if t.CrashLimit == 0 {
		t.CrashLimit = d.CrashLimit
	}
	return t
}

// backoff is the wait after the nth failure in a row, n from 1: doubled each
// time, and shortened by up to half by chance (random is in [0,1)), so that
// several machines behind one network do not come back together. It stays
// between BackoffMin and BackoffMax.
func (t Timing) backoff(n int, random float64) time.Duration {
	d := t.BackoffMax
	if shift := max(n, 1) - 1; shift < 30 && t.BackoffMin<<shift < d {
		d = t.BackoffMin << shift
	}
	return max(d-time.Duration(random*float64(d)/2), t.BackoffMin)
}
