package proxy

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
)

// WalletKind is what pays.
type WalletKind string

const (
	WalletNone   WalletKind = "none"    // nothing was found; ClawRouter will make a wallet
	WalletEVM    WalletKind = "evm"     // a secp256k1 key; pays USDC on Base
	WalletSolana WalletKind = "solana"  // an ed25519 key; pays USDC on Solana
	WalletAPIKey WalletKind = "api-key" // brk_…; pays from the credit of a BlockRun account
)

// WalletSource is where a key was found.
type WalletSource string

const (
	FromEnv        WalletSource = "BLOCKRUN_WALLET_KEY"
	FromKeyFile    WalletSource = "WALLET_KEY_FILE"
	FromAPIKeyEnv  WalletSource = "BLOCKRUN_API_KEY"
	FromSession    WalletSource = "session"    // ~/.blockrun/.session
	FromClawRouter WalletSource = "clawrouter" // what ClawRouter finds itself
	FromNowhere    WalletSource = "none"
)

// Wallet is a key together with its public face. The zero value is no wallet.
// However it is printed, encoded or logged, the key does not show; it leaves
// only through childEnv.
type Wallet struct {
	kind    WalletKind
	source  WalletSource
	place   string // the file it was read from, or the variable's name
	address string
	key     func() string
}

// sealed hides a text in a function: fmt prints the unexported fields of a
// struct around a Wallet without asking Wallet's methods, and on a wrong verb it
// follows even nested pointers.
func sealed(text string) func() string { return func() string { return text } }

// Kind is WalletNone for the zero value.
func (w Wallet) Kind() WalletKind {
	if w.kind == "" {
		return WalletNone
	}
	return w.kind
}

// Source is FromNowhere for the zero value.
func (w Wallet) Source() WalletSource {
	if w.source == "" {
		return FromNowhere
	}
	return w.source
}

// Place is the file or variable that the key came from.
func (w Wallet) Place() string { return w.place }

// Address is public: an EIP-55 address, a base58 Solana address, or an API key
// masked as ClawRouter masks it.
func (w Wallet) Address() string { return w.address }

// String names the wallet without its key.
func (w Wallet) String() string {
	switch w.Kind() {
	case WalletEVM:
		return "wallet " + w.address + " from " + w.place
	case WalletSolana:
		return "Solana wallet " + w.address + " from " + w.place
	case WalletAPIKey:
		return "API key " + w.address + " from " + w.place
	default:
		return "no wallet"
	}
}

// GoString, Format, MarshalJSON, MarshalText and LogValue close the ways by
// which a value is printed without String.
func (w Wallet) GoString() string { return "proxy.Wallet(" + w.String() + ")" }

func (w Wallet) Format(f fmt.State, verb rune) {
	if verb == 'v' && f.Flag('#') {
		fmt.Fprint(f, w.GoString())
		return
	}
	fmt.Fprint(f, w.String())
}

type walletJSON struct {
	Kind    WalletKind   `json:"kind"`
	Source  WalletSource `json:"source"`
	Place   string       `json:"place,omitempty"`
	Address string       `json:"address,omitempty"`
}

func (w Wallet) MarshalJSON() ([]byte, error) {
	return json.Marshal(walletJSON{w.Kind(), w.Source(), w.place, w.address})
}

func (w Wallet) MarshalText() ([]byte, error) { return []byte(w.String()), nil }

func (w Wallet) LogValue() slog.Value { return slog.StringValue(w.String()) }

// secret is the key as ClawRouter wants it, for childEnv and the redactor.
func (w Wallet) secret() string {
	if w.key == nil {
		return ""
	}
	return w.key()
}

// explicit says that the user named this key, rather than that it was found.
func (w Wallet) explicit() bool {
	return w.source == FromEnv || w.source == FromKeyFile || w.source == FromAPIKeyEnv
}

// samePayer reports whether a running ClawRouter pays from w. With nothing to
// compare it is true.
func (w Wallet) samePayer(h Health) bool {
	switch w.Kind() {
	case WalletEVM:
		return h.Auth == AuthWallet && strings.EqualFold(w.address, h.Wallet)
	case WalletSolana:
		return h.Auth == AuthWallet && (h.Solana == "" || h.Solana == w.address)
	case WalletAPIKey:
		return h.Auth == AuthAPIKey && sameMask(w.address, h.APIKey)
	default:
		return true
	}
}

// sameMask compares two masked keys: what stands before the ellipsis of either
// must begin the other.
func sameMask(a, b string) bool {
	headA, tailA, _ := strings.Cut(a, "…")
	headB, tailB, _ := strings.Cut(b, "…")
	if b == "" {
		return true
	}
	heads := strings.HasPrefix(headA, headB) || strings.HasPrefix(headB, headA)
	tails := strings.HasSuffix(tailA, tailB) || strings.HasSuffix(tailB, tailA)
	return heads && tails
}
