package proxy

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"regexp"
	"strings"

	"github.com/decred/dcrd/dcrec/secp256k1/v4"
	"golang.org/x/crypto/sha3"
)

var apiKeyShape = regexp.MustCompile(`^brk_[A-Za-z0-9_-]{8,}$`)

// parseKey reads a key as people store it: with spaces, a newline, quotes, a
// byte-order mark, with or without 0x, in any case. A malformed EVM key must
// never reach ClawRouter, which ignores it and silently makes a new, empty
// wallet. The error says what is wrong and never repeats the text.
func parseKey(text string) (Wallet, error) {
	s := unwrapKey(text)
	switch {
	case s == "":
		return Wallet{}, errors.New("is empty")
	case apiKeyShape.MatchString(s):
		return Wallet{kind: WalletAPIKey, address: maskAPIKey(s), key: sealed(s)}, nil
	case strings.HasPrefix(s, "brk_"):
		return Wallet{}, errors.New("begins like a BlockRun API key (brk_…) but is cut short or holds other characters")
	case strings.HasPrefix(s, "["):
		return parseSolanaArray(s)
	case len(strings.Fields(s)) >= 12:
		return Wallet{}, errors.New("holds recovery words, not a key: import them into a wallet and take the private key from there")
	}
	return parseEVM(s)
}

func unwrapKey(s string) string {
	for {
		t := strings.Trim(s, " \t\r\n\x00\ufeff\u00a0")
		if len(t) >= 2 && t[0] == t[len(t)-1] && strings.ContainsRune("\"'`", rune(t[0])) {
			t = t[1 : len(t)-1]
		}
		if t == s {
			return t
		}
		s = t
	}
}

func parseEVM(s string) (Wallet, error) {
	digits := strings.TrimPrefix(strings.TrimPrefix(s, "0x"), "0X")
	raw, err := hex.DecodeString(digits)
	switch {
	case err == nil && len(raw) == 20:
		return Wallet{}, errors.New("is an address, not a key: 40 hex digits, where a private key has 64")
	case len(digits) != 64:
		return Wallet{}, fmt.Errorf("is not a private key: %d characters, where 64 hex digits (with or without 0x) are needed", len(digits))
	case err != nil:
		return Wallet{}, errors.New("is not a private key: it holds characters other than the hex digits 0-9 and a-f")
	}
	var k secp256k1.ModNScalar
	if overflow := k.SetByteSlice(raw); overflow || k.IsZero() {
		return Wallet{}, errors.New("is not a private key: its value is outside the curve's order")
	}
	return Wallet{
		kind:    WalletEVM,
		address: evmAddressOf(secp256k1.NewPrivateKey(&k).PubKey()),
		key:     sealed("0x" + strings.ToLower(digits)),
	}, nil
}

// evmAddressOf is the last 20 bytes of the key's keccak256, in EIP-55 spelling.
func evmAddressOf(pub *secp256k1.PublicKey) string {
	sum := keccak(pub.SerializeUncompressed()[1:])
	digits := []byte(hex.EncodeToString(sum[12:]))
	check := hex.EncodeToString(keccak(digits))
	for i, c := range digits {
		if c > '9' && check[i] >= '8' {
			digits[i] = c - 'a' + 'A'
		}
	}
	return "0x" + string(digits)
}

func keccak(b []byte) []byte {
	h := sha3.NewLegacyKeccak256()
	h.Write(b)
	return h.Sum(nil)
}

// parseSolanaArray reads the Solana tools' format: a JSON array of 64 bytes,
// seed and public key.
func parseSolanaArray(s string) (Wallet, error) {
	var wide []int // []byte would be read as base64
	if err := json.Unmarshal([]byte(s), &wide); err != nil || len(wide) != 64 {
		return Wallet{}, errors.New("is not a Solana key: a JSON array of 64 numbers is needed")
	}
	nums := make([]byte, 0, 64)
	for _, n := range wide {
		if n < 0 || n > 255 {
			return Wallet{}, errors.New("is not a Solana key: a number is outside 0-255")
		}
		nums = append(nums, byte(n))
	}
	return Wallet{kind: WalletSolana, address: base58(nums[32:]), key: sealed(base58(nums))}, nil
}

func base58(b []byte) string {
	const alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
	n, radix, digit := new(big.Int).SetBytes(b), big.NewInt(58), new(big.Int)
	var out []byte
	for n.Sign() > 0 {
		n.DivMod(n, radix, digit)
		out = append(out, alphabet[digit.Int64()])
	}
	for i := 0; i < len(b) && b[i] == 0; i++ {
		out = append(out, alphabet[0])
	}
	for i, j := 0, len(out)-1; i < j; i, j = i+1, j-1 {
		out[i], out[j] = out[j], out[i]
	}
	return string(out)
}

// maskAPIKey shows what BlockRun's portal labels a key with, and no more.
func maskAPIKey(key string) string {
	if len(key) <= 18 {
		return key[:8] + "…"
	}
	return key[:14] + "…" + key[len(key)-4:]
}
