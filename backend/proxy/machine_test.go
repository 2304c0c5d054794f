package proxy

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/backend/socket"
)

// stage is a world without processes, in which a synctest bubble makes hours
// pass at once.
type stage struct {
	mu       sync.Mutex
	health   func() error // what /health says; nil is healthy
	launched []time.Time  // of each start
	current  *actor       // the child that runs
	taken    bool         // another ClawRouter has the port, and answers
	act      func(*actor) // what a child does after its start
	refuse   error        // of a start
	owner    error        // of a look at who has the port
}

type actor struct {
	done chan struct{}
	once sync.Once
	code int
	out  outputSeen
}

func (a *actor) end(code int) { a.once.Do(func() { a.code = code; close(a.done) }) }

// lives waits for d, and ends with code then unless it was stopped before.
func (a *actor) lives(d time.Duration, code int) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		a.end(code)
	case <-a.done:
	}
}

func (a *actor) Done() <-chan struct{} { return a.done }
func (a *actor) Stop()                 { a.end(143) }
func (a *actor) Code() int             { return a.code }
func (a *actor) Owns(int) bool         { return true }
func (a *actor) Output() outputSeen    { return a.out }
func (a *actor) Healthy()              {}
func (a *actor) PID() int              { return 42 }

// perform runs a supervisor with default timing on the stage, for as long as
// play takes.
func perform(t *testing.T, st *stage, random float64, play func(*Supervisor)) {
	t.Helper()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := Supervise(SupervisorOptions{Port: 1, StateDir: dir, Home: dir, LogPath: filepath.Join(dir, "log")})
		s.world = world{
			portFree: func(context.Context) bool {
				st.mu.Lock()
				defer st.mu.Unlock()
				return !st.taken
			},
			probe: func(context.Context) (Health, error) {
				st.mu.Lock()
				defer st.mu.Unlock()
				if st.taken {
					return Health{Auth: AuthWallet, Wallet: aliceAddress}, nil
				}
				if st.current == nil {
					return Health{}, errors.New("nobody there")
				}
				select {
				case <-st.current.done:
					return Health{}, errors.New("gone")
				default:
				}
				if st.health != nil {
					if err := st.health(); err != nil {
						return Health{}, err
					}
				}
				return Health{Auth: AuthWallet, Wallet: aliceAddress}, nil
			},
			owner: func(context.Context) (socket.Owner, error) {
				return socket.Owner{PID: 1, Ours: st.owner == nil}, st.owner
			},
			wallet: func() (Wallet, error) { return Wallet{}, nil },
			launch: func(context.Context, Wallet) (runner, error) {
				st.mu.Lock()
				defer st.mu.Unlock()
				if st.refuse != nil {
					return nil, st.refuse
				}
				a := &actor{done: make(chan struct{})}
				st.current = a
				st.launched = append(st.launched, time.Now())
				if st.act != nil {
					go st.act(a)
				}
				return a, nil
			},
			random: func() float64 { return random },
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- s.Run(ctx) }()
		play(s)
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// waits returns the pauses between the starts so far.
func (st *stage) waits() []time.Duration {
	st.mu.Lock()
	defer st.mu.Unlock()
	var out []time.Duration
	for i := 1; i < len(st.launched); i++ {
		out = append(out, st.launched[i].Sub(st.launched[i-1]).Round(10*time.Millisecond))
	}
	return out
}

// near allows for the look at the port and the health that each start takes.
func near(got, want time.Duration) bool { return got >= want && got <= want+300*time.Millisecond }

func TestBackoff(t *testing.T) {
	d := DefaultTiming()
	for _, c := range []struct {
		n      int
		random float64
		want   time.Duration
	}{
		{1, 0, 500 * time.Millisecond}, {1, 0.99, 500 * time.Millisecond}, {2, 0, time.Second}, {2, 0.5, 750 * time.Millisecond},
		{3, 0, 2 * time.Second}, {7, 0, 32 * time.Second}, {8, 0, time.Minute}, {8, 0.5, 45 * time.Second}, {1000, 0, time.Minute}, {0, 0, 500 * time.Millisecond},
	} {
		if got := d.backoff(c.n, c.random); got != c.want {
			t.Errorf("backoff(%d, %v) = %v, want %v", c.n, c.random, got, c.want)
		}
	}
}

// A child that lives for a minute and dies is started again ever more slowly,
// and never given up.
func TestBackoffGrowsToAMinute(t *testing.T) {
	const life = time.Minute
	st := &stage{act: func(a *actor) { a.lives(life, 1) }}
	perform(t, st, 0, func(*Supervisor) { time.Sleep(25 * time.Minute) })
	want := []time.Duration{500 * time.Millisecond, time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second,
		16 * time.Second, 32 * time.Second, time.Minute, time.Minute, time.Minute}
	got := st.waits()
	if len(got) < len(want) {
		t.Fatalf("%d restarts in 25 minutes: %v", len(got), got)
	}
	for i, w := range want {
		if !near(got[i]-life, w) {
			t.Errorf("restart %d came after %v, want %v", i+1, got[i]-life, w)
		}
	}
}

func TestBackoffBeginsAnewAfterTwoMinutesOfHealth(t *testing.T) {
	var n atomic.Int32
	st := &stage{act: func(a *actor) {
		if n.Add(1) <= 5 {
			a.end(1)
			return
		}
		a.lives(2*time.Minute+6*time.Second, 1)
	}}
	perform(t, st, 0, func(*Supervisor) { time.Sleep(10 * time.Minute) })
	got := st.waits()
	if len(got) < 7 || !near(got[4], 8*time.Second) || !near(got[5]-126*time.Second, 500*time.Millisecond) {
		t.Errorf("waits %v, want the sixth to begin anew at 0.5 s", got)
	}
}

func TestCrashLoopEnds(t *testing.T) {
	st := &stage{act: func(a *actor) { a.end(1) }}
	perform(t, st, 0, func(s *Supervisor) {
		time.Sleep(24 * time.Hour)
		if got := len(st.waits()) + 1; got != DefaultTiming().CrashLimit {
			t.Errorf("%d starts, want %d", got, DefaultTiming().CrashLimit)
		}
		if state := s.State(); state.Phase != PhaseFailed || state.Err.Kind != CrashLoop {
			t.Errorf("state %+v", state)
		}
		before := len(st.waits())
		s.Restart()
		time.Sleep(700 * time.Millisecond)
		if got := len(st.waits()) - before; got != 2 {
			t.Errorf("after Restart %d starts within 0.7 s, want the backoff to begin anew", got)
		}
	})
}

// Dying soon after health counts as well: that is what a bad update does.
func TestCrashLoopAfterHealthEnds(t *testing.T) {
	st := &stage{act: func(a *actor) { a.lives(5*time.Second, 1) }}
	perform(t, st, 0, func(s *Supervisor) {
		time.Sleep(24 * time.Hour)
		if got := len(st.waits()) + 1; got != DefaultTiming().CrashLimit {
			t.Errorf("%d starts, want %d", got, DefaultTiming().CrashLimit)
		}
	})
}

// SIGKILL comes from a user or from a system without memory, not from a fault.
func TestKillsAreNoCrashLoop(t *testing.T) {
	st := &stage{act: func(a *actor) { a.lives(time.Second, 137) }}
	perform(t, st, 0, func(s *Supervisor) {
		time.Sleep(time.Hour)
		if state := s.State(); len(st.waits()) < 50 || state.Phase == PhaseFailed {
			t.Errorf("given up after %d restarts: %+v", len(st.waits()), state)
		}
	})
}

// A ClawRouter that does not know --no-reuse says "Ready" and ends with 0 when
// another one has its port: that is no crash.
func TestExitZeroMeansAnotherClawRouter(t *testing.T) {
	for code, restarts := range map[int]int{0: 0, 1: 1} {
		st := &stage{health: func() error { return errors.New("not yet") }}
		st.act = func(a *actor) {
			time.Sleep(50 * time.Millisecond) // between two looks at its health
			st.mu.Lock()
			defer st.mu.Unlock()
			st.taken = true
			a.end(code)
		}
		perform(t, st, 0, func(s *Supervisor) {
			time.Sleep(10 * time.Second)
			if state := s.State(); state.Phase != PhaseReused || state.Restarts != restarts || len(st.launched) != 1 {
				t.Errorf("exit code %d: %+v after %d starts", code, state, len(st.launched))
			}
		})
	}
}

// A failed look is no hang; three in a row are, within 20 seconds.
func TestHangNeedsThreeFailures(t *testing.T) {
	fails := 0
	st := &stage{}
	st.health = func() error {
		if fails > 0 {
			fails--
			return context.DeadlineExceeded
		}
		return nil
	}
	perform(t, st, 0, func(s *Supervisor) {
		time.Sleep(time.Minute)
		st.mu.Lock()
		fails = 2
		st.mu.Unlock()
		time.Sleep(time.Minute)
		if state := s.State(); state.Phase != PhaseHealthy || state.Restarts != 0 {
			t.Fatalf("two failed looks: %+v", state)
		}
		st.mu.Lock()
		fails = 3
		st.mu.Unlock()
		time.Sleep(20 * time.Second)
		if state := s.State(); state.Restarts != 1 || state.Phase != PhaseHealthy {
			t.Errorf("three failed looks: %+v", state)
		}
	})
}

func TestACauseThatGoesAwayIsNoticed(t *testing.T) {
	missing := &StartError{Kind: NodeMissing, Message: "no node"}
	st := &stage{refuse: missing}
	perform(t, st, 0, func(s *Supervisor) {
		time.Sleep(10 * time.Minute)
		state := s.State()
		if state.Phase != PhaseFailed || state.Err != missing || state.NextTry.IsZero() {
			t.Errorf("state %+v", state)
		}
		st.mu.Lock()
		st.refuse = nil
		st.mu.Unlock()
		time.Sleep(16 * time.Second)
		if state := s.State(); state.Phase != PhaseHealthy || state.Err != nil {
			t.Errorf("state %+v", state)
		}
	})
}

// A failure is shown steadily while its cause is looked at again: a tray must
// not flicker every 15 seconds.
func TestAFailureDoesNotFlicker(t *testing.T) {
	st := &stage{refuse: &StartError{Kind: NodeMissing, Message: "no node"}}
	perform(t, st, 0, func(s *Supervisor) {
		time.Sleep(time.Second)
		until := time.Now().Add(5 * time.Minute)
		for time.Now().Before(until) {
			changed := s.Changed()
			if p := s.State().Phase; p != PhaseFailed {
				t.Fatalf("phase %s in between", p)
			}
			<-changed
		}
	})
}

// A ClawRouter that cannot be told from a stranger (in a container, say, or where
// the system hides who has a port) is not started over and over.
func TestAChildThatCannotBeRecognisedIsNotStartedForEver(t *testing.T) {
	st := &stage{owner: errors.New("hidden")}
	perform(t, st, 0, func(s *Supervisor) {
		time.Sleep(10 * time.Minute)
		if now := s.State(); now.Phase != PhaseFailed || now.Err.Kind != PortOwnerHidden || now.Err.Mend == "" {
			t.Errorf("%+v", now)
		}
	})
	if n, most := len(st.launched), int(10*time.Minute/(Timing{}).withDefaults().RetryFailed)+1; n > most {
		t.Errorf("started %d times in ten minutes, want at most %d", n, most)
	}
}
