package proxy

import "path/filepath"

// Expected is the wallet that a start would pay from.
type Expected struct {
	Wallet Wallet
	Note   string // a fact that the user should see, one sentence; may be empty
}

// ExpectWallet does what a start does before it starts anything: it looks for
// the key and compares it with the wallet that paid last. stateDir is the
// supervisor's. The error is a *StartError, with which a start would end too.
// Nothing is written.
func ExpectWallet(stateDir string, search WalletSearch) (Expected, error) {
	m, err := readMemory(filepath.Join(stateDir, memoryName))
	if err != nil {
		return Expected{}, err
	}
	var e Expected
	found, err := FindWallet(search)
	if err != nil {
		return e, err
	}
	e.Wallet, e.Note, err = m.reconcile(found)
	return e, err
}

// Compare is nil where w is what the ClawRouter that said h pays from, or where
// there is no key to compare.
func (w Wallet) Compare(h Health) *Mismatch {
	if w.samePayer(h) {
		return nil
	}
	return &Mismatch{Ours: w.Address(), Place: w.Place(), Theirs: payerOf(h)}
}

// CommandNeeds tells whether a command that starts ClawRouter is nothing without
// Node.js, or without npx. The error is a *StartError of kind CommandInvalid.
func CommandNeeds(command, goos string) (node, npx bool, err error) {
	words, err := parseCommand(command, goos)
	if err != nil {
		return false, false, err
	}
	name := programName(words)
	return needsNode(name), name == "npx", nil
}
