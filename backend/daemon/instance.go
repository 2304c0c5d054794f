package daemon

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"runtime"
	"strconv"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/backend/atomicfile"
	"github.com/BlockRunAI/clawrouter-codex/backend/settings"
)

// Running describes the process that runs the link on a state folder. It is
// what running.json holds, for every other process of ours to read.
type Running struct {
	PID       int       `json:"pid"`
	Command   string    `json:"command"` // "start", "up", "bridge"
	Version   string    `json:"version"`
	Bridge    string    `json:"bridge"`     // http://localhost:8403
	Upstream  string    `json:"upstream"`   // http://127.0.0.1:8404
	CodexHome string    `json:"codex_home"` // absolute
	Started   time.Time `json:"started"`
}

// Port is the bridge's port, 0 when it is not known.
func (r Running) Port() int {
	u, err := url.Parse(r.Bridge)
	if err != nil {
		return 0
	}
	port, _ := strconv.Atoi(u.Port())
	return port
}

// RunningError says that another process of ours runs the link.
type RunningError struct{ Running Running }

func (e *RunningError) Error() string {
	r := e.Running
	if r.PID == 0 {
		return "clawrouter-codex already runs on this state folder"
	}
	return fmt.Sprintf("clawrouter-codex already runs: %s, process %d, since %s", r.Bridge, r.PID, r.Started.Format("15:04"))
}

// Mend is how to get the state folder or another one.
func (e *RunningError) Mend() string {
	if e.Running.PID == 0 {
		return "stop the other one, or name a folder of your own in " + settings.HomeVariable
	}
	return "use it as it is, or stop it first: " + e.Running.Stop(runtime.GOOS)
}

// Stop is what a user does to end the process in order. Windows has no command that
// asks a program without a window to end.
func (r Running) Stop(goos string) string {
	switch {
	case goos != "windows":
		return fmt.Sprintf("kill %d", r.PID)
	case r.Command == "app":
		return "Quit in the menu of its icon"
	}
	return "Ctrl-C in its window"
}

// instance is the right to run the link on a state folder.
type instance struct {
	paths settings.Paths
	lock  *atomicfile.Lock
}

// claim takes the state folder, or returns a *RunningError.
func claim(ctx context.Context, paths settings.Paths) (*instance, error) {
	if err := paths.Create(); err != nil {
		return nil, fmt.Errorf("make the state folder: %w", err)
	}
	lock, err := awaitLock(ctx, paths)
	if err != nil {
		return nil, err
	}
	return &instance{paths: paths, lock: lock}, nil
}

// announceWait bounds the time between a process's lock and its record.
const announceWait = 2 * time.Second

// awaitLock is TryLock for a folder that a command may hold for a moment: another
// process that keeps the link up says so in its record.
func awaitLock(ctx context.Context, paths settings.Paths) (*atomicfile.Lock, error) {
	ctx, cancel := context.WithTimeout(ctx, announceWait)
	defer cancel()
	for {
		lock, err := atomicfile.TryLock(paths.Lock())
		if err == nil {
			// What a killed process left behind would be taken for ours.
			if err := atomicfile.Remove(paths.Running()); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return nil, errors.Join(err, lock.Unlock())
			}
			return lock, nil
		}
		if !errors.Is(err, atomicfile.ErrLocked) {
			return nil, err
		}
		r := readRunning(paths)
		if r.PID != 0 || pause(ctx, healthPoll) != nil {
			return nil, &RunningError{Running: r}
		}
	}
}

// readRunning returns what the holder of the lock wrote; zero when it has not
// written yet.
func readRunning(paths settings.Paths) Running {
	var r Running
	data, err := atomicfile.Read(paths.Running())
	if err != nil || json.Unmarshal(data, &r) != nil {
		return Running{}
	}
	return r
}

// announce tells other processes who runs the link.
func (i *instance) announce(r Running) error {
	data, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return err
	}
	return atomicfile.Write(i.paths.Running(), append(data, '\n'), 0o600)
}

// release gives the state folder back.
func (i *instance) release() error {
	removing := atomicfile.Remove(i.paths.Running())
	if errors.Is(removing, os.ErrNotExist) {
		removing = nil
	}
	return errors.Join(removing, i.lock.Unlock())
}

// Look returns who runs the link on the state folder, and false when nobody does.
// A record that a killed process left behind does not count.
func Look(paths settings.Paths) (Running, bool) {
	lock, err := atomicfile.TryLock(paths.Lock())
	if err == nil {
		_ = lock.Unlock()
		return Running{}, false
	}
	if !errors.Is(err, atomicfile.ErrLocked) {
		return Running{}, false
	}
	return readRunning(paths), true
}
