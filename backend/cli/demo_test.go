package cli

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/BlockRunAI/clawrouter-codex/backend/settings"
)

func TestADemoFindsNothingOfTheUsers(t *testing.T) {
	env := map[string]string{
		"PORT": "9001", "CLAWROUTER_PROXY_URL": "https://gateway.example", "BLOCKRUN_WALLET_KEY": "0xabc",
		"UPSTREAM_API_KEY": "sk-1", "CODEX_HOME": "/mine", "CLAWROUTER_CODEX_HOME": "/mine", "WALLET_KEY_FILE": "/mine/key",
		"BLOCKRUN_MODEL_CATALOG_URL": "https://prices.example",
	}
	a := &app{flags: settings.Overrides{"proxy_port": "9002"}, env: Env{Machine: settings.Machine{
		LookupEnv: func(name string) (string, bool) { v, ok := env[name]; return v, ok },
		ReadFile:  os.ReadFile, Home: "/home/ann", Dir: "/", GOOS: "linux",
	}}}
	s, err := a.demoSettings()
	if err != nil {
		t.Fatal(err)
	}
	var chosen []string
	for _, v := range s.Show() {
		if v.Origin != settings.Default {
			chosen = append(chosen, v.Key+v.Env+"="+v.Value)
		}
	}
	want := []string{
		"proxy_portPROXY_PORT=9002", // a flag was meant for the demo
		"codex_homeCODEX_HOME=/home/ann/.cache/clawrouter-codex-demo/codex",
		"model_listBLOCKRUN_MODEL_CATALOG_URL=off",
	}
	if diff := cmp.Diff(want, chosen); diff != "" {
		t.Error(diff)
	}
	if s.Paths.Root != "/home/ann/.cache/clawrouter-codex-demo/state" {
		t.Errorf("state folder %s", s.Paths.Root)
	}
}

func TestDemoFolder(t *testing.T) {
	tests := []struct {
		goos string
		env  map[string]string
		want string
	}{
		{"linux", nil, "/home/ann/.cache/clawrouter-codex-demo"},
		{"linux", map[string]string{"XDG_CACHE_HOME": "/cache"}, "/cache/clawrouter-codex-demo"},
		{"linux", map[string]string{"XDG_CACHE_HOME": "relative"}, "/home/ann/.cache/clawrouter-codex-demo"},
		{"darwin", map[string]string{"XDG_CACHE_HOME": "/cache"}, "/home/ann/Library/Caches/clawrouter-codex-demo"},
		{"windows", map[string]string{"LocalAppData": "/AppData/Local"}, "/AppData/Local/clawrouter-codex-demo"},
	}
	for _, tt := range tests {
		t.Run(tt.goos, func(t *testing.T) {
			got := demoFolder(settings.Machine{Home: "/home/ann", GOOS: tt.goos, LookupEnv: func(name string) (string, bool) {
				v, ok := tt.env[name]
				return v, ok
			}})
			if got = strings.ReplaceAll(got, `\`, "/"); got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
		})
	}
}
