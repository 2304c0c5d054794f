package proxy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/backend/socket"
)

// SupervisorOptions says what to run and where. Port, StateDir, LogPath, Home
// and Env must be set.
type SupervisorOptions struct {
	Command       string    // CLAWROUTER_CMD; empty means DefaultCommand
	Port          int       // PROXY_PORT
	StateDir      string    // absolute; holds the records of the child and of the wallet
	LogPath       string    // of the child's output
	Home          string    // the user's home folder
	OwnHome       string    // an isolated home for ClawRouter; empty means StateDir/proxy-home
	Env           []string  // as os.Environ gives it
	PassEnv       []string  // names that a child gets besides the usual ones
	WalletKeyFile string    // WALLET_KEY_FILE, absolute; empty for none
	Isolate       Isolation // ISOLATE_HOME
	Node, Npx     string    // paths remembered by setup; empty to look for them
	UserAgent     string
	Log           *slog.Logger // nil discards
	// Executable is our own program, which becomes the guardian; empty means
	// os.Executable.
	Executable string
	Timing     Timing
	Rand       func() float64 // in [0,1); nil means math/rand
}

// Names within StateDir.
const (
	recordName  = "proxy-child.json"
	memoryName  = "proxy-wallet.json"
	ownHomeName = "proxy-home"
)

// Supervisor keeps one ClawRouter running on a port. Its methods are safe for
// concurrent use.
type Supervisor struct {
	o      SupervisorOptions
	log    *slog.Logger
	t      Timing
	client *Client
	world  world

	restart chan struct{}
	look    chan struct{}
	running atomic.Bool

	mu      sync.Mutex // guards state and changed
	state   State
	changed chan struct{}

	// Run's own.
	out       io.Writer // ClawRouter's log
	mem       memory
	failures  int  // starts in a row that came to nothing, for the backoff
	shortOnes int  // short lives in a row, for the crash limit
	forceOwn  bool // the home folder turned out to hold a key that wins
}

// world is what the supervisor sees and does outside itself, for tests.
type world struct {
	portFree func(context.Context) bool
	probe    func(context.Context) (Health, error)
	owner    func(context.Context) (socket.Owner, error)
	wallet   func() (Wallet, error)
	launch   func(context.Context, Wallet) (runner, error)
	random   func() float64
}

// runner is a started child.
type runner interface {
	Done() <-chan struct{} // closed when nothing of it is left
	Stop()                 // returns after Done
	Code() int             // after Done
	Owns(pid int) bool
	Output() outputSeen
	Healthy() // called once, when it answers
	PID() int
}

// Supervise returns a Supervisor; it starts nothing.
func Supervise(o SupervisorOptions) *Supervisor {
	if o.OwnHome == "" {
		o.OwnHome = filepath.Join(o.StateDir, ownHomeName)
	}
	if o.Rand == nil {
		o.Rand = rand.Float64
	}
	s := &Supervisor{
		o: o, log: o.Log, t: o.Timing.withDefaults(),
		restart: make(chan struct{}, 1), look: make(chan struct{}, 1), changed: make(chan struct{}),
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	// Never "localhost", whose other family may be another user's.
	s.state = State{Phase: PhaseIdle, Port: o.Port, URL: fmt.Sprintf("http://127.0.0.1:%d", o.Port)}
	s.client, _ = NewClient(s.state.URL, ClientOptions{UserAgent: o.UserAgent}) // this address is always well formed
	s.world = world{
		portFree: func(ctx context.Context) bool { return socket.Free(ctx, socket.V4(o.Port)) },
		probe:    func(ctx context.Context) (Health, error) { return s.client.Health(ctx, false) },
		owner:    func(ctx context.Context) (socket.Owner, error) { return socket.Listener(ctx, socket.V4(o.Port)) },
		wallet: func() (Wallet, error) {
			return FindWallet(WalletSearch{Env: o.Env, KeyFile: o.WalletKeyFile, Home: o.Home})
		},
		launch: s.launch,
		random: o.Rand,
	}
	return s
}

// State returns a snapshot.
func (s *Supervisor) State() State {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state.clone()
}

// RefusePaid says why paid turns must not be sent; "" when they may. A ClawRouter
// that answers before it was looked at, as one of another wallet may that takes the
// port while ours is started again, is asked now.
func (s *Supervisor) RefusePaid(ctx context.Context) string {
	st := s.State()
	if st.Ready() || st.Wallet.Kind() == WalletNone {
		return st.RefusePaid()
	}
	h, err := s.askHealth(ctx)
	if err != nil {
		return "" // nobody can be paid
	}
	if m := st.Wallet.Compare(h); m != nil {
		m.Reused = st.PID == 0
		return m.String()
	}
	return ""
}

// Changed returns a channel that is closed when State next changes. Take it
// before State, so that no change is missed.
func (s *Supervisor) Changed() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changed
}

// Restart stops our child and starts anew, looks again at a reused ClawRouter,
// and ends the wait after a failure, a given-up one too.
func (s *Supervisor) Restart() { signalOnce(s.restart) }

// Check looks at once whether ClawRouter answers, for a caller whose turn just
// failed to reach it.
func (s *Supervisor) Check() { signalOnce(s.look) }

func signalOnce(ch chan struct{}) {
	select {
	case ch <- struct{}{}:
	default:
	}
}

func (s *Supervisor) update(f func(*State)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(&s.state)
	close(s.changed)
	s.changed = make(chan struct{})
}

func (s *Supervisor) phase(p Phase, f func(*State)) {
	s.update(func(st *State) {
		if st.Phase != p {
			st.Phase, st.Since = p, time.Now()
		}
		st.Progress, st.NextTry = "", time.Time{}
		if f != nil {
			f(st)
		}
	})
}

// Run keeps ClawRouter running until ctx ends, and returns when our child, with
// all that it started, is gone. A reused ClawRouter is left running. The only
// error is a state folder that cannot be used.
func (s *Supervisor) Run(ctx context.Context) error {
	if !s.running.CompareAndSwap(false, true) {
		return errors.New("this supervisor runs already")
	}
	defer s.running.Store(false)
	defer s.client.Close()
	if err := os.MkdirAll(s.o.StateDir, 0o700); err != nil {
		return fmt.Errorf("prepare the state folder: %w", err)
	}
	closeLog := s.openLog()
	defer closeLog()
	s.phase(PhaseChecking, func(st *State) { st.Progress = "looking for what an earlier run left" })
	n, err := endLeftover(ctx, filepath.Join(s.o.StateDir, recordName), s.t.Grace)
	if err != nil && ctx.Err() == nil {
		s.warn("A ClawRouter of an earlier run may go on running", err)
	}
	if n > 0 {
		s.log.Info("ended a ClawRouter that an earlier run left behind", "processes", n)
	}
	for ctx.Err() == nil {
		end := s.attempt(ctx)
		if ctx.Err() != nil || !s.settle(ctx, end) {
			break
		}
	}
	_ = os.Remove(filepath.Join(s.o.StateDir, recordName)) // nothing of it is left
	s.phase(PhaseIdle, func(st *State) { st.PID, st.Err, st.Mismatch, st.Health = 0, nil, nil, Health{} })
	return nil
}

// ending is how one attempt ended.
type ending struct {
	how  howEnded
	err  *StartError
	life time.Duration // healthy before the end
	// killed: somebody sent SIGKILL, which tells nothing of the program, so it
	// does not count towards the crash limit.
	killed bool
}

type howEnded int

const (
	endedAgain  howEnded = iota // begin anew at once: Restart, or the port is somebody else's now
	endedCrash                  // with backoff, and towards the crash limit
	endedFailed                 // never ran; look again after RetryFailed
	endedGiveUp                 // until Restart
)

func failed(err error) ending { return ending{how: endedFailed, err: asStartError(err)} }

// settle decides what follows an ending and waits for it. It returns false when
// ctx ended.
func (s *Supervisor) settle(ctx context.Context, end ending) bool {
	var wait time.Duration
	switch end.how {
	case endedAgain:
		return true
	case endedCrash:
		s.failures++
		switch {
		case end.life >= s.t.ShortLife:
			s.shortOnes = 0
		case !end.killed:
			s.shortOnes++
		}
		if s.t.CrashLimit > 0 && s.shortOnes >= s.t.CrashLimit && end.err.Kind != NoNetwork {
			end = s.crashLoop(end)
			break
		}
		wait = s.t.backoff(s.failures, s.world.random())
	case endedFailed:
		wait = s.t.RetryFailed
	}
	s.log.Warn("ClawRouter does not run", "kind", end.err.Kind, "reason", end.err.Message, "wait", wait)
	phase := PhaseRestarting
	if end.how == endedFailed || end.how == endedGiveUp || end.err.Kind == NoNetwork {
		phase = PhaseFailed
	}
	s.phase(phase, func(st *State) {
		st.Err, st.Failures, st.PID, st.Mismatch, st.Health = end.err, s.failures, 0, nil, Health{}
		if end.how != endedGiveUp {
			st.NextTry = time.Now().Add(wait)
		}
		if end.how == endedCrash {
			st.Restarts++
		}
	})
	return s.waitFor(ctx, wait, end.how == endedGiveUp)
}

func (s *Supervisor) waitFor(ctx context.Context, wait time.Duration, forever bool) bool {
	var due <-chan time.Time
	if !forever {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		due = timer.C
	}
	select {
	case <-ctx.Done():
		return false
	case <-due:
	case <-s.restart:
		s.failures, s.shortOnes = 0, 0
	}
	return true
}

func (s *Supervisor) crashLoop(end ending) ending {
	msg := fmt.Sprintf("ClawRouter ended %d times in a row, so it is not started any more. The last time: %s", s.shortOnes, end.err.Message)
	if lines := s.State().LastLines; len(lines) > 0 {
		msg += " Its last line: " + lines[len(lines)-1]
	}
	return ending{how: endedGiveUp, err: &StartError{
		Kind: CrashLoop, Message: msg, Err: end.err,
		Mend: "See what it said with: clawrouter-codex logs. Then start it again with: clawrouter-codex up",
	}}
}
