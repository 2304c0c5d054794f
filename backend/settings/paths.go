package settings

import (
	"os"
	"path/filepath"
)

// HomeVariable moves the program's folder.
const HomeVariable = "CLAWROUTER_CODEX_HOME"

// Paths are the places in the program's folder.
type Paths struct{ Root string }

// SettingsFile is what the user edits.
func (p Paths) SettingsFile() string { return filepath.Join(p.Root, "settings.toml") }

// Lock is held by the process that runs the link.
func (p Paths) Lock() string { return filepath.Join(p.Root, "lock") }

// MenuBar is held by the process that has the icon in the menu bar.
func (p Paths) MenuBar() string { return filepath.Join(p.Root, "menu-bar.lock") }

// Running tells who holds Lock: a file of its own, because Windows lets nobody
// read a locked one.
func (p Paths) Running() string { return filepath.Join(p.Root, "running.json") }

// EditLock is held while Codex's files are edited.
func (p Paths) EditLock() string { return filepath.Join(p.Root, "edit.lock") }

// Key holds the bridge's key, which clients send; setup writes it into Codex's
// files.
func (p Paths) Key() string { return filepath.Join(p.Root, "key") }

// Secret holds what the program's own keys are derived from. It leaves the folder
// in no form, and outlives Key.
func (p Paths) Secret() string { return filepath.Join(p.Root, "secret") }

// Log is the folder of rotated logs.
func (p Paths) Log() string { return filepath.Join(p.Root, "log") }

// ProxyLog is what a supervised ClawRouter prints.
func (p Paths) ProxyLog() string { return filepath.Join(p.Log(), "clawrouter.log") }

// ProgramLog is what the bridge and the daemon write.
func (p Paths) ProgramLog() string { return filepath.Join(p.Log(), "clawrouter-codex.log") }

// ProxyHome is the home folder that an isolated ClawRouter sees.
func (p Paths) ProxyHome() string { return filepath.Join(p.Root, "proxy-home") }

// Spend is the folder of the ledger.
func (p Paths) Spend() string { return filepath.Join(p.Root, "spend") }

// Prices is BlockRun's public list of models as it was read last.
func (p Paths) Prices() string { return filepath.Join(p.Root, "prices.json") }

// Backup is the folder of dated copies of the user's files.
func (p Paths) Backup() string { return filepath.Join(p.Root, "backup") }

// Create makes the folder, for this user alone. A folder that is open to others
// is closed: it will hold the ledger and the bridge's key.
func (p Paths) Create() error {
	if err := os.MkdirAll(p.Root, 0o700); err != nil {
		return err
	}
	return os.Chmod(p.Root, 0o700)
}

func findPaths(m Machine) (Paths, error) {
	if dir, ok := m.LookupEnv(HomeVariable); ok && dir != "" {
		return Paths{Root: absolute(m, dir)}, nil
	}
	if m.Home == "" {
		return Paths{}, &InvalidError{Problems: []Problem{{
			What: "this user has no home folder (HOME is not set)",
			Mend: "set HOME (on Windows: USERPROFILE), or name a folder in " + HomeVariable,
		}}}
	}
	return usualPaths(m.Home), nil
}

func usualPaths(home string) Paths { return Paths{Root: filepath.Join(home, ".clawrouter-codex")} }

// Moved reports whether the folder is not where it is without HomeVariable.
func (p Paths) Moved(home string) bool { return p != usualPaths(home) }

// absolute resolves "~/", which no shell expands in a file or between quotes,
// and paths relative to the working folder.
func absolute(m Machine, path string) string {
	if path == "~" {
		return m.Home
	}
	if len(path) > 1 && path[0] == '~' && os.IsPathSeparator(path[1]) {
		return filepath.Join(m.Home, path[2:])
	}
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(m.Dir, path)
}
