package daemon

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/BlockRunAI/clawrouter-codex/backend/atomicfile"
	"github.com/BlockRunAI/clawrouter-codex/backend/settings"
)

// keySize is that of the master key and of every key made of it, in bytes.
const keySize = 32

// keyError says that the key file is not what we wrote.
type keyError struct{ path string }

func (e *keyError) Error() string { return e.path + " does not hold a key of clawrouter-codex" }

// Mend is what the user can do; the loss is small.
func (e *keyError) Mend() string {
	return "delete it: a new one is made, and models forget what they thought in older threads"
}

// masterKey reads the state folder's key, and makes one at the first start. The
// caller holds the state folder.
func masterKey(paths settings.Paths) ([]byte, error) {
	text, err := os.ReadFile(paths.Key())
	if errors.Is(err, fs.ErrNotExist) {
		key := make([]byte, keySize)
		_, _ = rand.Read(key) // never fails
		return key, atomicfile.Write(paths.Key(), []byte(hex.EncodeToString(key)+"\n"), 0o600)
	}
	if err != nil {
		return nil, fmt.Errorf("read the key: %w", err)
	}
	key, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(key) != keySize {
		return nil, &keyError{path: paths.Key()}
	}
	return key, nil
}

// keyFor derives the key for one purpose, so that none tells another.
func keyFor(master []byte, purpose string) ([]byte, error) {
	return hkdf.Key(sha256.New, master, nil, "clawrouter-codex "+purpose, keySize)
}
