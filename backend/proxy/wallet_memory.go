package proxy

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/BlockRunAI/clawrouter-codex/backend/atomicfile"
)

// memory is what is remembered of the wallet that paid last, and of the
// ClawRouter that ran: nothing in it is secret.
type memory struct {
	Kind    WalletKind   `json:"kind"`
	Source  WalletSource `json:"source"`
	Place   string       `json:"place"`
	Address string       `json:"address"`
	Version string       `json:"version,omitempty"`
}

func readMemory(path string) (memory, error) {
	var m memory
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return m, nil
	}
	if err == nil {
		err = json.Unmarshal(b, &m)
	}
	if err != nil {
		// Without it a lost key would go unnoticed, so it is no small matter.
		return memory{}, &StartError{
			Kind: Internal, Err: err,
			Message: fmt.Sprintf("%s, which says what wallet was used last, cannot be read: %v.", path, err),
			Mend:    "Mend its permissions, or remove it if you know which wallet will pay.",
		}
	}
	return m, nil
}

func (m memory) write(path string) error {
	b, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return fmt.Errorf("remember the wallet: %w", err)
	}
	if err := atomicfile.Write(path, append(b, '\n'), 0o600); err != nil {
		return fmt.Errorf("remember the wallet: %w", err)
	}
	return nil
}

// NoteWallet remembers the wallet that the environment names, where none paid yet,
// for a first start that will not see it: at login there is no shell, and a ClawRouter
// that finds no key makes a new wallet. The key is not stored.
func NoteWallet(stateDir string, search WalletSearch) error {
	w, err := FindWallet(search)
	if err != nil || w.Source() != FromEnv && w.Source() != FromAPIKeyEnv {
		return nil //nolint:nilerr // a malformed key is told by the start that needs it
	}
	path := filepath.Join(stateDir, memoryName)
	m, err := readMemory(path)
	if err != nil || m.Address != "" {
		return err
	}
	return memory{Kind: w.Kind(), Source: w.Source(), Place: w.Place(), Address: w.Address(), Version: m.Version}.write(path)
}

// reconcile decides whether found may pay where m paid last. It returns the
// wallet to compare the running ClawRouter with, a note for the user, and an
// error when the wallet of before is lost from sight: a program started at
// login has none of the shell's environment, and ClawRouter would then pay from
// another wallet, or make a new one.
func (m memory) reconcile(found Wallet) (Wallet, string, error) {
	if m.Address == "" || found.explicit() || found.Kind() != WalletNone && strings.EqualFold(found.address, m.Address) {
		return found, "", nil
	}
	still := m.stillThere()
	switch {
	case found.Kind() == WalletNone && still:
		// Where ClawRouter finds it itself, in a home folder of its own.
		return Wallet{kind: m.Kind, source: m.Source, place: m.Place, address: m.Address}, "", nil
	case still:
		return found, fmt.Sprintf("ClawRouter now pays from %s (%s); before, it paid from %s (%s).",
			found.address, found.place, m.Address, m.Place), nil
	}
	return Wallet{}, "", &StartError{
		Kind: WalletMissing,
		Message: fmt.Sprintf("Your wallet, %s, cannot be found: its key came from %s. "+
			"ClawRouter was not started, because it would pay from another wallet or make a new one.", m.Address, m.Place),
		Mend: m.mend(),
	}
}

func (m memory) mend() string {
	switch m.Source {
	case FromEnv, FromAPIKeyEnv:
		return fmt.Sprintf("A program started at login does not see %s: put the key in a file that only you can read, and run clawrouter-codex setup with WALLET_KEY_FILE naming it.", m.Place)
	default:
		return "Restore that file, or name the key with BLOCKRUN_WALLET_KEY or WALLET_KEY_FILE. " +
			"If you have given that wallet up, delete " + memoryName + " in the program's folder, which clawrouter-codex config show names."
	}
}

// overlookedAPIKey is the note for a user whose wallet file comes before their
// API key, which a ClawRouter left alone would prefer.
func overlookedAPIKey(w Wallet, home string) string {
	if w.Source() != FromSession {
		return ""
	}
	for _, name := range []string{coreAPIKeyFile, legacyAPIKey} {
		path := filepath.Join(home, name)
		text, err := readKeyFile(path)
		if err != nil {
			continue
		}
		if k, err := parseKey(text); err == nil && k.Kind() == WalletAPIKey {
			return fmt.Sprintf("The wallet in %s pays; the API key in %s is not used. To pay with it, set BLOCKRUN_API_KEY.", w.Place(), path)
		}
	}
	return ""
}

// paysElsewhere is the note for a user who named an EVM key while ClawRouter is
// set to pay on Solana.
func paysElsewhere(h Health, w Wallet) string {
	if w.Kind() != WalletEVM || !w.explicit() || h.Chain != "solana" || h.Solana == "" {
		return ""
	}
	return fmt.Sprintf("ClawRouter is set to pay on Solana, from %s and not from %s. To pay on Base, set CLAWROUTER_PAYMENT_CHAIN=base.", h.Solana, w.Address())
}

// stillThere reports whether the remembered file still holds that key.
func (m memory) stillThere() bool {
	if !filepath.IsAbs(m.Place) {
		return false
	}
	text, err := readKeyFile(m.Place)
	if err != nil {
		return false
	}
	w, err := parseKey(text)
	return err == nil && strings.EqualFold(w.address, m.Address)
}
