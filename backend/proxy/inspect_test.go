package proxy

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestExpectWallet(t *testing.T) {
	const key, address = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80", "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
	tests := []struct {
		name    string
		memory  string // what was remembered of the last start
		env     []string
		want    Expected // without its wallet
		address string
		kind    StartErrorKind
	}{
		{name: "nothing anywhere"},
		{name: "a key", env: []string{"BLOCKRUN_WALLET_KEY=" + key}, address: address},
		{
			name: "a wallet that is gone", memory: `{"kind":"evm","source":"session","place":"/gone","address":"` + address + `"}`,
			kind: WalletMissing,
		},
		{name: "a memory that cannot be read", memory: "{", kind: Internal},
		{name: "a malformed key", env: []string{"BLOCKRUN_WALLET_KEY=0x1"}, kind: WalletMalformed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			state := t.TempDir()
			if tt.memory != "" {
				if err := os.WriteFile(filepath.Join(state, memoryName), []byte(tt.memory), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			got, err := ExpectWallet(state, WalletSearch{Env: tt.env, Home: t.TempDir()})
			var start *StartError
			if errors.As(err, &start) != (tt.kind != "") || start != nil && start.Kind != tt.kind {
				t.Fatalf("error %v, want kind %q", err, tt.kind)
			}
			if tt.kind != "" {
				return
			}
			if got.Wallet.Address() != tt.address {
				t.Errorf("address %q, want %q", got.Wallet.Address(), tt.address)
			}
			got.Wallet = Wallet{}
			if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(Wallet{})); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestCompare(t *testing.T) {
	w := Wallet{kind: WalletEVM, source: FromSession, place: "/k", address: "0xAb"}
	if m := w.Compare(Health{Auth: AuthWallet, Wallet: "0xaB"}); m != nil {
		t.Errorf("the same wallet is told as another: %v", m)
	}
	want := &Mismatch{Ours: "0xAb", Place: "/k", Theirs: "0xCd"}
	if diff := cmp.Diff(want, w.Compare(Health{Auth: AuthWallet, Wallet: "0xCd"})); diff != "" {
		t.Error(diff)
	}
}

func TestCommandNeeds(t *testing.T) {
	tests := []struct {
		command   string
		node, npx bool
		bad       bool
	}{
		{"", true, true, false},
		{"npx -y @blockrun/clawrouter@1", true, true, false},
		{"/opt/bin/node server.js", true, false, false},
		{"clawrouter --verbose", false, false, false},
		{`"open`, false, false, true},
	}
	for _, tt := range tests {
		node, npx, err := CommandNeeds(tt.command, "linux")
		if node != tt.node || npx != tt.npx || (err != nil) != tt.bad {
			t.Errorf("%q: node %v, npx %v, error %v", tt.command, node, npx, err)
		}
	}
}
