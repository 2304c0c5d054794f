package settings

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// home and srv are absolute paths of this system.
var (
	home, _ = filepath.Abs("/home/ann")
	srv, _  = filepath.Abs("/srv/claw")

	settingsFile = filepath.Join(home, ".clawrouter-codex", "settings.toml")
)

// machine is a Linux user whose settings.toml holds file; "" is no file.
func machine(file string, env map[string]string) Machine {
	return Machine{
		LookupEnv: func(name string) (string, bool) { v, ok := env[name]; return v, ok },
		ReadFile: func(path string) ([]byte, error) {
			if file == "" || path != settingsFile {
				return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
			}
			return []byte(file), nil
		},
		Home: home,
		Dir:  filepath.Join(home, "work"),
		GOOS: "linux",
	}
}

func TestDefaults(t *testing.T) {
	s, err := Load(machine("", nil), nil)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, v := range s.Show() {
		got = append(got, fmt.Sprintf("%s|%s=%s (%s)", v.Key, v.Env, v.Value, v.Origin))
	}
	want := []string{
		"port|PORT=8403 (default)",
		"proxy_port|PROXY_PORT=8404 (default)",
		"proxy_url|CLAWROUTER_PROXY_URL= (default)",
		"clawrouter_cmd|CLAWROUTER_CMD=npx -y @blockrun/clawrouter@latest (default)",
		"wallet_key_file|WALLET_KEY_FILE= (default)",
		"isolate_home|ISOLATE_HOME=auto (default)",
		"web_search|WEB_SEARCH=false (default)",
		"model|= (default)",
		"notifications|=true (default)",
		"menu_bar_text|=off (default)",
		"upstream_stream|UPSTREAM_STREAM=auto (default)",
		"unshielded|CLAWROUTER_UNSHIELDED= (default)",
		"codex_home|CODEX_HOME=" + filepath.Join(home, ".codex") + " (default)",
		"model_list|BLOCKRUN_MODEL_CATALOG_URL=https://blockrun.ai/api/v1/models (default)",
		"node|= (default)",
		"npx|= (default)",
		"codex|= (default)",
		"update_check|=off (default)",
		"|BLOCKRUN_WALLET_KEY= (default)",
		"|UPSTREAM_API_KEY= (default)",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestPrecedence(t *testing.T) {
	file := "port = 9001\nproxy_port = 9002\nweb_search = true\n"
	env := map[string]string{"PORT": "9101", "PROXY_PORT": ""}
	tests := []struct {
		name string
		over Overrides
		want Value[int]
		got  func(*Settings) Value[int]
	}{
		{"environment over settings", nil, Value[int]{9101, Environment}, func(s *Settings) Value[int] { return s.Port }},
		{"an empty variable is not set", nil, Value[int]{9002, File}, func(s *Settings) Value[int] { return s.ProxyPort }},
		{"flag over environment", Overrides{"port": "9201"}, Value[int]{9201, Flag}, func(s *Settings) Value[int] { return s.Port }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, err := Load(machine(file, env), tt.over)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, tt.got(s)); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(Value[bool]{true, File}, s.WebSearch); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestEveryVariableIsRead(t *testing.T) {
	env := map[string]string{
		"PORT": "1", "PROXY_PORT": "2", "CLAWROUTER_PROXY_URL": "https://gateway.example/v1/",
		"CLAWROUTER_CMD": "clawrouter --verbose", "WALLET_KEY_FILE": "keys/wallet", "ISOLATE_HOME": "1",
		"WEB_SEARCH": "on", "CODEX_HOME": "~/codex", "BLOCKRUN_WALLET_KEY": "0xabc", "UPSTREAM_API_KEY": "sk-1",
		"BLOCKRUN_MODEL_CATALOG_URL": "Off", "UPSTREAM_STREAM": "Never", "CLAWROUTER_UNSHIELDED": "Fold, cache",
	}
	s, err := Load(machine("", env), nil)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, v := range s.Show() {
		if v.Origin == Environment {
			got[v.Env] = v.Value
		}
	}
	want := map[string]string{
		"PORT": "1", "PROXY_PORT": "2", "CLAWROUTER_PROXY_URL": "https://gateway.example/v1",
		"CLAWROUTER_CMD": "clawrouter --verbose", "WALLET_KEY_FILE": filepath.Join(home, "work", "keys", "wallet"), "ISOLATE_HOME": "on",
		"WEB_SEARCH": "true", "CODEX_HOME": filepath.Join(home, "codex"), "BLOCKRUN_MODEL_CATALOG_URL": "off",
		"UPSTREAM_STREAM": "never", "CLAWROUTER_UNSHIELDED": "fold,cache",
		"BLOCKRUN_WALLET_KEY": "(set, not shown)", "UPSTREAM_API_KEY": "(set, not shown)",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if s.WalletKey.V.Reveal() != "0xabc" || s.UpstreamAPIKey.V.Reveal() != "sk-1" {
		t.Error("a secret did not arrive")
	}
}

func TestFolder(t *testing.T) {
	tests := []struct {
		name, dir, want string
	}{
		{"in the home folder", "", filepath.Dir(settingsFile)},
		{"moved", srv, srv},
		{"relative to where the program was started", "claw", filepath.Join(home, "work", "claw")},
		{"under the home folder", "~/claw", filepath.Join(home, "claw")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, err := Load(machine("", map[string]string{HomeVariable: tt.dir}), nil)
			if err != nil {
				t.Fatal(err)
			}
			if s.Paths.Root != tt.want {
				t.Errorf("folder %s, want %s", s.Paths.Root, tt.want)
			}
		})
	}
}

func TestInvalid(t *testing.T) {
	tests := []struct {
		name, file string
		env        map[string]string
		over       Overrides
		what, mend string
	}{
		{
			name: "a port that is a word",
			env:  map[string]string{"PORT": "http"},
			what: `PORT="http": not a port between 1 and 65535`,
			mend: "correct the variable, or leave it out: unset PORT",
		},
		{
			name: "a port too large, in the file",
			file: "port = 70000\n",
			what: "port in " + settingsFile + ` is "70000": not a port between 1 and 65535`,
			mend: "correct that line, or delete it",
		},
		{
			name: "a table where a number belongs",
			file: "[port]\nx = 1\n",
			what: "port in " + settingsFile + ` is "map[x:1]": not a text, a number or true/false`,
			mend: "correct that line, or delete it",
		},
		{
			name: "a flag",
			over: Overrides{"proxy_url": "localhost:1"},
			what: `--proxy-url "localhost:1": not an http:// or https:// address`,
			mend: "give --proxy-url another value, or leave it out",
		},
		{
			name: "a key inside an address",
			env:  map[string]string{"CLAWROUTER_PROXY_URL": "https://u:p@gateway.example"},
			what: `CLAWROUTER_PROXY_URL="https://…@gateway.example": holds a user name or password; put the key into UPSTREAM_API_KEY instead`,
			mend: "correct the variable, or leave it out: unset CLAWROUTER_PROXY_URL",
		},
		{
			name: "a shield that there is not",
			env:  map[string]string{"CLAWROUTER_UNSHIELDED": "fold,tea"},
			what: `CLAWROUTER_UNSHIELDED="fold,tea": "tea" is no shield; there are parts, fold, commands, notice, repeats, session, cache`,
			mend: "correct the variable, or leave it out: unset CLAWROUTER_UNSHIELDED",
		},
		{
			name: "a form that there is not",
			env:  map[string]string{"UPSTREAM_STREAM": "sometimes"},
			what: `UPSTREAM_STREAM="sometimes": neither auto, always nor never`,
			mend: "correct the variable, or leave it out: unset UPSTREAM_STREAM",
		},
		{
			name: "two at once are both told",
			env:  map[string]string{"PORT": "0", "WEB_SEARCH": "maybe"},
			what: "PORT=\"0\": not a port between 1 and 65535\nWEB_SEARCH=\"maybe\": neither on nor off (1, 0, true, false, on, off)",
			mend: "correct the variable, or leave it out: unset PORT\ncorrect the variable, or leave it out: unset WEB_SEARCH",
		},
		{
			name: "one port for both",
			env:  map[string]string{"PORT": "8404"},
			what: "the bridge and ClawRouter are both told to use port 8404",
			mend: "give one of them another port: clawrouter-codex up --proxy-port 8405",
		},
		{
			name: "broken TOML, with its place",
			file: "port = 1\nweb_search = = 2\n",
			what: settingsFile + ", line 2, column 14: not TOML: ",
			mend: "correct that line, or move the file away to start from the defaults",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Load(machine(tt.file, tt.env), tt.over)
			var bad *InvalidError
			if !errors.As(err, &bad) {
				t.Fatalf("got %v, want an InvalidError", err)
			}
			if !strings.HasPrefix(bad.Error(), tt.what) {
				t.Errorf("says\n%s\nwant\n%s", bad.Error(), tt.what)
			}
			if diff := cmp.Diff(tt.mend, bad.Mend()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestUnknownKeysAreToldNotFatal(t *testing.T) {
	s, err := Load(machine("zebra = 1\ncap = 2\nport = 9001\n", nil), nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"cap", "zebra"}, s.Unknown); diff != "" {
		t.Error(diff)
	}
}

func TestUnreadableSettingsAreNotTakenForNone(t *testing.T) {
	m := machine("", nil)
	m.ReadFile = func(path string) ([]byte, error) {
		return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrPermission}
	}
	if _, err := Load(m, nil); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("got %v, want permission denied", err)
	}
}

func TestSecretIsNeverPrinted(t *testing.T) {
	s, err := Load(machine("", map[string]string{"BLOCKRUN_WALLET_KEY": "0xDEADBEEF"}), nil)
	if err != nil {
		t.Fatal(err)
	}
	asJSON, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	for name, out := range map[string]string{
		"%v": fmt.Sprintf("%v", *s), "%+v": fmt.Sprintf("%+v", *s), "%#v": fmt.Sprintf("%#v", *s),
		"%s": fmt.Sprintf("%s", s.WalletKey), "JSON": string(asJSON),
	} {
		if strings.Contains(out, "DEADBEEF") {
			t.Errorf("%s prints the key: %s", name, out)
		}
	}
}

func TestReleaseFeed(t *testing.T) {
	tests := []struct{ file, want string }{
		{"", ""},
		{`update_check = "off"`, ""},
		{`update_check = false`, ""},
		{`update_check = "on"`, "https://project.example/latest"},
		{`update_check = true`, "https://project.example/latest"},
		{`update_check = "https://mirror.example/latest"`, "https://mirror.example/latest"},
	}
	for _, tt := range tests {
		s, err := Load(machine(tt.file, nil), nil)
		if err != nil {
			t.Fatalf("%s: %v", tt.file, err)
		}
		if got := s.ReleaseFeed("https://project.example/latest"); got != tt.want {
			t.Errorf("%s: feed %q, want %q", tt.file, got, tt.want)
		}
	}
	if _, err := Load(machine(`update_check = "perhaps"`, nil), nil); err == nil {
		t.Error(`update_check = "perhaps" was accepted`)
	}
}
