package proxy

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestHomeRulesCoverTheTable(t *testing.T) {
	for _, source := range []WalletSource{FromEnv, FromKeyFile, FromAPIKeyEnv, FromSession, FromClawRouter, FromNowhere} {
		for _, e := range []era{eraUnknown, eraFiles, eraAPIKeys} {
			n := 0
			for _, r := range homeRules {
				if r.source == source && r.era == e {
					n++
				}
			}
			if n != 1 {
				t.Errorf("%s × %s has %d rules, want one", source, e, n)
			}
		}
	}
}

func TestEra(t *testing.T) {
	for v, want := range map[string]era{
		"": eraUnknown, "latest": eraUnknown, "0.12": eraUnknown, "0.12.x": eraUnknown,
		"0.12.246": eraFiles, "v0.12.267": eraFiles, "0.9.300": eraFiles,
		"0.12.268": eraAPIKeys, "v0.12.268-beta.1": eraAPIKeys, "0.13.0": eraAPIKeys, "1.0.0": eraAPIKeys,
	} {
		if got := eraOf(v); got != want {
			t.Errorf("eraOf(%q) = %q, want %q", v, got, want)
		}
	}
}

func TestChooseHome(t *testing.T) {
	alice := func(s WalletSource) Wallet { return mustKey(t, aliceKey, s, string(s)) }
	other := map[string]string{legacyKeyFile: bobKey}
	same := map[string]string{legacyKeyFile: digitsOf(aliceKey) + "\n"}
	apiKey := map[string]string{coreAPIKeyFile: brkKey}
	for name, c := range map[string]struct {
		w       Wallet
		version string
		wish    Isolation
		files   map[string]string
		want    bool // isolated
		why     string
	}{
		"found session":                    {alice(FromSession), "0.12.246", "", nil, true, "kept apart"},
		"found session, newer":             {alice(FromSession), "0.12.270", "", nil, true, "kept apart"},
		"environment, nothing else":        {alice(FromEnv), "0.12.246", "", nil, false, "nothing in the home folder"},
		"environment, old, other wallet":   {alice(FromEnv), "0.12.246", "", other, true, "wallet.key"},
		"environment, old, same wallet":    {alice(FromEnv), "0.12.246", "", same, false, "nothing in the home folder"},
		"environment, old, broken wallet":  {alice(FromEnv), "0.12.246", "", map[string]string{legacyKeyFile: "x"}, true, "wallet.key"},
		"environment, old, API key file":   {alice(FromEnv), "0.12.246", "", apiKey, false, "nothing in the home folder"},
		"environment, newer, API key file": {alice(FromEnv), "0.12.268", "", apiKey, true, ".api-key"},
		"environment, unknown, API key":    {alice(FromEnv), "", "", apiKey, true, ".api-key"},
		"environment, unknown, other":      {alice(FromEnv), "", "", other, true, "wallet.key"},
		"key file, old, other wallet":      {alice(FromKeyFile), "0.12.246", "", other, true, "WALLET_KEY_FILE"},
		"API key, newer":                   {mustKey(t, brkKey, FromAPIKeyEnv, ""), "0.12.268", "", other, false, "BLOCKRUN_API_KEY"},
		"ClawRouter's own":                 {alice(FromClawRouter), "", "", same, false, "finds its key"},
		"none":                             {Wallet{}, "", "", nil, false, "makes a wallet"},
		"on":                               {alice(FromEnv), "", IsolateOn, nil, true, "ISOLATE_HOME"},
		"on without a key":                 {Wallet{}, "", IsolateOn, nil, true, "ISOLATE_HOME"},
		"on, Solana":                       {mustKey(t, solanaKey, FromClawRouter, ""), "", IsolateOn, nil, false, "Solana"},
		"off":                              {alice(FromSession), "", IsolateOff, other, false, "ISOLATE_HOME"},
	} {
		dir := home(t, c.files)
		own := filepath.Join(t.TempDir(), "proxy-home")
		got := chooseHome(c.w, c.version, c.wish, dir, own)
		path := dir
		if c.want {
			path = own
		}
		if got.Isolated != c.want || got.Path != path || !strings.Contains(got.Why, c.why) {
			t.Errorf("%s: %+v, want isolated %v because of %q", name, got, c.want, c.why)
		}
	}
}

// An earlier start with ISOLATE_HOME and no key made a wallet in the isolated
// home; it must not win over the key that is there now.
func TestIsolatedHomeIsCleanOfOtherWallets(t *testing.T) {
	own := home(t, map[string]string{legacyKeyFile: bobKey})
	w := mustKey(t, aliceKey, FromSession, "")
	got := chooseHome(w, "0.12.246", "", t.TempDir(), own)
	if want := filepath.Join(own, "by-wallet", aliceAddress); got.Path != want {
		t.Errorf("home %s, want %s", got.Path, want)
	}
	if got := chooseHome(Wallet{}, "", IsolateOn, t.TempDir(), own); got.Path != own {
		t.Errorf("without a key the wallet made earlier should stay in use, got %s", got.Path)
	}
}

func TestChildEnv(t *testing.T) {
	real := home(t, map[string]string{".nvm/nvm.sh": "", ".npm/x": ""})
	secrets := []string{
		"OPENAI_API_KEY=s3cret-1", "AWS_SECRET_ACCESS_KEY=s3cret-2", "UPSTREAM_API_KEY=s3cret-3", "GITHUB_TOKEN=s3cret-4",
		"BASE_CHAIN_WALLET_KEY=s3cret-5", "WALLET_KEY_FILE=/s3cret-6", "BLOCKRUN_WALLET_KEY=s3cret-7", "BLOCKRUN_API_KEY=s3cret-8",
		"CODEX_API_KEY=s3cret-9", "SSH_AUTH_SOCK=/s3cret-10",
	}
	w := mustKey(t, aliceKey, FromSession, "")
	got := childEnv(childSpec{
		Env: append(slices.Clone(secrets), "PATH=/usr/bin:/bin", "HOME="+real, "LANG=C.UTF-8", "LC_ALL=C", "HTTPS_PROXY=http://p:1",
			"NPM_CONFIG_CACHE=/cache", "CLAWROUTER_PAYMENT_CHAIN=base", "MY_OWN=1", "SYSTEMROOT=c"),
		Pass: []string{"MY_OWN"}, Wallet: w, RealHome: real, Home: Home{Path: "/isolated", Isolated: true},
		BinDirs: []string{"/opt/node/bin", "/usr/bin"}, Port: 8404, Mark: "m1",
	})
	want := []string{
		"BLOCKRUN_PROXY_PORT=8404", "BLOCKRUN_WALLET_KEY=" + aliceKey, "CLAWROUTER_CODEX_RUN=m1", "CLAWROUTER_PAYMENT_CHAIN=base",
		"HOME=/isolated", "HTTPS_PROXY=http://p:1", "LANG=C.UTF-8", "LC_ALL=C", "MY_OWN=1", "NPM_CONFIG_CACHE=/cache",
		"NVM_DIR=" + filepath.Join(real, ".nvm"), "PATH=/opt/node/bin:/usr/bin:/bin", "SYSTEMROOT=c",
		"npm_config_audit=false", "npm_config_fetch_retry_maxtimeout=5000", "npm_config_fetch_retry_mintimeout=1000", "npm_config_fund=false",
		"npm_config_loglevel=http", "npm_config_update_notifier=false", "npm_config_userconfig=" + filepath.Join(real, ".npmrc"),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("environment (-want +got):\n%s", diff)
	}
}

// WALLET_KEY_FILE's path is not secret, but a child that read it could not be
// compared with the wallet that we know.
func TestChildEnvHoldsTheKeyOnce(t *testing.T) {
	for name, c := range map[string]struct {
		w        Wallet
		isolated bool
		want     string
	}{
		"environment":               {mustKey(t, aliceKey, FromEnv, ""), false, "BLOCKRUN_WALLET_KEY=" + aliceKey},
		"session":                   {mustKey(t, aliceKey, FromSession, ""), true, "BLOCKRUN_WALLET_KEY=" + aliceKey},
		"API key":                   {mustKey(t, brkKey, FromAPIKeyEnv, ""), false, "BLOCKRUN_API_KEY=" + brkKey},
		"API key as wallet key":     {mustKey(t, brkKey, FromEnv, ""), false, "BLOCKRUN_API_KEY=" + brkKey},
		"ClawRouter's own":          {mustKey(t, aliceKey, FromClawRouter, ""), false, ""},
		"ClawRouter's own, set off": {mustKey(t, aliceKey, FromClawRouter, ""), true, "BLOCKRUN_WALLET_KEY=" + aliceKey},
		"Solana":                    {mustKey(t, solanaKey, FromClawRouter, ""), false, ""},
		"none":                      {Wallet{}, false, ""},
	} {
		env := childEnv(childSpec{Env: []string{"BLOCKRUN_WALLET_KEY=old", "BLOCKRUN_API_KEY=old"}, Wallet: c.w, Home: Home{Path: "/h", Isolated: c.isolated}, Port: 1})
		var got []string
		for _, kv := range env {
			if strings.HasPrefix(kv, "BLOCKRUN_WALLET_KEY=") || strings.HasPrefix(kv, "BLOCKRUN_API_KEY=") || c.w.key != nil && strings.Contains(kv, c.w.secret()) {
				got = append(got, kv)
			}
		}
		want := []string{c.want}
		if c.want == "" {
			want = nil
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestChildEnvOnWindows(t *testing.T) {
	env := envMap(childEnv(childSpec{
		Env:  []string{`Path=C:\Windows`, `UserProfile=C:\Users\a`, `SystemRoot=C:\Windows`, `OpenAI_API_Key=s3cret`},
		Home: Home{Path: `C:\own`, Isolated: true}, RealHome: `C:\Users\a`, BinDirs: []string{`C:\node`}, Port: 1, Windows: true,
	}))
	if env["PATH"] != `C:\node;C:\Windows` || env["USERPROFILE"] != `C:\own` || env["SystemRoot"] == "" {
		t.Errorf("environment %v", env)
	}
	for name := range env {
		if name == "Path" || name == "UserProfile" || strings.EqualFold(name, "openai_api_key") || name == "npm_config_cache" {
			t.Errorf("%s should not be there", name)
		}
	}
}
