package clawsim

import (
	"encoding/hex"
	"io"
	"math/big"
	"strings"

	"github.com/decred/dcrd/dcrec/secp256k1/v4"
	"golang.org/x/crypto/sha3"
)

// TestWalletKey is a key that everybody knows (the first account of the common
// development mnemonic): demos use it, and no money may ever be sent to it.
const TestWalletKey = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"

// TestWalletAddress belongs to TestWalletKey.
const TestWalletAddress = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"

// Address derives the EIP-55 address of a key written exactly as ClawRouter
// wants it, "0x" and 64 hex digits. ok is false for any other spelling and for
// numbers that are no key (0, or not below the order of the curve).
func Address(key string) (address string, ok bool) {
	if len(key) != 66 || !strings.HasPrefix(key, "0x") {
		return "", false
	}
	raw, err := hex.DecodeString(key[2:])
	if err != nil {
		return "", false
	}
	var scalar secp256k1.ModNScalar
	if overflow := scalar.SetByteSlice(raw); overflow || scalar.IsZero() {
		return "", false
	}
	pub := secp256k1.NewPrivateKey(&scalar).PubKey().SerializeUncompressed()
	return checksum(keccak(pub[1:])[12:]), true
}

func keccak(b []byte) []byte {
	h := sha3.NewLegacyKeccak256()
	h.Write(b)
	return h.Sum(nil)
}

// checksum writes an address in mixed case, as EIP-55 defines it.
func checksum(address []byte) string {
	digits := []byte(hex.EncodeToString(address))
	hash := keccak(digits)
	for i, c := range digits {
		nibble := hash[i/2] >> 4
		if i%2 == 1 {
			nibble = hash[i/2] & 15
		}
		if c >= 'a' && nibble >= 8 {
			digits[i] = c - 32
		}
	}
	return "0x" + string(digits)
}

// generateKey makes the new wallet that ClawRouter makes when it has no key, or
// one whose spelling it does not accept.
func generateKey(random io.Reader) (string, error) {
	raw := make([]byte, 32)
	for {
		if _, err := io.ReadFull(random, raw); err != nil {
			return "", err
		}
		key := "0x" + hex.EncodeToString(raw)
		if _, ok := Address(key); ok {
			return key, nil
		}
	}
}

const base58Digits = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"

// solanaAddress makes an address of the right shape out of a key. It is a
// stand-in: 32 bytes in base58, not a point of ed25519.
func solanaAddress(key string) string {
	n := new(big.Int).SetBytes(keccak([]byte("solana " + key)))
	base, mod := big.NewInt(58), new(big.Int)
	var out []byte
	for n.Sign() > 0 {
		n.DivMod(n, base, mod)
		out = append(out, base58Digits[mod.Int64()])
	}
	for i, j := 0, len(out)-1; i < j; i, j = i+1, j-1 {
		out[i], out[j] = out[j], out[i]
	}
	return string(out)
}
