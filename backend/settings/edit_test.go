package settings

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// stored loads the settings of a folder on disk that holds file.
func stored(t *testing.T, file string) *Settings {
	t.Helper()
	m := Machine{
		LookupEnv: func(string) (string, bool) { return "", false },
		ReadFile:  os.ReadFile, Home: t.TempDir(), GOOS: "linux",
	}
	m.Dir = m.Home
	s, err := Load(m, nil)
	if err != nil {
		t.Fatal(err)
	}
	if file == "" {
		return s
	}
	if err := s.Paths.Create(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.Paths.SettingsFile(), []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestStoreKeepsWhatTheUserWrote(t *testing.T) {
	tests := []struct {
		name, before string
		changes      []Change
		after        string
	}{
		{"a first file", "", []Change{{"web_search", true}, {"model", "zai/glm-5.2"}, {"port", 9001}},
			"web_search = true\nmodel = \"zai/glm-5.2\"\nport = 9001\n"},
		{"a key in its place", "# mine\nport = 9000 # the bridge\n\nproxy_port = 9001\n", []Change{{"port", 9005}},
			"# mine\nport = 9005 # the bridge\n\nproxy_port = 9001\n"},
		{"what this version does not know", "sparkle = 1\r\n", []Change{{"web_search", false}}, "sparkle = 1\r\nweb_search = false\r\n"},
		{"the same value", "port=9000", []Change{{"port", 9000}}, "port=9000"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := stored(t, tt.before)
			if err := s.Store(tt.changes...); err != nil {
				t.Fatal(err)
			}
			got, err := os.ReadFile(s.Paths.SettingsFile())
			if diff := cmp.Diff(tt.after, string(got)); err != nil || diff != "" {
				t.Errorf("%v %s", err, diff)
			}
		})
	}
}

func TestStoreRefuses(t *testing.T) {
	tests := []struct {
		name, before string
		change       Change
		want         string
	}{
		{"what Load would refuse", "port = 9000\n", Change{"port", 99999}, "not a port"},
		{"a file that is no TOML", "port = = 1\n", Change{"port", 9000}, "line 1, column 8: not TOML"},
		{"a key that nobody knows", "", Change{"sparkle", 1}, "no setting that can be stored"},
		{"a secret", "", Change{"BLOCKRUN_WALLET_KEY", "0x1"}, "no setting that can be stored"},
		{"a setting without a key", "", Change{"", "0x1"}, "no setting that can be stored"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := stored(t, tt.before)
			err := s.Store(tt.change)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q in it", err, tt.want)
			}
			got, err := os.ReadFile(s.Paths.SettingsFile())
			if err != nil && !errors.Is(err, os.ErrNotExist) || string(got) != tt.before {
				t.Errorf("the file became %q (%v)", got, err)
			}
		})
	}
}
