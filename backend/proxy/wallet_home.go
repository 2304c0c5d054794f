package proxy

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Isolation is the user's wish for a HOME of ClawRouter's own (ISOLATE_HOME).
type Isolation string

const (
	IsolateAuto Isolation = "" // as homeRules say
	IsolateOn   Isolation = "on"
	IsolateOff  Isolation = "off"
)

// Home is the HOME that ClawRouter will see.
type Home struct {
	Path     string
	Isolated bool
	Why      string // one sentence
}

// era is a range of ClawRouter's releases that look for keys alike.
type era string

const (
	eraUnknown era = "unknown"         // @latest before its first start
	eraFiles   era = "before API keys" // < 0.12.268: wallet.key in HOME wins over the environment
	eraAPIKeys era = "with API keys"   // >= 0.12.268: an API key file wins over every wallet
)

// apiKeysSince is the first release that knows API keys.
var apiKeysSince = [3]int{0, 12, 268}

// need says when a HOME of its own is needed.
type need string

const (
	needNever    need = "never"
	needAlways   need = "always"
	needShadowed need = "when a file would win over the key"
)

// homeRule is one line of the table source × era.
type homeRule struct {
	source WalletSource
	era    era
	need   need
	// shadows are the files below HOME that this era prefers to the key in its
	// environment.
	shadows []string
	why     string
}

var (
	fileShadows = []string{legacyKeyFile}
	// Which release from 0.12.266 on stopped preferring wallet.key is not
	// certain, so it stays a shadow: a HOME of its own does no harm.
	apiKeyShadows = []string{legacyKeyFile, coreAPIKeyFile, legacyAPIKey}
)

// homeRules is read top down. Its base is what the Node tool did (a found
// .session isolates); to that comes the promise in its documents that
// BLOCKRUN_WALLET_KEY overrides discovery, which older ClawRouters break when
// HOME holds a wallet.key, and newer ones when it holds an API key.
var homeRules = []homeRule{
	{FromSession, eraFiles, needAlways, nil, "a key from ~/.blockrun/.session is kept apart from ClawRouter's older files"},
	{FromSession, eraAPIKeys, needAlways, nil, "a key from ~/.blockrun/.session is kept apart from API keys in the home folder"},
	{FromSession, eraUnknown, needAlways, nil, "a key from ~/.blockrun/.session is kept apart from other keys in the home folder"},

	{FromEnv, eraFiles, needShadowed, fileShadows, "BLOCKRUN_WALLET_KEY overrides %s"},
	{FromEnv, eraAPIKeys, needShadowed, apiKeyShadows, "BLOCKRUN_WALLET_KEY overrides %s"},
	{FromEnv, eraUnknown, needShadowed, apiKeyShadows, "BLOCKRUN_WALLET_KEY overrides %s"},

	{FromKeyFile, eraFiles, needShadowed, fileShadows, "WALLET_KEY_FILE overrides %s"},
	{FromKeyFile, eraAPIKeys, needShadowed, apiKeyShadows, "WALLET_KEY_FILE overrides %s"},
	{FromKeyFile, eraUnknown, needShadowed, apiKeyShadows, "WALLET_KEY_FILE overrides %s"},

	// An API key in the environment wins where API keys are known at all.
	{FromAPIKeyEnv, eraFiles, needNever, nil, "this ClawRouter does not know API keys"},
	{FromAPIKeyEnv, eraAPIKeys, needNever, nil, "BLOCKRUN_API_KEY wins over what lies in the home folder"},
	{FromAPIKeyEnv, eraUnknown, needNever, nil, "BLOCKRUN_API_KEY wins over what lies in the home folder"},

	// What ClawRouter finds itself it can only find in the user's own HOME.
	{FromClawRouter, eraFiles, needNever, nil, "ClawRouter finds its key in the home folder"},
	{FromClawRouter, eraAPIKeys, needNever, nil, "ClawRouter finds its key in the home folder"},
	{FromClawRouter, eraUnknown, needNever, nil, "ClawRouter finds its key in the home folder"},

	{FromNowhere, eraFiles, needNever, nil, "ClawRouter makes a wallet in the home folder"},
	{FromNowhere, eraAPIKeys, needNever, nil, "ClawRouter makes a wallet in the home folder"},
	{FromNowhere, eraUnknown, needNever, nil, "ClawRouter makes a wallet in the home folder"},
}

func ruleFor(source WalletSource, e era) homeRule {
	for _, r := range homeRules {
		if r.source == source && r.era == e {
			return r
		}
	}
	return homeRule{source, e, needAlways, nil, "the key's source is not known"}
}

// chooseHome applies the table. own is the folder for an isolated HOME; nothing
// is created.
func chooseHome(w Wallet, version string, wish Isolation, home, own string) Home {
	e := eraOf(version)
	rule := ruleFor(w.Source(), e)
	shadow := firstShadow(rule.shadows, home, w)
	var why string
	switch {
	case wish == IsolateOff:
		return Home{home, false, "ISOLATE_HOME is off"}
	case w.Kind() == WalletSolana:
		return Home{home, false, "ClawRouter reads a Solana key from the home folder only"}
	case wish == IsolateOn:
		why = "ISOLATE_HOME is on"
	case rule.need == needAlways:
		why = rule.why
	case rule.need == needShadowed && shadow != "":
		why = fmt.Sprintf(rule.why, shadow)
	case rule.need == needShadowed:
		return Home{home, false, "nothing in the home folder wins over the key"}
	default:
		return Home{home, false, rule.why}
	}
	if w.key != nil && firstShadow(apiKeyShadows, own, w) != "" {
		// An earlier start without a key left a wallet in there.
		own = filepath.Join(own, "by-wallet", folderName(w.address))
	}
	return Home{own, true, why}
}

// firstShadow names the first file that holds another key than w's.
func firstShadow(names []string, home string, w Wallet) string {
	for _, name := range names {
		path := filepath.Join(home, name)
		text, err := readKeyFile(path)
		if err != nil {
			if _, err := os.Lstat(path); err == nil {
				return path // it is there, and ClawRouter may be able to read it
			}
			continue
		}
		if other, err := parseKey(text); err != nil || other.secret() != w.secret() {
			return path
		}
	}
	return ""
}

func folderName(address string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return '_'
	}, address)
}

func eraOf(version string) era {
	v, ok := parseVersion(version)
	switch {
	case !ok:
		return eraUnknown
	case versionLess(v, apiKeysSince):
		return eraFiles
	default:
		return eraAPIKeys
	}
}

// parseVersion reads the numbers of "v0.12.246" or "0.12.246-beta.1".
func parseVersion(s string) (v [3]int, ok bool) {
	s, _, _ = strings.Cut(strings.TrimPrefix(strings.TrimSpace(s), "v"), "-")
	parts := strings.Split(s, ".")
	if len(parts) != 3 {
		return v, false
	}
	for i, p := range parts {
		n, err := strconv.Atoi(p)
		if err != nil || n < 0 {
			return v, false
		}
		v[i] = n
	}
	return v, true
}

func versionLess(a, b [3]int) bool {
	for i := range a {
		if a[i] != b[i] {
			return a[i] < b[i]
		}
	}
	return false
}
