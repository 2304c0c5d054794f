package login

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
)

// Registry is a part of HKEY_CURRENT_USER: values by key and name. A value that
// is not there is no error.
type Registry interface {
	Text(key, name string) (value string, there bool, err error)
	Bytes(key, name string) (value []byte, there bool, err error)
	SetText(key, name, value string) error
	Delete(key, name string) error
}

const (
	runKeyPath = `Software\Microsoft\Windows\CurrentVersion\Run`
	// approvedPath is where the Task Manager notes what a user switched off: an
	// odd first byte.
	approvedPath = `Software\Microsoft\Windows\CurrentVersion\Explorer\StartupApproved\Run`
	runName      = "clawrouter-codex"
)

// runKey is the item of Windows. It has no environment of its own: what is set for
// the account, in the registry, is there at login.
type runKey struct{ o Options }

func (runKey) kind() string { return RunKey }

func (runKey) path() string { return `HKEY_CURRENT_USER\` + runKeyPath + `\` + runName }

func (k runKey) look() (found, error) {
	value, there, err := k.o.Registry.Text(runKeyPath, runName)
	if !there || err != nil {
		return found{}, err
	}
	f := found{there: true, program: firstWindowsWord(value)}
	if note, there, err := k.o.Registry.Bytes(approvedPath, runName); err == nil && there && len(note) > 0 {
		f.off = note[0]&1 == 1
	}
	return f, nil
}

func (k runKey) write(context.Context) error {
	if k.o.StateHome != "" {
		if kept, _, err := k.o.Registry.Text("Environment", "CLAWROUTER_CODEX_HOME"); err != nil || !strings.EqualFold(filepath.Clean(kept), k.o.StateHome) {
			return errors.New("CLAWROUTER_CODEX_HOME is set in this session only; set it for your account first: setx CLAWROUTER_CODEX_HOME \"" + k.o.StateHome + "\"")
		}
	}
	if err := k.o.Registry.SetText(runKeyPath, runName, runValue(k.o)); err != nil {
		return err
	}
	return k.o.Registry.Delete(approvedPath, runName)
}

func (k runKey) remove(context.Context) error {
	return errors.Join(k.o.Registry.Delete(runKeyPath, runName), k.o.Registry.Delete(approvedPath, runName))
}

// runValue is the command line. The program of the menu bar stands beside the one
// of the command line, which opens a console.
func runValue(o Options) string {
	if i := strings.LastIndexAny(o.Program, `\/`); o.Face != Headless {
		if app := o.Program[:i+1] + "clawrouter-codex-app.exe"; o.Exists(app) {
			return `"` + app + `"`
		}
	}
	return `"` + o.Program + `" --headless`
}

// firstWindowsWord is the program of a command line; a path holds no quotes.
func firstWindowsWord(line string) string {
	if rest, ok := strings.CutPrefix(line, `"`); ok {
		word, _, _ := strings.Cut(rest, `"`)
		return word
	}
	word, _, _ := strings.Cut(line, " ")
	return word
}
