package login

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/backend/link"
)

// The kinds of items, as link.Login names them.
const (
	LaunchAgent = "launch-agent"
	Autostart   = "autostart"
	Systemd     = "systemd"
	RunKey      = "run-key"
)

// Face is what an item starts.
type Face string

// The faces. On macOS and Windows Auto is the menu bar; on Linux it is the one that
// is there already, else the menu bar where there is a desktop, else the link alone.
const (
	Auto     Face = ""
	Tray     Face = "tray"
	Headless Face = "headless"
)

// Options describe the user's machine and the program that an item starts. GOOS,
// Home, LookupEnv and Program must be set.
type Options struct {
	GOOS      string // as runtime.GOOS
	Home      string // the user's home folder, absolute
	LookupEnv func(name string) (string, bool)
	Program   string // our own executable, absolute
	Logs      string // folder for what the program prints when it is started at login
	StateHome string // CLAWROUTER_CODEX_HOME, absolute; "" where the folder is in its usual place
	Face      Face
	Backup    string // folder for copies of what was there and not ours
	Now       func() time.Time

	// Run runs launchctl or systemctl. Nil runs the system's.
	Run func(ctx context.Context, name string, args ...string) error
	// Registry is HKEY_CURRENT_USER. Nil is the system's, if it has one.
	Registry Registry
	// Exists reports whether a file is there. Nil is the system's.
	Exists func(path string) bool
	// UID is the user's number, for launchctl.
	UID int
}

// Switch is the launch at login of one user. It implements link.LoginSwitch.
type Switch struct{ o Options }

var _ link.LoginSwitch = (*Switch)(nil)

// New returns the switch of a machine.
func New(o Options) *Switch {
	if o.Run == nil {
		o.Run = runSystem
	}
	if o.Registry == nil {
		o.Registry = systemRegistry()
	}
	if o.Exists == nil {
		o.Exists = exists
	}
	return &Switch{o}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// found is what stands in the place of an item.
type found struct {
	there   bool
	off     bool   // it is there, and the user's system was told to pass over it
	foreign bool   // it is the Node tool's
	program string // what it starts
}

// place is one way to be started at login.
type place interface {
	kind() string
	path() string
	look() (found, error)
	write(ctx context.Context) error
	remove(ctx context.Context) error // also where nothing is there
}

// places are those of the system, the one for each face in its order.
func (s *Switch) places() []place {
	switch s.o.GOOS {
	case "darwin":
		return []place{launchAgent{s.o}}
	case "windows":
		if s.o.Registry != nil {
			return []place{runKey{s.o}}
		}
	case "linux", "freebsd", "openbsd", "netbsd", "dragonfly":
		return []place{autostart{s.o}, unit{s.o}}
	}
	return nil
}

// State looks at what would start at the next login. It reads two small files at
// most.
func (s *Switch) State(context.Context) link.Login {
	places := s.places()
	if why := s.unavailable(places); why != "" {
		return link.Login{Problem: why}
	}
	chosen := s.choose(places)
	st := link.Login{Available: true, Kind: chosen.kind(), Path: chosen.path()}
	var on []string
	for _, p := range places {
		f, err := p.look()
		switch {
		case err != nil:
			st.Problem = fmt.Sprintf("%s cannot be read: %v", p.path(), err)
		case f.foreign:
			st.Problem = fmt.Sprintf("%s starts an older tool at login, on the same port: clawrouter-codex login on takes its place, login off removes it", p.path())
		case f.off:
			st.Problem = fmt.Sprintf("%s is there, but was switched off in the settings of this system", p.path())
		case f.there:
			on = append(on, p.path())
			st.On, st.Kind, st.Path = true, p.kind(), p.path()
			st.Problem = s.wrongProgram(p, f.program)
		}
	}
	if len(on) > 1 {
		st.Problem = "the program is started twice at login, by " + strings.Join(on, " and by ") + ": clawrouter-codex login on keeps one"
	}
	return st
}

func (s *Switch) wrongProgram(p place, program string) string {
	switch {
	case program == "":
		return p.path() + " is not as it was written: clawrouter-codex login on"
	case !s.o.Exists(program):
		return fmt.Sprintf("%s starts %s, which is not there any more: clawrouter-codex login on", p.path(), program)
	}
	return ""
}

// unavailable is why nothing can be started at login, in words.
func (s *Switch) unavailable(places []place) string {
	switch {
	case len(places) == 0:
		return "starting at login is not known on " + s.o.GOOS
	case strings.ContainsAny(s.o.Program+s.o.StateHome+s.o.Logs, "\n\r\x00"):
		return "a path with a line break in it cannot be started at login"
	case slices.ContainsFunc(strings.Split(filepath.ToSlash(s.o.Program), "/"), func(part string) bool { return strings.HasPrefix(part, "go-build") }):
		return "this program was started by \"go run\" and is gone when it ends: go install it first"
	}
	return ""
}

// choose is the place for the wanted face.
func (s *Switch) choose(places []place) place {
	if len(places) == 1 {
		return places[0]
	}
	face := s.o.Face
	if face == Auto {
		for _, p := range places {
			if f, err := p.look(); err == nil && f.there && !f.off {
				return p
			}
		}
		face = Headless
		if s.desktop() {
			face = Tray
		}
	}
	if face == Headless {
		return places[1]
	}
	return places[0]
}

// desktop reports whether this session has one. A program that was started at
// login, or from a terminal in a desktop, is told by these variables.
func (s *Switch) desktop() bool {
	for _, name := range []string{"DISPLAY", "WAYLAND_DISPLAY", "XDG_CURRENT_DESKTOP"} {
		if v, ok := s.o.LookupEnv(name); ok && v != "" {
			return true
		}
	}
	return false
}

// Set puts the program among those that start at login, or takes it out. A
// program that runs is left running. On takes the place of the Node tool's
// LaunchAgent, after a copy, and stops that tool.
func (s *Switch) Set(ctx context.Context, on bool) error {
	places := s.places()
	if why := s.unavailable(places); why != "" {
		return errors.New(why)
	}
	if !on {
		return s.removeAll(ctx, places, nil)
	}
	chosen := s.choose(places)
	if err := os.MkdirAll(s.o.Logs, 0o700); err != nil {
		return fmt.Errorf("make the folder for logs: %w", err)
	}
	if err := chosen.write(ctx); err != nil {
		return fmt.Errorf("start at login: %w", err)
	}
	// The other one would start it a second time.
	return s.removeAll(ctx, places, chosen)
}

func (s *Switch) removeAll(ctx context.Context, places []place, but place) error {
	var errs []error
	for _, p := range places {
		if but != nil && p.kind() == but.kind() {
			continue
		}
		if err := p.remove(ctx); err != nil {
			errs = append(errs, fmt.Errorf("take %s away: %w", p.path(), err))
		}
	}
	return errors.Join(errs...)
}

// variables are those that an item hands on, as NAME=value. The systems take a
// signal for a crash, and start the program again: with crash a panic ends with
// one. An exit code of ours does not, which would start a wrongly set program again
// and again.
func (o Options) variables(crash bool) (all []string) {
	if crash {
		all = append(all, "GOTRACEBACK=crash")
	}
	if o.StateHome != "" {
		all = append(all, "CLAWROUTER_CODEX_HOME="+o.StateHome)
	}
	return all
}

// logFile is what the system writes the program's output to.
func (o Options) logFile() string { return filepath.Join(o.Logs, "login.log") }
