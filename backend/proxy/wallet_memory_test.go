package proxy

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestReconcile(t *testing.T) {
	dir := home(t, map[string]string{"bob": bobKey, "alice": aliceKey})
	bobFile, gone := filepath.Join(dir, "bob"), filepath.Join(dir, "gone")
	alice := func(s WalletSource) Wallet { return mustKey(t, aliceKey, s, "there") }
	was := func(place string, source WalletSource) memory {
		return memory{Kind: WalletEVM, Source: source, Place: place, Address: bobAddress}
	}
	for name, c := range map[string]struct {
		m     memory
		found Wallet
		pays  string // address to compare with
		note  bool
		lost  bool
	}{
		"first start":                               {memory{}, Wallet{}, "", false, false},
		"first start with a key":                    {memory{}, alice(FromSession), aliceAddress, false, false},
		"same as ever":                              {was("x", FromEnv), mustKey(t, bobKey, FromSession, ""), bobAddress, false, false},
		"another key is named":                      {was("BLOCKRUN_WALLET_KEY", FromEnv), alice(FromEnv), aliceAddress, false, false},
		"another file is named":                     {was(gone, FromKeyFile), alice(FromKeyFile), aliceAddress, false, false},
		"variable is gone, nothing found":           {was("BLOCKRUN_WALLET_KEY", FromEnv), Wallet{}, "", false, true},
		"variable is gone, another is found":        {was("BLOCKRUN_WALLET_KEY", FromEnv), alice(FromSession), "", false, true},
		"file is gone, nothing found":               {was(gone, FromClawRouter), Wallet{}, "", false, true},
		"file is gone, another is found":            {was(gone, FromSession), alice(FromClawRouter), "", false, true},
		"file holds another key by now":             {was(filepath.Join(dir, "alice"), FromSession), Wallet{}, "", false, true},
		"file is where we do not look":              {was(bobFile, FromClawRouter), Wallet{}, bobAddress, false, false},
		"file is there, another comes first by now": {was(bobFile, FromClawRouter), alice(FromSession), aliceAddress, true, false},
	} {
		w, note, err := c.m.reconcile(c.found)
		var se *StartError
		if c.lost != errors.As(err, &se) || w.Address() != c.pays || (note != "") != c.note {
			t.Errorf("%s: pays %q, note %q, error %v", name, w.Address(), note, err)
		}
		if se != nil && (se.Kind != WalletMissing || !strings.Contains(se.Message, bobAddress) || se.Mend == "") {
			t.Errorf("%s: %+v", name, se)
		}
	}
}

func TestMemoryThatCannotBeReadStopsTheStart(t *testing.T) {
	path := filepath.Join(t.TempDir(), memoryName)
	if m, err := readMemory(path); err != nil || m != (memory{}) {
		t.Errorf("none yet: %+v, %v", m, err)
	}
	want := memory{WalletEVM, FromEnv, "BLOCKRUN_WALLET_KEY", aliceAddress, "0.12.246"}
	if err := want.write(path); err != nil {
		t.Fatal(err)
	}
	if got, err := readMemory(path); err != nil || got != want {
		t.Errorf("read %+v, %v", got, err)
	}
	if err := os.WriteFile(path, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := readMemory(path); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("error %v", err)
	}
}

func TestNotesOnKeysThatDoNotPay(t *testing.T) {
	session := mustKey(t, aliceKey, FromSession, "~/.blockrun/.session")
	hd := home(t, map[string]string{coreAPIKeyFile: brkKey})
	if got := overlookedAPIKey(session, hd); !strings.Contains(got, "BLOCKRUN_API_KEY") || strings.Contains(got, brkKey) {
		t.Errorf("note %q", got)
	}
	if got := overlookedAPIKey(session, t.TempDir()) + overlookedAPIKey(mustKey(t, aliceKey, FromEnv, ""), hd); got != "" {
		t.Errorf("note %q where there is nothing to tell", got)
	}
	h := Health{Auth: AuthWallet, Wallet: aliceAddress, Chain: "solana", Solana: solanaAddr}
	if got := paysElsewhere(h, mustKey(t, aliceKey, FromEnv, "")); !strings.Contains(got, solanaAddr) || !strings.Contains(got, aliceAddress) {
		t.Errorf("note %q", got)
	}
	h.Chain = "base"
	if got := paysElsewhere(h, mustKey(t, aliceKey, FromEnv, "")); got != "" {
		t.Errorf("note %q where there is nothing to tell", got)
	}
}

// What only the environment names is noted before the first start, once and without
// the key; files are found again anyway.
func TestTheWalletOfTheShellIsNoted(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, memoryName)
	inFile := WalletSearch{Home: home(t, map[string]string{sessionFile: bobKey})}
	for _, nothing := range []WalletSearch{inFile, {Home: dir}, {Home: dir, Env: []string{"BLOCKRUN_WALLET_KEY=nonsense"}}} {
		if err := NoteWallet(dir, nothing); err != nil {
			t.Error(err)
		}
	}
	if m, err := readMemory(path); err != nil || m != (memory{}) {
		t.Fatalf("noted %+v, %v", m, err)
	}
	for _, key := range []string{aliceKey, bobKey} { // the first one stays
		if err := NoteWallet(dir, WalletSearch{Home: inFile.Home, Env: []string{"BLOCKRUN_WALLET_KEY=" + key}}); err != nil {
			t.Error(err)
		}
	}
	text, err := os.ReadFile(path)
	if err != nil || !strings.Contains(string(text), aliceAddress) || strings.Contains(string(text), strings.TrimPrefix(aliceKey, "0x")) {
		t.Errorf("noted %s, %v", text, err)
	}
	m, err := readMemory(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := m.reconcile(Wallet{}); err == nil {
		t.Error("a start without the key would make a new wallet")
	}
}
