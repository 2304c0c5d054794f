package proxy

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// passedNames are the variables that a child gets from our environment. It is
// an allow-list: the child is a package fetched from the internet, and the
// user's shell may hold keys of every service they use.
var passedNames = []string{
	"PATH", "HOME", "USER", "LOGNAME", "SHELL", "TERM", "LANG", "LANGUAGE", "TZ", "TMPDIR", "TEMP", "TMP",
	"XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR",
	"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "no_proxy", "all_proxy",
	"SSL_CERT_FILE", "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS", "NODE_OPTIONS", "NODE_USE_SYSTEM_CA", "NODE_PATH",
	"VOLTA_HOME", "PROTO_HOME", "NODENV_ROOT", "NODENV_VERSION", "N_PREFIX", "BUN_INSTALL", "PNPM_HOME",
	// Windows needs these to run any program at all.
	"SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT", "USERPROFILE", "USERNAME", "HOMEDRIVE", "HOMEPATH",
	"APPDATA", "LOCALAPPDATA", "PROGRAMDATA", "PROGRAMFILES", "PROGRAMFILES(X86)", "PROGRAMW6432",
	"NUMBER_OF_PROCESSORS", "PROCESSOR_ARCHITECTURE", "OS",
	// ClawRouter's own, none of them secret.
	"CLAWROUTER_PAYMENT_CHAIN", "CLAWROUTER_SOLANA_RPC_URL", "CLAWROUTER_DEBUG_HEADERS", "CLAWROUTER_CLIENT",
	"CLAWROUTER_DESKTOP_TOKEN_FILE", "BLOCKRUN_RESPONSE_STORE", "BLOCKRUN_UPSTREAM_PROXY", "BLOCKRUN_API_BASE_URL",
	"BLOCKRUN_MODEL_CATALOG_URL",
}

// passedPrefixes are families of variables of the locale, npm and the version
// managers. npm's may hold a token of a private registry, which npm needs.
var passedPrefixes = []string{"LC_", "NPM_CONFIG_", "NVM_", "FNM_", "MISE_", "ASDF_"}

// childSpec is all that decides a child's environment.
type childSpec struct {
	Env      []string // ours, as os.Environ gives it
	Pass     []string // names that the user wants passed besides
	Wallet   Wallet
	RealHome string
	Home     Home
	BinDirs  []string // folders of node and npx, put in front of PATH
	Port     int
	Mark     string // identifies this run's processes
	Windows  bool
}

// markName carries childSpec.Mark to every descendant, so that a leftover can
// be told from a stranger with a recycled pid.
const markName = "CLAWROUTER_CODEX_RUN"

// childEnv builds the whole environment of a child. A key appears in it once,
// under the name that ClawRouter reads, and in no argument.
func childEnv(s childSpec) []string {
	env := make(map[string]string)
	for name, value := range envMap(s.Env) {
		if passed(name, s.Pass, s.Windows) {
			env[name] = value
		}
	}
	set := func(name, value string) {
		for have := range env {
			if sameName(have, name, s.Windows) {
				delete(env, have)
			}
		}
		env[name] = value
	}
	path := lookup(env, "PATH", s.Windows)
	set("PATH", prependPath(s.BinDirs, path, s.Windows))
	set("HOME", s.Home.Path)
	if s.Windows {
		set("USERPROFILE", s.Home.Path)
	}
	if s.Home.Isolated {
		keepToolsWorking(env, s)
	}
	// Read by those ClawRouters, and wrappers of it, that ignore --port.
	set("BLOCKRUN_PROXY_PORT", strconv.Itoa(s.Port))
	set(markName, s.Mark)
	tuneNpm(env)
	if name := keyName(s.Wallet, s.Home); name != "" {
		set(name, s.Wallet.secret())
	}
	out := make([]string, 0, len(env))
	for k, v := range env {
		out = append(out, k+"="+v)
	}
	slices.Sort(out)
	return out
}

// keyName is the variable by which the child gets the key; "" where ClawRouter
// reads its file itself.
func keyName(w Wallet, h Home) string {
	if w.source == FromClawRouter && !h.Isolated {
		return ""
	}
	switch w.Kind() {
	case WalletEVM:
		return "BLOCKRUN_WALLET_KEY"
	case WalletAPIKey:
		return "BLOCKRUN_API_KEY"
	default:
		return ""
	}
}

func passed(name string, more []string, windows bool) bool {
	same := func(n string) bool { return sameName(n, name, windows) }
	if slices.ContainsFunc(passedNames, same) || slices.ContainsFunc(more, same) {
		return true
	}
	upper := strings.ToUpper(name) // npm reads its own in any case
	return slices.ContainsFunc(passedPrefixes, func(p string) bool { return strings.HasPrefix(upper, p) })
}

func sameName(a, b string, windows bool) bool {
	return a == b || windows && strings.EqualFold(a, b)
}

func lookup(env map[string]string, name string, windows bool) string {
	for k, v := range env {
		if sameName(k, name, windows) {
			return v
		}
	}
	return ""
}

func prependPath(dirs []string, path string, windows bool) string {
	sep := ":"
	if windows {
		sep = ";"
	}
	var parts []string
	for _, d := range append(slices.Clone(dirs), strings.Split(path, sep)...) {
		if d != "" && !slices.Contains(parts, d) {
			parts = append(parts, d)
		}
	}
	return strings.Join(parts, sep)
}

// toolHomes are the folders that npm and the version managers otherwise look
// for below HOME. What the user set wins.
var toolHomes = []struct{ name, below string }{
	{"npm_config_cache", ".npm"},
	{"npm_config_userconfig", ".npmrc"},
	{"NVM_DIR", ".nvm"},
	{"FNM_DIR", filepath.Join(".local", "share", "fnm")},
	{"VOLTA_HOME", ".volta"},
	{"ASDF_DATA_DIR", ".asdf"},
	{"ASDF_CONFIG_FILE", ".asdfrc"},
	{"MISE_DATA_DIR", filepath.Join(".local", "share", "mise")},
	{"MISE_CONFIG_DIR", filepath.Join(".config", "mise")},
	{"NODENV_ROOT", ".nodenv"},
	{"PROTO_HOME", ".proto"},
}

func keepToolsWorking(env map[string]string, s childSpec) {
	for _, t := range toolHomes {
		if s.Windows && t.name == "npm_config_cache" {
			continue // below LOCALAPPDATA there, which stays
		}
		path := filepath.Join(s.RealHome, t.below)
		npm := strings.HasPrefix(t.name, "npm_")
		// npm's are set even where nothing lies yet, or it would fill a second
		// cache; a manager that is not installed must not be announced.
		if _, err := os.Stat(path); err != nil && !npm {
			continue
		}
		if !hasFold(env, t.name) {
			env[t.name] = path
		}
	}
}

func hasFold(env map[string]string, name string) bool {
	for have := range env {
		if strings.EqualFold(have, name) {
			return true
		}
	}
	return false
}

// npmSettings make npx say what it fetches, which is the only progress there
// is, leave out what concerns npm itself, and give up on a dead network after
// seconds, where its defaults take more than a minute.
var npmSettings = map[string]string{
	"npm_config_loglevel":               "http",
	"npm_config_update_notifier":        "false",
	"npm_config_fund":                   "false",
	"npm_config_audit":                  "false",
	"npm_config_fetch_retry_mintimeout": "1000",
	"npm_config_fetch_retry_maxtimeout": "5000",
}

func tuneNpm(env map[string]string) {
	for name, value := range npmSettings {
		if !hasFold(env, name) {
			env[name] = value
		}
	}
}
