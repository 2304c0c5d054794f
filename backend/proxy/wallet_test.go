package proxy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The first two accounts that every Ethereum test chain hands out: public, and
// empty on every real chain.
const (
	aliceKey   = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
	bobKey     = "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d"
	bobAddress = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
	brkKey     = "brk_live_abcdefghijklmnopqrstuvwxyz"
	brkMasked  = "brk_live_abcde…wxyz"
)

// RFC 8032's first test vector as Solana's tools store a key.
const (
	solanaKey = `[157,97,177,157,239,253,90,96,186,132,74,244,146,236,44,196,68,73,197,105,123,50,105,25,112,59,172,3,28,174,127,96,` +
		`215,90,152,1,130,177,10,183,213,75,254,211,201,100,7,58,14,225,114,243,218,166,35,37,175,2,26,104,247,7,81,26]`
	solanaAddr = "FVen3X669xLzsi6N2V91DoiyzHzg1uAgqiT8jZ9nS96Z"
)

func mustKey(t *testing.T, text string, source WalletSource, place string) Wallet {
	t.Helper()
	w, err := parseKey(text)
	if err != nil {
		t.Fatal(err)
	}
	w.source, w.place = source, place
	return w
}

func TestParseKey(t *testing.T) {
	digits := aliceKey[2:]
	for name, c := range map[string]struct {
		text    string
		kind    WalletKind
		address string
		secret  string
	}{
		"as ClawRouter wants it": {aliceKey, WalletEVM, aliceAddress, aliceKey},
		"second vector":          {bobKey, WalletEVM, bobAddress, bobKey},
		"without 0x":             {digits, WalletEVM, aliceAddress, aliceKey},
		"upper case":             {"0X" + strings.ToUpper(digits), WalletEVM, aliceAddress, aliceKey},
		"newline":                {aliceKey + "\r\n", WalletEVM, aliceAddress, aliceKey},
		"double quotes":          {` "` + aliceKey + `" ` + "\n", WalletEVM, aliceAddress, aliceKey},
		"quotes in quotes":       {`"'` + digits + `'"`, WalletEVM, aliceAddress, aliceKey},
		"byte-order mark":        {"\ufeff" + aliceKey, WalletEVM, aliceAddress, aliceKey},
		"API key":                {" " + brkKey + "\n", WalletAPIKey, brkMasked, brkKey},
		"short API key":          {"brk_12345678", WalletAPIKey, "brk_1234…", "brk_12345678"},
		"Solana":                 {solanaKey + "\n", WalletSolana, solanaAddr, ""},
		"smallest":               {strings.Repeat("0", 63) + "1", WalletEVM, "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf", "0x" + strings.Repeat("0", 63) + "1"},
	} {
		w, err := parseKey(c.text)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if w.Kind() != c.kind || w.Address() != c.address || c.secret != "" && w.secret() != c.secret {
			t.Errorf("%s: got %s %s", name, w.Kind(), w.Address())
		}
	}
}

func TestParseKeyRefuses(t *testing.T) {
	order := "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141"
	for text, why := range map[string]string{
		"":                             "empty",
		` "" `:                         "empty",
		aliceKey[:65]:                  "63 characters",
		aliceKey + "0":                 "65 characters",
		"0x" + strings.Repeat("g", 64): "other than the hex digits",
		strings.Repeat("0", 64):        "outside the curve's order",
		order:                          "outside the curve's order",
		strings.Repeat("f", 64):        "outside the curve's order",
		aliceAddress:                   "is an address",
		"brk_short":                    "cut short",
		"[1,2,3]":                      "64 numbers",
		strings.Replace(solanaKey, "157", "999", 1): "outside 0-255",
		strings.Repeat("word ", 12):                 "recovery words",
		"hunter2":                                   "7 characters",
	} {
		_, err := parseKey(text)
		if err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("parseKey(%.12q…): error %v, want one that says %q", text, err, why)
		}
		if err != nil && len(text) > 8 && strings.Contains(err.Error(), strings.TrimSpace(text)) {
			t.Errorf("the error repeats the key: %v", err)
		}
	}
	below := order[:63] + "0"
	if _, err := parseKey(below); err != nil {
		t.Errorf("n-1 is a valid key: %v", err)
	}
}

// home writes files below a fresh home folder.
func home(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestFindWalletOrder(t *testing.T) {
	// Each case has all that the cases after it have.
	files := map[string]string{
		"key.txt": digitsOf(bobKey) + "\n", sessionFile: aliceKey + "\n", coreAPIKeyFile: brkKey,
		legacyAPIKey: "brk_legacy_0123456789", legacyKeyFile: bobKey + "\n", solanaFile: solanaKey,
	}
	env := []string{"BLOCKRUN_WALLET_KEY='" + aliceKey + "'", "BLOCKRUN_API_KEY=" + brkKey}
	keyFile := true
	for _, c := range []struct {
		source  WalletSource
		address string
		without func()
	}{
		{FromEnv, aliceAddress, func() { env = env[1:] }},
		{FromKeyFile, bobAddress, func() { keyFile = false }},
		{FromAPIKeyEnv, brkMasked, func() { env = nil }},
		{FromSession, aliceAddress, func() { delete(files, sessionFile) }},
		{FromClawRouter, brkMasked, func() { delete(files, coreAPIKeyFile) }},
		{FromClawRouter, "brk_legacy_012…6789", func() { delete(files, legacyAPIKey) }},
		{FromClawRouter, bobAddress, func() { delete(files, legacyKeyFile) }},
		{FromClawRouter, solanaAddr, func() { delete(files, solanaFile) }},
		{FromNowhere, "", func() {}},
	} {
		s := WalletSearch{Env: env, Home: home(t, files)}
		if keyFile {
			s.KeyFile = filepath.Join(s.Home, "key.txt")
		}
		w, err := FindWallet(s)
		if err != nil || w.Source() != c.source || w.Address() != c.address {
			t.Errorf("found %s %q (%s), %v; want %s %q", w.Source(), w.Address(), w.Place(), err, c.source, c.address)
		}
		c.without()
	}
}

func digitsOf(key string) string { return strings.TrimPrefix(key, "0x") }

func TestFindWalletDoesNotFallThrough(t *testing.T) {
	good := map[string]string{sessionFile: aliceKey, legacyKeyFile: bobKey}
	with := func(name, text string) map[string]string {
		m := map[string]string{legacyKeyFile: bobKey, name: text}
		return m
	}
	short := aliceKey[:60]
	for name, c := range map[string]struct {
		env     []string
		keyFile string
		files   map[string]string
		kind    StartErrorKind
		place   string
	}{
		"malformed in the environment": {env: []string{"BLOCKRUN_WALLET_KEY=" + short}, files: good, kind: WalletMalformed, place: "BLOCKRUN_WALLET_KEY"},
		"Solana in the environment":    {env: []string{"BLOCKRUN_WALLET_KEY=" + solanaKey}, files: good, kind: WalletMalformed, place: "BLOCKRUN_WALLET_KEY"},
		"wallet key as API key":        {env: []string{"BLOCKRUN_API_KEY=" + aliceKey}, files: good, kind: WalletMalformed, place: "BLOCKRUN_API_KEY"},
		"file is gone":                 {keyFile: "nowhere", files: good, kind: WalletUnread, place: "nowhere"},
		"file is a folder":             {keyFile: ".blockrun", files: good, kind: WalletUnread, place: ".blockrun"},
		"file is malformed":            {keyFile: "k", files: with("k", short), kind: WalletMalformed, place: "k"},
		"file is far too large":        {keyFile: "k", files: with("k", strings.Repeat("a", 1<<20)), kind: WalletUnread, place: "k"},
		"malformed session":            {files: with(sessionFile, short), kind: WalletMalformed, place: sessionFile},
		"empty session":                {files: with(sessionFile, ""), kind: WalletMalformed, place: sessionFile},
		"malformed wallet.key":         {files: map[string]string{legacyKeyFile: short}, kind: WalletMalformed, place: legacyKeyFile},
	} {
		s := WalletSearch{Env: c.env, Home: home(t, c.files)}
		if c.keyFile != "" {
			s.KeyFile = filepath.Join(s.Home, c.keyFile)
		}
		w, err := FindWallet(s)
		var se *StartError
		if !errors.As(err, &se) || se.Kind != c.kind || !strings.Contains(se.Message, c.place) || se.Mend == "" {
			t.Errorf("%s: found %v, error %v; want kind %s naming %s", name, w, err, c.kind, c.place)
			continue
		}
		if strings.Contains(err.Error(), short[2:]) {
			t.Errorf("%s: the error repeats the key: %v", name, err)
		}
	}
}

// A malformed API key file is passed over, as ClawRouter does.
func TestFindWalletPassesOverABadAPIKeyFile(t *testing.T) {
	w, err := FindWallet(WalletSearch{Home: home(t, map[string]string{coreAPIKeyFile: "sk-other", legacyKeyFile: bobKey})})
	if err != nil || w.Address() != bobAddress {
		t.Errorf("found %v, %v", w, err)
	}
}

func TestWalletNeverShowsItsKey(t *testing.T) {
	for _, text := range []string{aliceKey, brkKey, solanaKey} {
		w := mustKey(t, text, FromEnv, "BLOCKRUN_WALLET_KEY")
		type holder struct {
			Public  Wallet
			private Wallet
			Ptr     *Wallet
		}
		h := holder{w, w, &w}
		var log bytes.Buffer
		for _, l := range []*slog.Logger{slog.New(slog.NewTextHandler(&log, nil)), slog.New(slog.NewJSONHandler(&log, nil))} {
			l.Info("x", "w", w, "p", &w, "h", h, "any", slog.AnyValue(w))
		}
		out := log.String()
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T"} {
			out += fmt.Sprintf(verb+"\n", w) + fmt.Sprintf(verb+"\n", &w) + fmt.Sprintf(verb+"\n", h) + fmt.Sprintf(verb+"\n", []any{w, h})
		}
		for _, v := range []any{w, &w, h, map[string]any{"w": w}} {
			b, err := json.Marshal(v)
			if err != nil {
				t.Fatal(err)
			}
			out += string(b)
		}
		out += fmt.Sprint(fmt.Errorf("failed: %v", w), cmp.Diff(fmt.Sprint(w), ""))
		for _, form := range []string{w.secret(), strings.TrimPrefix(w.secret(), "0x"), fmt.Sprintf("%x", w.secret())} {
			if strings.Contains(strings.ToLower(out), strings.ToLower(form)) {
				t.Errorf("%s shows its key", w.Kind())
			}
		}
		if !strings.Contains(out, w.Address()) {
			t.Errorf("%s does not show its address", w.Kind())
		}
	}
}

func TestSamePayer(t *testing.T) {
	alice := mustKey(t, aliceKey, FromEnv, "")
	api := mustKey(t, brkKey, FromAPIKeyEnv, "")
	sol := mustKey(t, solanaKey, FromClawRouter, "")
	for name, c := range map[string]struct {
		w    Wallet
		h    Health
		want bool
	}{
		"same":                  {alice, Health{Auth: AuthWallet, Wallet: aliceAddress}, true},
		"other spelling":        {alice, Health{Auth: AuthWallet, Wallet: strings.ToLower(aliceAddress)}, true},
		"other wallet":          {alice, Health{Auth: AuthWallet, Wallet: bobAddress}, false},
		"pays by API key":       {alice, Health{Auth: AuthAPIKey, APIKey: brkMasked}, false},
		"same API key":          {api, Health{Auth: AuthAPIKey, APIKey: brkMasked}, true},
		"masked shorter":        {api, Health{Auth: AuthAPIKey, APIKey: "brk_live_…"}, true},
		"other API key":         {api, Health{Auth: AuthAPIKey, APIKey: "brk_live_zzzzz…wxyz"}, false},
		"other end":             {api, Health{Auth: AuthAPIKey, APIKey: "brk_live_abcde…0000"}, false},
		"too old for API keys":  {api, Health{Auth: AuthWallet, Wallet: bobAddress}, false},
		"same Solana":           {sol, Health{Auth: AuthWallet, Wallet: bobAddress, Solana: solanaAddr}, true},
		"other Solana":          {sol, Health{Auth: AuthWallet, Wallet: bobAddress, Solana: "x"}, false},
		"nothing to compare to": {Wallet{}, Health{Auth: AuthWallet, Wallet: bobAddress}, true},
	} {
		if got := c.w.samePayer(c.h); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
