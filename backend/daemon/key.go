package daemon

import (
	"context"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/BlockRunAI/clawrouter-codex/backend/atomicfile"
	"github.com/BlockRunAI/clawrouter-codex/backend/settings"
)

// keySize is that of the secret and of every key, in bytes.
const keySize = 32

// The purposes of the keys that are derived from the secret.
const (
	envelopePurpose = "envelope" // seals what models thought in older threads
	apiPurpose      = "api"      // the loopback API of other processes of ours
	panelPurpose    = "panel"    // signs the tokens of the panel's tabs
)

// keyError says that a key file is not what we wrote.
type keyError struct{ path, mend string }

func (e *keyError) Error() string { return e.path + " does not hold a key of clawrouter-codex" }

// Mend is what the user can do; the loss is small.
func (e *keyError) Mend() string { return e.mend }

// openSecret reads the secret of the state folder, and makes secret and key where
// they are missing. The caller holds the folder's EditLock.
func openSecret(paths settings.Paths) ([]byte, error) {
	secret, err := readSecret(paths)
	if errors.Is(err, fs.ErrNotExist) {
		secret, err = newSecret(), nil
	}
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(paths.Secret()); errors.Is(err, fs.ErrNotExist) {
		if err := writeKey(paths.Secret(), secret); err != nil {
			return nil, err
		}
	}
	_, err = openKey(paths, secret)
	return secret, err
}

// readSecret changes nothing. Before clients had a key, the secret was the file of
// that name: old threads are sealed with it, and an older release may be running.
func readSecret(paths settings.Paths) ([]byte, error) {
	secret, err := readKey(paths.Secret(), "delete it: a new one is made, and models forget what they thought in older threads")
	if errors.Is(err, fs.ErrNotExist) {
		return readKey(paths.Key(), keyMend)
	}
	return secret, err
}

const keyMend = "delete it, then: clawrouter-codex setup"

// openKey returns the bridge's key, and makes it where it is missing, or is still
// the secret.
func openKey(paths settings.Paths, secret []byte) ([]byte, error) {
	key, err := readKey(paths.Key(), keyMend)
	if err == nil && !slices.Equal(key, secret) {
		return key, nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	key = newSecret()
	return key, writeKey(paths.Key(), key)
}

// keyIn is the bridge's key for whoever edits Codex's files.
func keyIn(paths settings.Paths) func() (string, error) {
	return func() (string, error) { return bridgeKey(paths) }
}

// bridgeKey is the key's text for Codex's files. The caller holds EditLock.
func bridgeKey(paths settings.Paths) (string, error) {
	if err := paths.Create(); err != nil {
		return "", fmt.Errorf("make the state folder: %w", err)
	}
	secret, err := openSecret(paths)
	if err != nil {
		return "", err
	}
	key, err := openKey(paths, secret)
	return hex.EncodeToString(key), err
}

// rotateKey makes the bridge's key anew: a running bridge obeys with the next
// request. The caller holds EditLock, and writes it into Codex's files.
func rotateKey(paths settings.Paths) error {
	if _, err := openSecret(paths); err != nil {
		return err
	}
	return writeKey(paths.Key(), newSecret())
}

func newSecret() []byte {
	key := make([]byte, keySize)
	_, _ = rand.Read(key) // never fails
	return key
}

func readKey(path, mend string) ([]byte, error) {
	text, err := atomicfile.Read(path)
	if err != nil {
		return nil, fmt.Errorf("read the key: %w", err)
	}
	key, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(key) != keySize {
		return nil, &keyError{path: path, mend: mend}
	}
	return key, nil
}

func writeKey(path string, key []byte) error {
	if err := atomicfile.Write(path, []byte(hex.EncodeToString(key)+"\n"), 0o600); err != nil {
		return fmt.Errorf("write the key: %w", err)
	}
	return nil
}

// derived is the key for one purpose, so that none tells another.
func derived(secret []byte, purpose string) ([]byte, error) {
	return hkdf.Key(sha256.New, secret, nil, "clawrouter-codex "+purpose, keySize)
}

// keyring is what a running link keeps secret.
type keyring struct{ envelope, api, panel []byte }

func openKeyring(ctx context.Context, paths settings.Paths) (keys keyring, err error) {
	var secret []byte
	err = editAlone(ctx, paths, func() (err error) {
		secret, err = openSecret(paths)
		return err
	})
	if err != nil {
		return keys, err
	}
	for purpose, key := range map[string]*[]byte{envelopePurpose: &keys.envelope, apiPurpose: &keys.api, panelPurpose: &keys.panel} {
		if *key, err = derived(secret, purpose); err != nil {
			return keys, err
		}
	}
	return keys, nil
}
