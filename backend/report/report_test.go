package report

import (
	"archive/zip"
	"bytes"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/BlockRunAI/clawrouter-codex/backend/doctor"
	"github.com/BlockRunAI/clawrouter-codex/backend/settings"
)

// What a report must not hold. None of them is anybody's.
const (
	walletKey = "0x00000000000000000000000000000000000000000000000000000000000000a1"
	bridgeKey = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
	address   = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
	solana    = "7EqQdEULxWcraVx3mXKFjc84LhCkMGZCkRuDpvcMwJeK"
	upstream  = "own-upstream-token"
	bearer    = "Bearer eyJhbGciOiJub25lIn0.e30."
	routerKey = "brk_0123456789abcdef"
)

func options(t *testing.T) Options {
	t.Helper()
	home := filepath.Join(t.TempDir(), "annmarie")
	env := map[string]string{"BLOCKRUN_WALLET_KEY": walletKey, "UPSTREAM_API_KEY": upstream}
	s, err := settings.Load(settings.Machine{
		LookupEnv: func(name string) (string, bool) { v, ok := env[name]; return v, ok },
		ReadFile:  os.ReadFile, Home: home, Dir: home, GOOS: runtime.GOOS,
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(s.Paths.Log(), 0o700); err != nil {
		t.Fatal(err)
	}
	everything := strings.Join([]string{walletKey, bridgeKey, address, solana, upstream, bearer, routerKey, home, "user annmarie"}, " | ")
	for _, path := range []string{s.Paths.ProgramLog(), s.Paths.ProxyLog()} {
		if err := os.WriteFile(path, []byte("a line that helps: "+everything+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return Options{
		Version: "1.2.3", Settings: s, Home: home, User: "annmarie", Secrets: []string{walletKey, upstream, bridgeKey},
		Doctor: doctor.Report{Checks: []doctor.Line{{ID: "wallet", Status: doctor.OK, Text: everything}}},
		Now:    time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC),
	}
}

func unzip(t *testing.T, bundle []byte) (names []string, text string) {
	t.Helper()
	r, err := zip.NewReader(bytes.NewReader(bundle), int64(len(bundle)))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range r.File {
		names = append(names, f.Name)
		content, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(content)
		if err != nil {
			t.Fatal(err)
		}
		text += "== " + f.Name + "\n" + string(data)
	}
	return names, text
}

func TestTheReportHelpsAndHoldsNoSecret(t *testing.T) {
	o := options(t)
	var bundle bytes.Buffer
	if err := Write(&bundle, o); err != nil {
		t.Fatal(err)
	}
	names, text := unzip(t, bundle.Bytes())
	if diff := cmp.Diff(Files, names); diff != "" {
		t.Error(diff)
	}
	for _, secret := range []string{strings.TrimPrefix(walletKey, "0x"), bridgeKey, address, address[2:], solana, upstream, "eyJhbGciOiJub25lIn0", "0123456789abcdef", o.Home, "annmarie"} {
		if strings.Contains(strings.ToLower(text), strings.ToLower(secret)) {
			t.Errorf("it holds %s:\n%s", secret, text)
		}
	}
	for _, want := range []string{"clawrouter-codex 1.2.3", "a line that helps", `"id": "wallet"`, "0xf3…66", "7EqQ…eK", "user [user]", "~", "BLOCKRUN_WALLET_KEY = "} {
		if !strings.Contains(text, want) {
			t.Errorf("it lacks %q:\n%s", want, text)
		}
	}
}

// What a system calls its user, and how JSON spells a token, make no difference.
func TestTheReportKnowsOtherSpellings(t *testing.T) {
	o := options(t)
	token := `own<"token">&more`
	o.User, o.Secrets = `DESKTOP-1\annmarie`, append(o.Secrets, token)
	o.Doctor.Checks = []doctor.Line{{ID: "upstream", Text: "refused " + token + ` of C:\Users\AnnMarie`}}
	var bundle bytes.Buffer
	if err := Write(&bundle, o); err != nil {
		t.Fatal(err)
	}
	_, text := unzip(t, bundle.Bytes())
	for _, secret := range []string{"annmarie", "token", "&more", "u0026more"} {
		if strings.Contains(strings.ToLower(text), secret) {
			t.Errorf("it holds %s:\n%s", secret, text)
		}
	}
}

func TestTheReportIsForItsUserAndReplacesNothing(t *testing.T) {
	o := options(t)
	path := filepath.Join(t.TempDir(), "report.zip")
	if err := Create(path, o); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}
	if err := Create(path, o); !os.IsExist(unwrapped(err)) {
		t.Errorf("a second one: %v", err)
	}
}

func unwrapped(err error) error {
	for {
		inner, ok := err.(interface{ Unwrap() error })
		if _, isPath := err.(*fs.PathError); isPath || !ok {
			return err
		}
		err = inner.Unwrap()
	}
}

// Settings that cannot be read are the reason for a report, not against it.
func TestAReportWithoutSettings(t *testing.T) {
	var bundle bytes.Buffer
	if err := Write(&bundle, Options{Version: "1.2.3", Now: time.Unix(0, 0)}); err != nil {
		t.Fatal(err)
	}
	if names, _ := unzip(t, bundle.Bytes()); len(names) != len(Files) {
		t.Errorf("files %v", names)
	}
}
