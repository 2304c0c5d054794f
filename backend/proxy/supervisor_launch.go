package proxy

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"time"
)

// openLog opens the log of the child's output. Without a log ClawRouter runs
// all the same: a full disk must not stop the user's work.
func (s *Supervisor) openLog() (closeLog func()) {
	s.out = io.Discard
	l, err := OpenLog(s.o.LogPath)
	if err != nil {
		s.warn("What ClawRouter prints is not kept", err)
		return func() {}
	}
	s.out = l
	return func() { l.Close() }
}

// launch starts the command. An error is a *StartError, or of the system.
func (s *Supervisor) launch(ctx context.Context, w Wallet) (runner, error) {
	words, err := parseCommand(s.o.Command, runtime.GOOS)
	if err != nil {
		return nil, err
	}
	program, binDirs, err := s.resolve(ctx, words)
	if err != nil {
		return nil, err
	}
	home := s.chooseHome(words, w)
	if home.Isolated {
		if err := os.MkdirAll(home.Path, 0o700); err != nil {
			return nil, fmt.Errorf("make a home folder for ClawRouter: %w", err)
		}
	}
	guardian, err := s.guardian()
	if err != nil {
		return nil, err
	}
	mark := newMark()
	out := &output{}
	c, err := startChild(childPlan{
		Guardian: guardian, Program: program, Args: withPort(words, s.o.Port), Mark: mark, Grace: s.t.Grace,
		Env: childEnv(childSpec{
			Env: s.o.Env, Pass: s.o.PassEnv, Wallet: w, RealHome: s.o.Home, Home: home, BinDirs: binDirs,
			Port: s.o.Port, Mark: mark, Windows: runtime.GOOS == "windows",
		}),
		Output: s.childOutput(out, w),
	})
	if err != nil {
		return nil, err
	}
	s.update(func(st *State) { st.Home = home })
	r := &childRunner{child: c, out: out, s: s}
	r.record()
	return r, nil
}

// guardian is our own program. An update may have removed the file that runs;
// the kernel still has it.
func (s *Supervisor) guardian() (string, error) {
	switch {
	case s.o.Executable != "":
		return s.o.Executable, nil
	case runtime.GOOS == "linux":
		return "/proc/self/exe", nil
	}
	path, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("find our own program: %w", err)
	}
	return path, nil
}

// childOutput takes secrets out of each line, dates it, and writes it to the
// log; what is kept for messages has no date.
func (s *Supervisor) childOutput(out *output, w Wallet) io.WriteCloser {
	return NewLineWriter(redactorFor(w), func(line string) {
		out.line(line)
		fmt.Fprintf(s.out, "%s %s\n", time.Now().UTC().Format(time.RFC3339), line)
	})
}

// resolve finds the program, and the folders that PATH needs for it: npx is a
// script for "env node", and at login PATH has neither.
func (s *Supervisor) resolve(ctx context.Context, words []string) (program string, binDirs []string, err error) {
	node, err := CheckNode(ctx, NodeSearch{Env: s.o.Env, Home: s.o.Home, Node: s.o.Node, Npx: s.o.Npx})
	name := programName(words)
	if err != nil && (ctx.Err() != nil || needsNode(name)) {
		return "", nil, err
	}
	if err == nil {
		binDirs = append(binDirs, filepath.Dir(node.Path))
		if node.Npx != "" && !slices.Contains(binDirs, filepath.Dir(node.Npx)) {
			binDirs = append(binDirs, filepath.Dir(node.Npx))
		}
	}
	if filepath.Base(words[0]) == words[0] {
		switch {
		case name == "npx" && node.Npx == "":
			return "", nil, npxMissing(node)
		case name == "npx":
			return node.Npx, binDirs, nil
		case name == "node":
			return node.Path, binDirs, nil
		}
	}
	program, err = lookProgram(words[0], append(slices.Clone(binDirs), pathDirs(s.o.Env)...))
	if err != nil {
		return "", nil, &StartError{
			Kind: CommandMissing, Err: err,
			Message: fmt.Sprintf("The program %q of CLAWROUTER_CMD cannot be started: %v.", words[0], err),
			Mend:    "Correct CLAWROUTER_CMD; without it the command is: " + DefaultCommand,
		}
	}
	return program, binDirs, nil
}

var pinned = regexp.MustCompile(`@blockrun/clawrouter@v?(\d+\.\d+\.\d+\S*)$`)

// versionAhead is the release that will run as far as it can be known: the one
// that the command pins, else the one that ran last, which a @latest can only
// have grown from.
func versionAhead(words []string, last string) string {
	for _, w := range words {
		if m := pinned.FindStringSubmatch(w); m != nil {
			return m[1]
		}
	}
	return last
}

func (s *Supervisor) chooseHome(words []string, w Wallet) Home {
	wish := s.o.Isolate
	if s.forceOwn {
		wish = IsolateOn
	}
	h := chooseHome(w, versionAhead(words, s.mem.Version), wish, s.o.Home, s.o.OwnHome)
	if s.forceOwn && h.Isolated {
		h.Why = "a key in the home folder won over the one that was given"
	}
	return h
}

// childRunner is the real runner.
type childRunner struct {
	*child
	out *output
	s   *Supervisor
}

func (r *childRunner) Done() <-chan struct{} { return r.done }
func (r *childRunner) Stop()                 { r.stop() }
func (r *childRunner) Code() int             { return r.code }
func (r *childRunner) PID() int              { return r.pid() }
func (r *childRunner) Output() outputSeen    { return r.out.seen() }
func (r *childRunner) Owns(pid int) bool     { return slices.Contains(r.tree(), pid) }

// Healthy records the tree again: only now has every shell in it become what it
// will be.
func (r *childRunner) Healthy() { r.record() }

func (r *childRunner) record() {
	if err := recordRun(filepath.Join(r.s.o.StateDir, recordName), r.child, r.s.o.Port); err != nil {
		r.s.warn("If this program is killed, ClawRouter may go on running", err)
	}
}

// remember keeps which wallet paid and which release ran. It returns the wallet
// if this start made it. A payer whose key's place is not known is not
// remembered, since it could never be found again.
func (s *Supervisor) remember(h Health, w Wallet, version string) *CreatedWallet {
	if !w.samePayer(h) {
		return nil
	}
	var created *CreatedWallet
	if w.Kind() == WalletNone {
		made, err := FindWallet(WalletSearch{Home: s.State().Home.Path})
		if err != nil || made.Kind() == WalletNone || !made.samePayer(h) {
			return nil
		}
		w = made
		if w.Kind() != WalletAPIKey {
			created = s.describeCreated(h, w)
		}
	}
	next := memory{Kind: w.Kind(), Source: w.Source(), Place: w.Place(), Address: w.Address(), Version: version}
	if next == s.mem {
		return created
	}
	if err := next.write(s.memoryPath()); err != nil {
		s.warn("The wallet that pays is not remembered for the next start", err)
		return created
	}
	s.mem = next
	return created
}

func (s *Supervisor) describeCreated(h Health, made Wallet) *CreatedWallet {
	c := &CreatedWallet{Address: h.Wallet, Solana: h.Solana, Chain: h.Chain, KeyFile: made.Place()}
	words := filepath.Join(s.State().Home.Path, mnemonicFile)
	if _, err := os.Stat(words); err == nil {
		c.WordsFile = words
	}
	s.log.Warn(c.String())
	return c
}
