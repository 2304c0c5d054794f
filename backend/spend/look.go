package spend

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/BlockRunAI/clawrouter-codex/backend/atomicfile"
)

// Look opens the ledger of a program that does not run, for whoever only looks:
// the Book that it returns shows what Open's would, and writes nothing. Close
// ends it.
func Look(o Options) (*Book, error) {
	o.Folder = readOnly{o.Folder}
	return Open(o)
}

// readOnly lets a Book do its work without a trace.
type readOnly struct{ Folder }

func (readOnly) Append(string, []byte) error { return nil }
func (readOnly) Remove(string) error         { return nil }

// Replace refuses a limit, which somebody relies on; the rest can be done again.
func (readOnly) Replace(name string, _ []byte) error {
	if name == LimitsFile {
		return errors.New("this ledger was opened to be looked at")
	}
	return nil
}

// Allowed is what the user allows to be spent, as it is on disk.
type Allowed struct {
	Cap    *Micros // a day; nil for none
	Paused bool    // every paid turn is refused
}

// LookAllowed reads the limits in a folder of Open's, for whoever only looks: it
// writes nothing and needs no Book. An error means that Open would pause paid
// turns, or fail.
func LookAllowed(dir string) (Allowed, error) {
	path := filepath.Join(dir, LimitsFile)
	data, err := atomicfile.Read(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Allowed{}, nil
	}
	if err != nil {
		return Allowed{}, fmt.Errorf("read the daily cap: %w", err)
	}
	var l limits
	if err := json.Unmarshal(data, &l); err != nil {
		return Allowed{}, fmt.Errorf("%s is broken: %w", path, err)
	}
	if l.Cap != nil && *l.Cap < 0 {
		return Allowed{}, fmt.Errorf("%s holds a limit below $0", path)
	}
	return Allowed(l), nil
}
