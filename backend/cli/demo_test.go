package cli

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/BlockRunAI/clawrouter-codex/backend/settings"
)

// absolute is a path of this system.
func absolute(t *testing.T, path string) string {
	t.Helper()
	path, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func TestADemoFindsNothingOfTheUsers(t *testing.T) {
	home := absolute(t, "/home/ann")
	demo := filepath.Join(home, ".cache", "clawrouter-codex-demo")
	env := map[string]string{
		"PORT": "9001", "CLAWROUTER_PROXY_URL": "https://gateway.example", "BLOCKRUN_WALLET_KEY": "0xabc",
		"UPSTREAM_API_KEY": "sk-1", "CODEX_HOME": "/mine", "CLAWROUTER_CODEX_HOME": "/mine", "WALLET_KEY_FILE": "/mine/key",
		"BLOCKRUN_MODEL_CATALOG_URL": "https://prices.example",
	}
	a := &app{flags: settings.Overrides{"proxy_port": "9002"}, env: Env{Machine: settings.Machine{
		LookupEnv: func(name string) (string, bool) { v, ok := env[name]; return v, ok },
		ReadFile:  os.ReadFile, Home: home, Dir: home, GOOS: "linux",
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
		"codex_homeCODEX_HOME=" + filepath.Join(demo, "codex"),
		"model_listBLOCKRUN_MODEL_CATALOG_URL=off",
	}
	if diff := cmp.Diff(want, chosen); diff != "" {
		t.Error(diff)
	}
	if s.Paths.Root != filepath.Join(demo, "state") {
		t.Errorf("state folder %s", s.Paths.Root)
	}
}

func TestDemoFolder(t *testing.T) {
	home, cache := absolute(t, "/home/ann"), absolute(t, "/cache")
	tests := []struct {
		goos string
		env  map[string]string
		want string
	}{
		{"linux", nil, filepath.Join(home, ".cache")},
		{"linux", map[string]string{"XDG_CACHE_HOME": cache}, cache},
		{"linux", map[string]string{"XDG_CACHE_HOME": "relative"}, filepath.Join(home, ".cache")},
		{"darwin", map[string]string{"XDG_CACHE_HOME": cache}, filepath.Join(home, "Library", "Caches")},
		{"windows", map[string]string{"LocalAppData": cache}, cache},
	}
	for _, tt := range tests {
		t.Run(tt.goos, func(t *testing.T) {
			got := demoFolder(settings.Machine{Home: home, GOOS: tt.goos, LookupEnv: func(name string) (string, bool) {
				v, ok := tt.env[name]
				return v, ok
			}})
			if want := filepath.Join(tt.want, "clawrouter-codex-demo"); got != want {
				t.Errorf("%s, want %s", got, want)
			}
		})
	}
}
