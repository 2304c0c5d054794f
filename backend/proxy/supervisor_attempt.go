package proxy

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/backend/socket"
)

// attempt looks, starts or reuses, and watches until something ends it.
func (s *Supervisor) attempt(ctx context.Context) ending {
	if s.State().Phase != PhaseFailed { // a failure stays shown while it is looked at again
		s.phase(PhaseChecking, nil)
	}
	var err error
	if s.mem, err = readMemory(s.memoryPath()); err != nil {
		return failed(err)
	}
	found, err := s.world.wallet()
	if err != nil {
		return failed(err)
	}
	w, note, err := s.mem.reconcile(found)
	if err != nil {
		// Nothing is started: it is enough to compare with what was used.
		w = Wallet{kind: s.mem.Kind, source: s.mem.Source, place: s.mem.Place, address: s.mem.Address}
	}
	s.expect(w)
	if !s.world.portFree(ctx) {
		return s.reuse(ctx, w)
	}
	if err != nil {
		return failed(err)
	}
	s.note(note)
	s.note(overlookedAPIKey(w, s.o.Home))
	return s.startAndWatch(ctx, w)
}

// expect says which wallet should pay before anything answers.
func (s *Supervisor) expect(w Wallet) {
	if have := s.State().Wallet; have.Address() != w.Address() || have.Place() != w.Place() {
		s.update(func(st *State) { st.Wallet = w })
	}
}

// note tells the user a fact, once.
func (s *Supervisor) note(text string) {
	if text == "" || slices.Contains(s.State().Notes, text) {
		return
	}
	s.update(func(st *State) { st.Notes = append(st.Notes, text) })
}

// warn notes and logs what went wrong beside ClawRouter itself.
func (s *Supervisor) warn(text string, err error) {
	s.log.Warn(text, "error", err)
	s.note(fmt.Sprintf("%s: %v.", text, err))
}

// reuse attaches to what listens on our port, if it is this user's ClawRouter.
func (s *Supervisor) reuse(ctx context.Context, w Wallet) ending {
	h, err := s.askHealth(ctx)
	owner, ownerErr := s.world.owner(ctx)
	switch {
	case ctx.Err() != nil:
		return ending{}
	case err != nil && s.world.portFree(ctx):
		return ending{how: endedFailed, err: &StartError{
			Kind: PortTaken, Err: err, Message: fmt.Sprintf("Port %d was in use a moment ago.", s.o.Port), Mend: "It is tried again by itself.",
		}}
	case err != nil:
		return failed(s.portTaken(owner, err))
	case ownerErr != nil:
		return failed(&StartError{
			Kind: PortOwnerHidden, Err: ownerErr,
			Message: fmt.Sprintf("A ClawRouter listens on port %d, but the system does not tell whose it is, so your wallet is not trusted to it.", s.o.Port),
			Mend:    "Stop it, or choose another port with PROXY_PORT.",
		})
	case !owner.Ours:
		return failed(&StartError{
			Kind:    PortOfOtherUser,
			Message: fmt.Sprintf("The ClawRouter on port %d belongs to another user: %s.", s.o.Port, owner),
			Mend:    "Choose another port with PROXY_PORT.",
		})
	}
	s.failures, s.shortOnes = 0, 0
	mismatch := s.mismatch(h, w, true)
	s.phase(PhaseReused, func(st *State) {
		st.Err, st.Failures, st.PID, st.Wallet, st.Home, st.Version = nil, 0, owner.PID, w, Home{}, h.Version
		st.Health, st.Mismatch = h, mismatch
	})
	s.log.Info("using the ClawRouter that runs already", "port", s.o.Port, "owner", owner.String(), "payer", payerOf(h))
	return s.watch(ctx, nil, w)
}

func (s *Supervisor) portTaken(owner socket.Owner, err error) error {
	what := fmt.Sprintf("Port %d is in use by %s, which is not a ClawRouter.", s.o.Port, owner)
	var nobody *SendError
	if errors.As(err, &nobody) {
		what = fmt.Sprintf("Port %d is in use by %s, which does not answer.", s.o.Port, owner)
	}
	return &StartError{Kind: PortTaken, Err: err, Message: what, Mend: "Stop it, or choose another port with PROXY_PORT."}
}

func (s *Supervisor) askHealth(ctx context.Context) (Health, error) {
	ctx, cancel := context.WithTimeout(ctx, s.t.HealthTimeout)
	defer cancel()
	return s.world.probe(ctx)
}

// startAndWatch starts the command and stays with it to its end. Whatever
// happens, nothing of it is left when this returns.
func (s *Supervisor) startAndWatch(ctx context.Context, w Wallet) ending {
	r, err := s.world.launch(ctx, w)
	if err != nil {
		return failed(err)
	}
	defer r.Stop()
	s.phase(PhaseStarting, func(st *State) {
		st.PID, st.Wallet, st.Version, st.Mismatch, st.Health, st.LastLines = r.PID(), w, "", nil, Health{}, nil
	})
	h, end, ok := s.awaitHealth(ctx, r)
	if !ok {
		r.Stop()
		s.showLines(r)
		return end
	}
	r.Healthy()
	if s.ownHomeNeeded(h, w) {
		s.forceOwn = true
		s.log.Warn("a key in the home folder won over the one that was given; starting ClawRouter in a home of its own", "pays", payerOf(h), "given", w)
		s.note("ClawRouter runs in a home folder of its own, since it preferred the key in yours to the one that it was given.")
		return ending{how: endedAgain}
	}
	seen := r.Output()
	version := seen.version
	if h.Version != "" {
		version = h.Version
	}
	created, mismatch := s.remember(h, w, version), s.mismatch(h, w, false)
	s.phase(PhaseHealthy, func(st *State) {
		st.Err, st.LastLines, st.Version, st.Health, st.Mismatch = nil, seen.lines, version, h, mismatch
		if created != nil {
			st.Created = created
		}
	})
	s.note(paysElsewhere(h, w))
	s.log.Info("ClawRouter answers", "port", s.o.Port, "version", version, "payer", payerOf(h))
	end = s.watch(ctx, r, w)
	r.Stop()
	s.showLines(r)
	return end
}

func (s *Supervisor) showLines(r runner) {
	lines := r.Output().lines
	s.update(func(st *State) { st.LastLines = lines })
}

// ownHomeNeeded tells a ClawRouter that prefers a key in the home folder to the
// one in its environment, which homeRules did not foresee.
func (s *Supervisor) ownHomeNeeded(h Health, w Wallet) bool {
	return !s.forceOwn && s.o.Isolate == IsolateAuto && !s.State().Home.Isolated &&
		w.key != nil && w.explicit() && w.Kind() == WalletEVM && !w.samePayer(h)
}

// awaitHealth returns when the child answers on its port, or how it failed to.
func (s *Supervisor) awaitHealth(ctx context.Context, r runner) (Health, ending, bool) {
	const often, seldom, eager = 100 * time.Millisecond, 500 * time.Millisecond, 10 * time.Second
	begun := time.Now()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return Health{}, ending{}, false
		case <-s.restart:
			s.failures, s.shortOnes = 0, 0
			return Health{}, ending{how: endedAgain}, false
		case <-r.Done():
			return Health{}, s.ended(r, begun, time.Time{}), false
		case <-timer.C:
		}
		if h, err := s.askHealth(ctx); err == nil {
			if s.portIsOf(ctx, r) {
				return h, ending{}, true
			}
			return Health{}, s.notOfOurs(ctx, r), false
		}
		seen := r.Output()
		s.showProgress(seen)
		if quiet := time.Since(later(begun, seen.last)); quiet > s.t.StartSilence {
			return Health{}, s.hung(fmt.Sprintf("ClawRouter did not begin to answer, and has printed nothing for %v.", quiet.Round(time.Second)), 0), false
		}
		timer.Reset(often)
		if time.Since(begun) > eager {
			timer.Reset(seldom)
		}
	}
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// notOfOurs ends a child beside which somebody else seems to answer on its port.
// Where nobody is left there after it, that was the child all the same, behind a
// server that the system shows as another user's or does not show: to begin anew at
// once would go on for ever.
func (s *Supervisor) notOfOurs(ctx context.Context, r runner) ending {
	r.Stop()
	if !s.world.portFree(ctx) {
		s.log.Warn("another ClawRouter took the port first")
		return ending{how: endedAgain}
	}
	return failed(&StartError{
		Kind:    PortOwnerHidden,
		Message: fmt.Sprintf("ClawRouter answered on port %d, but the system does not tell that it is the one that was started, so your wallet is not trusted to it.", s.o.Port),
		Mend:    "Correct CLAWROUTER_CMD, so that ClawRouter runs as you and on this machine; without it the command is: " + DefaultCommand,
	})
}

// portIsOf makes sure that it is our child who answers, and not a program that
// took the port between our look and its start.
func (s *Supervisor) portIsOf(ctx context.Context, r runner) bool {
	owner, err := s.world.owner(ctx)
	if err != nil || owner.PID == 0 {
		return err == nil && owner.Ours
	}
	return owner.Ours && r.Owns(owner.PID)
}

func (s *Supervisor) showProgress(seen outputSeen) {
	st := s.State()
	if st.Progress != seen.progress || st.Version != seen.version || len(st.LastLines) != len(seen.lines) {
		s.update(func(st *State) { st.Progress, st.Version, st.LastLines = seen.progress, seen.version, seen.lines })
	}
}

func (s *Supervisor) hung(msg string, life time.Duration) ending {
	return ending{how: endedCrash, life: life, err: &StartError{
		Kind: Hung, Message: msg, Mend: "It is stopped and started again by itself; clawrouter-codex logs shows what it said.",
	}}
}

// watch looks at a running ClawRouter until something ends it; r is nil for a
// reused one.
func (s *Supervisor) watch(ctx context.Context, r runner, w Wallet) ending {
	var done <-chan struct{}
	if r != nil {
		done = r.Done()
	}
	healthy := time.Now()
	fails, last := 0, healthy
	timer := time.NewTimer(s.t.HealthEvery)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return ending{}
		case <-s.restart:
			s.failures, s.shortOnes = 0, 0
			return ending{how: endedAgain}
		case <-done:
			return s.ended(r, healthy, healthy)
		case <-s.look:
			if time.Since(last) < s.t.HealthEvery/10 {
				continue // many turns may fail together
			}
		case <-timer.C:
		}
		last = time.Now()
		h, err := s.askHealth(ctx)
		switch {
		case err == nil:
			fails = 0
			s.saw(h, w, r == nil)
			s.calmDown(healthy)
			timer.Reset(s.t.HealthEvery)
			continue
		case r == nil && s.world.portFree(ctx):
			s.log.Info("the ClawRouter that was reused is gone")
			return ending{how: endedAgain}
		}
		if r != nil && !wasSent(err) && endsSoon(r) {
			return s.ended(r, healthy, healthy)
		}
		if fails++; fails >= s.t.HealthFailures {
			if r == nil {
				return ending{how: endedAgain} // what is there now is looked at anew
			}
			return s.hung(fmt.Sprintf("ClawRouter lives but did not answer %d times in a row.", fails), time.Since(healthy))
		}
		timer.Reset(s.t.HealthEvery / 5)
	}
}

// wasSent tells a server that is silent from one that is not there.
func wasSent(err error) bool {
	var e *SendError
	return errors.As(err, &e) && e.Sent
}

// endsSoon waits for the rest of a tree whose server is gone: sh and npx need a
// moment to notice, and how they end says more than a refused connection.
func endsSoon(r runner) bool {
	timer := time.NewTimer(2 * time.Second)
	defer timer.Stop()
	select {
	case <-r.Done():
		return true
	case <-timer.C:
		return false
	}
}

// calmDown forgets earlier failures once ClawRouter has been healthy for long.
func (s *Supervisor) calmDown(healthy time.Time) {
	if s.failures > 0 && time.Since(healthy) >= s.t.StableAfter {
		s.failures, s.shortOnes = 0, 0
		s.update(func(st *State) { st.Failures = 0 })
	}
}

// mismatch is nil where w pays, or where there is nothing to compare.
func (s *Supervisor) mismatch(h Health, w Wallet, reused bool) *Mismatch {
	if w.samePayer(h) {
		return nil
	}
	m := &Mismatch{Ours: w.Address(), Place: w.Place(), Theirs: payerOf(h), Reused: reused}
	s.log.Error("paid turns are refused", "reason", m.String())
	return m
}

// saw publishes an answer of /health if it tells anything new.
func (s *Supervisor) saw(h Health, w Wallet, reused bool) {
	if sameHealth(s.State().Health, h) {
		return
	}
	m := s.mismatch(h, w, reused)
	s.update(func(st *State) { st.Health, st.Mismatch = h, m })
}

// sameHealth compares what a plain /health says.
func sameHealth(a, b Health) bool {
	a.Balance, b.Balance = nil, nil
	return a == b
}

// ended explains the end of a child. started is when it was started; healthy is
// when it first answered, zero if it never did.
func (s *Supervisor) ended(r runner, started, healthy time.Time) ending {
	code, lines := r.Code(), r.Output().lines
	if !healthy.IsZero() {
		return ending{how: endedCrash, life: time.Since(healthy), killed: code == 128+9 || code == exitGuardianKilled, err: &StartError{
			Kind: Crashed, Message: "ClawRouter ended: " + exitWords(code) + ".", Mend: "It is started again by itself.",
		}}
	}
	// With --no-reuse unknown to it, a ClawRouter that finds another on its port
	// says "Ready" and ends with 0, within a second of its own start.
	taken := !s.world.portFree(context.Background())
	if taken && (code == 0 || strings.Contains(strings.Join(lines, "\n"), "EADDRINUSE")) {
		s.log.Info("ClawRouter ended because another one has its port", "after", time.Since(started).Round(time.Millisecond))
		return ending{how: endedAgain}
	}
	if why := diagnose(lines); why != nil {
		if why.Kind == NoNetwork || why.Kind == PortTaken {
			return ending{how: endedCrash, err: why}
		}
		return failed(why)
	}
	if code == exitCannotStart {
		return failed(&StartError{
			Kind: CommandMissing, Message: "The command of ClawRouter could not be run: " + lastOf(lines, "no such program") + ".",
			Mend: "Correct CLAWROUTER_CMD; without it the command is: " + DefaultCommand,
		})
	}
	return ending{how: endedCrash, err: &StartError{
		Kind:    Crashed,
		Message: "ClawRouter ended before it answered: " + exitWords(code) + ".",
		Mend:    "It is started again by itself; clawrouter-codex logs shows what it said.",
	}}
}

func lastOf(lines []string, otherwise string) string {
	if len(lines) == 0 {
		return otherwise
	}
	return strings.TrimSuffix(lines[len(lines)-1], ".")
}

// exitWords tells a code as a guardian returns it.
func exitWords(code int) string {
	switch {
	case code == exitGuardianKilled:
		return "its guardian was killed"
	case code == 0:
		return "without an error"
	case code > 128 && code < 128+65:
		return fmt.Sprintf("signal %d", code-128)
	default:
		return fmt.Sprintf("exit code %d", code)
	}
}

func (s *Supervisor) memoryPath() string { return filepath.Join(s.o.StateDir, memoryName) }
