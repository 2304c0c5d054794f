package spend

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Allowed is what the user allows to be spent, as it is on disk.
type Allowed struct {
	Cap    *Micros // a day; nil for none
	Paused bool    // every paid turn is refused
}

// LookAllowed reads the limits in a folder of Open's, for whoever only looks: it
// writes nothing and needs no Book. An error means that Open would pause paid
// turns, or fail.
func LookAllowed(dir string) (Allowed, error) {
	path := filepath.Join(dir, limitsFile)
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Allowed{}, nil
	}
	if err != nil {
		return Allowed{}, fmt.Errorf("read the daily limit: %w", err)
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
