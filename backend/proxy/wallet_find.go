package proxy

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// WalletSearch is where to look for a key.
type WalletSearch struct {
	// Env is the environment as os.Environ gives it.
	Env []string
	// KeyFile is WALLET_KEY_FILE or the settings' place of it, absolute; empty
	// for none.
	KeyFile string
	// Home is the user's home folder.
	Home string
}

// Files below the home folder in which ClawRouter and BlockRun's other programs
// keep keys.
var (
	sessionFile    = filepath.Join(".blockrun", ".session")
	solanaFile     = filepath.Join(".blockrun", ".solana-session")
	coreAPIKeyFile = filepath.Join(".blockrun", ".api-key")
	legacyAPIKey   = filepath.Join(".openclaw", "blockrun", "api-key")
	legacyKeyFile  = filepath.Join(".openclaw", "blockrun", "wallet.key")
	mnemonicFile   = filepath.Join(".openclaw", "blockrun", "mnemonic")
)

// FindWallet looks in this order: BLOCKRUN_WALLET_KEY, WALLET_KEY_FILE,
// BLOCKRUN_API_KEY, ~/.blockrun/.session, and then what ClawRouter would find
// itself: API key files, a Solana key, the key of older releases. It reads and
// never writes.
//
// A key that is there but malformed or unreadable ends the search with a
// *StartError: falling through would pay from another wallet, or make
// ClawRouter create an empty one.
func FindWallet(s WalletSearch) (Wallet, error) {
	env := envMap(s.Env)
	if v := env["BLOCKRUN_WALLET_KEY"]; strings.TrimSpace(v) != "" {
		return namedKey(v, FromEnv, "BLOCKRUN_WALLET_KEY")
	}
	if s.KeyFile != "" {
		text, err := readKeyFile(s.KeyFile)
		if err != nil {
			return Wallet{}, unreadable(s.KeyFile, err, "Put the key there, or set BLOCKRUN_WALLET_KEY or WALLET_KEY_FILE to the right one.")
		}
		return namedKey(text, FromKeyFile, s.KeyFile)
	}
	if v := env["BLOCKRUN_API_KEY"]; strings.TrimSpace(v) != "" {
		w, err := parseKey(v)
		if err == nil && w.kind != WalletAPIKey {
			err = errors.New("is not a BlockRun API key: those begin with brk_")
		}
		return placed(w, err, FromAPIKeyEnv, "BLOCKRUN_API_KEY")
	}
	return foundKey(s.Home)
}

// namedKey is a key that the user pointed at. ClawRouter takes a Solana key
// only from its own file.
func namedKey(text string, source WalletSource, place string) (Wallet, error) {
	w, err := parseKey(text)
	if err == nil && w.kind == WalletSolana {
		err = errors.New("is a Solana key, which ClawRouter reads from ~/.blockrun/.solana-session only")
	}
	return placed(w, err, source, place)
}

func placed(w Wallet, err error, source WalletSource, place string) (Wallet, error) {
	if err != nil {
		return Wallet{}, &StartError{
			Kind:    WalletMalformed,
			Message: fmt.Sprintf("The wallet key in %s %v. ClawRouter was not started, because it would make a new, empty wallet instead.", place, err),
			Mend:    "Correct it: 0x and 64 hex digits, or a brk_… API key.",
		}
	}
	w.source, w.place = source, place
	return w, nil
}

func unreadable(path string, err error, mend string) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		err = pe.Err
	}
	return &StartError{
		Kind: WalletUnread, Err: err, Mend: mend,
		Message: fmt.Sprintf("The wallet key in %s cannot be read: %v.", path, err),
	}
}

// foundKey looks through the files. The order after .session is that of the
// newest ClawRouter.
func foundKey(home string) (Wallet, error) {
	files := []struct {
		name   string
		source WalletSource
		kind   WalletKind // what this file may hold
	}{
		{sessionFile, FromSession, WalletEVM},
		{coreAPIKeyFile, FromClawRouter, WalletAPIKey},
		{legacyAPIKey, FromClawRouter, WalletAPIKey},
		{legacyKeyFile, FromClawRouter, WalletEVM},
		{solanaFile, FromClawRouter, WalletSolana},
	}
	for _, f := range files {
		path := filepath.Join(home, f.name)
		text, err := readKeyFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return Wallet{}, unreadable(path, err, "Mend its permissions, or set BLOCKRUN_WALLET_KEY.")
		}
		w, err := parseKey(text)
		if f.kind == WalletAPIKey && (err != nil || w.kind != WalletAPIKey) {
			continue // as ClawRouter does: it warns and looks on
		}
		if err == nil && w.kind != f.kind {
			err = fmt.Errorf("holds another kind of key (%s) than belongs there (%s)", w.kind, f.kind)
		}
		return placed(w, err, f.source, path)
	}
	return Wallet{}, nil
}

// maxKeyFile is far above any key: 64 numbers of a Solana key are 300 bytes.
const maxKeyFile = 4 << 10

func readKeyFile(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	if !info.Mode().IsRegular() {
		return "", errors.New("it is not a file") // a pipe or device would be read for ever
	}
	if info.Size() > maxKeyFile {
		return "", fmt.Errorf("it has %d bytes, far more than a key", info.Size())
	}
	b, err := os.ReadFile(path)
	return string(b), err
}

// envMap takes the first of repeated names, as getenv does.
func envMap(env []string) map[string]string {
	m := make(map[string]string, len(env))
	for _, kv := range env {
		k, v, ok := strings.Cut(kv, "=")
		if _, dup := m[k]; ok && !dup {
			m[k] = v
		}
	}
	return m
}
